"""Reduces postal addresses to the INSEE code of their commune, by column.

French addresses end with a postcode and the name of a commune (AFNOR XP Z10-011, line 6), sometimes with « cedex »;
without a postcode, the name that ends the address is taken, unless it is part of a street's (« rue d'Angers »). What is
not recognised is null: a commune is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from policies.contract import Commune

_POSTCODE = r"(?:^|[^0-9])(?:f-?)?([0-9]{5})\s+([^0-9]*)(?:[0-9]{1,2})?$"
_PARTICLES = ("de", "d", "du", "des", "l", "la", "vers", "rue", "avenue", "route", "place", "boulevard")


def address_to_commune(addresses: pa.Array | pa.ChunkedArray, communes: Iterable[Commune]) -> pa.Array:
    """The INSEE code of each address's commune (string), null where the address is null or its commune not known.

    Args:
        addresses: a string column; each distinct address is read once.
        communes: the communes to recognise. A postcode of another department than theirs makes the address unknown.
    """
    known = {_plain(commune.name): commune.insee for commune in communes}
    departments = {insee[:2] for insee in known.values()}
    column = pl.Series("address", pl.from_arrow(addresses.cast(pa.large_string())))
    distinct = column.unique().to_frame()
    plain = _plain_column(pl.col("address"))
    frame = distinct.with_columns(
        plain.str.extract(_POSTCODE, 1).alias("postcode"),
        plain.str.extract(_POSTCODE, 2).str.replace(r"\s*\bcedex\b.*$", "").str.strip_chars().alias("named"),
        plain.alias("plain"),
    )
    elsewhere = pl.col("postcode").is_not_null() & ~pl.col("postcode").str.head(2).is_in(list(departments))
    by_name = pl.col("named").replace_strict(known, default=None, return_dtype=pl.String)
    by_ending = _ending(pl.col("plain"), known)
    code = pl.when(elsewhere).then(None).otherwise(pl.coalesce(by_name, by_ending))
    codes = frame.select(code).to_series()
    return column.replace_strict(frame["address"], codes, return_dtype=pl.String).to_arrow().cast(pa.string())


def _ending(plain: pl.Expr, known: dict[str, str]) -> pl.Expr:
    """The code of the commune whose name ends the address, not as part of a street's name; the longest name wins."""
    names = sorted(known, key=len, reverse=True)
    pattern = r"(?:^|([^\s]+)\s+)(" + "|".join(re.escape(name) for name in names) + r")(?:\s+cedex(?:\s+[0-9]+)?)?$"
    pattern = pattern if names else r"($.)($.)"
    of_street = plain.str.extract(pattern, 1).is_in(_PARTICLES).fill_null(False)
    found = pl.when(~of_street).then(plain.str.extract(pattern, 2))
    return found.replace_strict(known, default=None, return_dtype=pl.String)


def _plain_column(texts: pl.Expr) -> pl.Expr:
    """The column form of :func:`_plain`; commas become spaces, the country is left out."""
    decomposed = texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    words = decomposed.str.replace_all("œ", "oe").str.replace_all(r"[’'`\-‐‑–_,;.]+", " ")
    full = words.str.replace_all(r"\bste\b", "sainte").str.replace_all(r"\bst\b", "saint")
    full = full.str.replace_all(r"(\s)s/\s*", "${1}sur ").str.replace_all(r"\s+", " ").str.strip_chars()
    return full.str.replace(r"\s+france$", "")


def _plain(name: str) -> str:
    """A commune's name without accents, case, hyphens and abbreviations."""
    decomposed = unicodedata.normalize("NFKD", name).lower()
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).replace("œ", "oe")
    words = re.sub(r"[’'`\-‐‑–_,;.]+", " ", letters).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)
