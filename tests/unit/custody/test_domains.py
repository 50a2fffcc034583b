"""What may be declared, and what is made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.pseudonyms import Kind, binding, cmac, ff1_decrypt, mint, pseudonym_metadata, siv_decrypt, tweak
from anonymization.pseudonyms.padding import unpad
from custody.administration import declaration, read_domains
from custody.database.tables import metadata
from custody.domains import Declaration, OpenDomain
from custody.errors import RefusedError, SettingsError
from custody.replacement import _WRAPPED
from custody.transforming import Transformer

NUMBERS = pa.array(["12345678", None, "00000001", "12345678"])


@pytest.mark.parametrize(
    "wrong",
    [
        Declaration(""),
        Declaration("Water"),
        Declaration("a" * 64),
        Declaration("w", recipient=" "),
        Declaration("w", purpose=""),
        Declaration("w", expected_inputs=0),
        Declaration("w", epoch_days=0),
        Declaration("w", padded_length=32),
        Declaration("w", Kind.REVERSIBLE),
        Declaration("w", Kind.REVERSIBLE, padded_length=0),
        Declaration("w", Kind.REVERSIBLE, padded_length=4_000),
        Declaration("w", alphabet="01"),
        Declaration("w", Kind.FORMAT_PRESERVING),
        Declaration("w", Kind.FORMAT_PRESERVING, alphabet="0"),
        Declaration("w", Kind.FORMAT_PRESERVING, alphabet="010"),
    ],
)
def test_a_declaration_that_is_not_whole_is_refused(wrong: Declaration) -> None:
    with pytest.raises(RefusedError, match="bad_request"):
        wrong.check()


def test_declarations_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "domains.toml"
    file.write_text('[water]\nrecipient = "r"\n[plates]\nkind = "format-preserving"\nalphabet = "01"\n')
    assert read_domains(file) == [
        Declaration("water", recipient="r"),
        Declaration("plates", Kind.FORMAT_PRESERVING, alphabet="01"),
    ]
    for text in ("water = 1", "[water]\ncolour = 1", '[water]\nkind = "magic"', "[", "\x00"):
        file.write_text(text)
        with pytest.raises(SettingsError):
            read_domains(file)
    with pytest.raises(SettingsError):
        read_domains(file.with_name("none"))
    with pytest.raises(SettingsError, match="colour"):
        declaration("water", {"colour": "blue"})


def a_domain(kind: Kind) -> OpenDomain:
    key, epoch_key = os.urandom(32 if kind is Kind.ONE_WAY else kind.key_bytes), os.urandom(32)
    counting = key if kind is Kind.ONE_WAY else os.urandom(32)
    return OpenDomain("water", kind, 3, key, epoch_key, counting, 24, "0123456789", 1)


def test_one_way_pseudonyms_are_minted_and_counted_by_what_no_epoch_changes() -> None:
    domain = a_domain(Kind.ONE_WAY)
    pseudonyms, tags = Transformer(domain)(NUMBERS)
    assert pseudonyms.equals(mint(domain.key, domain.epoch_key, NUMBERS))
    assert tags.equals(cmac(domain.key, NUMBERS))
    later = replace(domain, epoch=4, epoch_key=os.urandom(32))
    others, same = Transformer(later)(NUMBERS)
    assert same.equals(tags)
    assert not set(others.drop_null().to_pylist()) & set(pseudonyms.drop_null().to_pylist())
    assert Transformer(later).metadata == pseudonym_metadata("water", 4)


def test_reversible_pseudonyms_open_with_their_domain_column_and_epoch() -> None:
    domain = a_domain(Kind.REVERSIBLE)
    pseudonyms, tags = Transformer(domain, "meter")(NUMBERS)
    opened = unpad(siv_decrypt(domain.key, pseudonyms, binding("water", "meter", 3)))
    assert opened.cast(pa.string()).equals(NUMBERS)
    assert tags.equals(cmac(domain.counting_key, NUMBERS))
    assert Transformer(domain, "meter").metadata["ardoise.algorithm"] == Kind.REVERSIBLE.algorithm


def test_format_preserving_pseudonyms_open_with_their_tweak() -> None:
    domain = a_domain(Kind.FORMAT_PRESERVING)
    pseudonyms, _ = Transformer(domain, "meter")(NUMBERS.cast(pa.large_string()))
    assert pseudonyms.type == pa.string()
    assert ff1_decrypt(domain.key, pseudonyms, "0123456789", tweak("water", "meter", 3)).equals(NUMBERS)


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        (Kind.REVERSIBLE, ["x" * 24], "identifier_too_long"),
        (Kind.FORMAT_PRESERVING, ["12345"], "bad_identifier"),
        (Kind.FORMAT_PRESERVING, ["1234567é"], "bad_identifier"),
    ],
)
def test_what_is_no_identifier_of_the_domain_is_refused_without_a_word_of_it(
    kind: Kind, values: list[str], code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        Transformer(a_domain(kind), "meter")(pa.array(values))
    assert caught.value.code == code
    assert values[0] not in str(caught.value)
    with pytest.raises(RefusedError, match="column_missing"):
        Transformer(a_domain(kind))


def test_keys_do_not_show() -> None:
    domain = a_domain(Kind.ONE_WAY)
    for key in (domain.key, domain.epoch_key):
        assert repr(key) not in repr(domain)
        assert key.hex() not in repr(domain)


def test_every_wrapped_key_has_its_place_in_a_replacement() -> None:
    wrapping = {table.name for table in metadata.tables.values() if "wrapped" in table.c}
    assert {table.name for table, _ in _WRAPPED} == wrapping
