"""The redacted texts of a release that waits for a decision, for whoever has to read them before answering.

The one place of the console that shows values of a dataset. Invariants:
1. it is shown to nobody but those whom the territory's policies let approve what is about to be published;
2. only while a person is awaited, and only of the very candidate that the answer will bind: the journal tells which,
   and every byte is checked against its digest;
3. nothing of it is kept here, cached or logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from console import french
from console.accounts import Person
from console.views import TextLine, TextPiece, TextsPage
from policies.access import AccessPolicies, Principal
from policies.contract import Contract, ReleasedColumn
from policies.redacted_rules import released_texts
from storage import DatasetRef, ObjectStore, VerdictRecord, Zone, published_parts, read_manifest, read_parquet
from storage.zones import manifest_key

SHOWN = 25  # texts on a page
_TAG = re.compile(r"<[A-Z][A-Z_]+(?: [^<>\n]{1,60})?>")  # what redaction leaves: <NOM>, <NAISSANCE 1975>


@dataclass(frozen=True, slots=True)
class Proofreading:
    """What it takes to read a candidate's texts: the store of candidates, and the rules on who may."""

    candidates: ObjectStore
    access: AccessPolicies

    def allowed(self, person: Person, contract: Contract) -> bool:
        """Whether this person may approve releases of the contract, and so read what they would publish."""
        principal = Principal("Role", person.role.value)
        zone, purpose = Zone.CANDIDATE.value, contract.purpose
        return all(
            self.access.allowed(principal, action, zone, purpose=purpose, declared=purpose)
            for action in ("read", "approve")
        )

    def page(self, contract: Contract, verdict: VerdictRecord, number: int, approve: str) -> TextsPage | None:
        """One page of texts, each text once, in the order of the candidate; None past the last page.

        Args:
            verdict: on the candidate; it was judged under this very contract.
            number: of the page, from 1.
            approve: where the answer is given.

        Raises:
            StorageError: the candidate is gone, altered or out of reach.
        """
        found = list(self._texts(contract, verdict))
        pages = max(1, -(-len(found) // SHOWN))
        if number > pages:
            return None
        first = (number - 1) * SHOWN
        here = f"/jeux-de-donnees/{quote(str(contract.id))}"
        return TextsPage(
            dataset=contract.title,
            dataset_address=here,
            period=french.period(verdict.period),
            summary=_summary(len(found)),
            columns=tuple(column.name for column in released_texts(contract)),
            lines=tuple(_line(column, text, rows) for column, text, rows in found[first : first + SHOWN]),
            heading=_heading(first, len(found)),
            place=f"Page {french.number(number)} sur {french.number(pages)}",
            previous=f"?page={number - 1}" if number > 1 else None,
            following=f"?page={number + 1}" if number < pages else None,
            approve=approve,
            candidate=verdict.candidate_digest[:12],
        )

    def _texts(self, contract: Contract, verdict: VerdictRecord) -> Iterator[tuple[ReleasedColumn, str, int]]:
        """Each distinct text of each column, and in how many rows it stands."""
        columns = released_texts(contract)
        names = [column.name for column in columns]
        manifest = read_manifest(self.candidates, _ref(contract, verdict))
        batches = (
            batch for part in published_parts(manifest) for batch in read_parquet(self.candidates, part, columns=names)
        )
        schema = pa.schema([(name, pa.string()) for name in names])
        table = pa.Table.from_batches((batch.select(names).cast(schema) for batch in batches), schema)
        for column in columns:
            for counted in pc.value_counts(table[column.name]):
                text = counted["values"].as_py()
                if text:
                    yield column, text, counted["counts"].as_py()


def texts_address(contract: Contract, candidate_digest: str) -> str | None:
    """Where the texts of a candidate are read; None if its releases have none."""
    if not released_texts(contract):
        return None
    return f"/jeux-de-donnees/{quote(str(contract.id))}/textes/{candidate_digest}"


def _ref(contract: Contract, verdict: VerdictRecord) -> DatasetRef:
    dataset, period, digest = str(contract.id), verdict.period, verdict.candidate_digest
    key = manifest_key(Zone.CANDIDATE, dataset, contract.version.major, period, digest)
    return DatasetRef(Zone.CANDIDATE, dataset, str(contract.version), period, key, digest)


def _summary(count: int) -> str:
    if not count:
        return "Cette publication ne contient aucun texte"
    return f"{french.number(count)}{french.SPACE}{'texte différent' if count < 2 else 'textes différents'}"


def _heading(first: int, count: int) -> str:
    if count <= SHOWN:
        return "Tous les textes"
    last = min(first + SHOWN, count)
    return f"Textes {french.number(first + 1)} à {french.number(last)} sur {french.number(count)}"


def _line(column: ReleasedColumn, text: str, rows: int) -> TextLine:
    return TextLine(
        column=column.name,
        rows="" if rows < 2 else f"{french.number(rows)}{french.SPACE}lignes",
        pieces=tuple(_pieces(text)),
    )


def _pieces(text: str) -> Iterator[TextPiece]:
    """The text, cut where redaction put something in place of something else."""
    done = 0
    for tag in _TAG.finditer(text):
        if tag.start() > done:
            yield TextPiece(text[done : tag.start()], False)
        yield TextPiece(tag[0], True)
        done = tag.end()
    if done < len(text):
        yield TextPiece(text[done:], False)
