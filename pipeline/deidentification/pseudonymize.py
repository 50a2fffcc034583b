"""Replace identifiers by pseudonyms, and leave out rows that no consent covers, in one stream through custody.

Identifiers leave this process only towards custody and come back only as pseudonyms. The coverage column goes with the
active subjects of the purpose; where custody answers null the row is not covered, and is dropped here. What custody
says of its pseudonyms (domain, algorithm, epoch) is noted, to be written beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import Origin, Pseudonyms, canonicalize
from pipeline.deidentification.check import Checked
from pipeline.deidentification.distinct import Answered, Numbered, Sent
from pipeline.errors import RefusedError
from policies.contract import Column, Contract, Technique


class Pseudonymizer(Protocol):
    """What this step needs of custody's client."""

    def pseudonymize(
        self,
        domain: str,
        identifiers: Iterable[pa.Array],
        *,
        subjects: pa.Array | None = None,
        purpose: str | None = None,
    ) -> Pseudonyms:
        """Yield one array of 16-byte pseudonyms for each array of identifiers."""
        ...


@dataclass(slots=True)
class Outcome:
    """What the step has to tell of a stream; grows as it is read.

    Attributes:
        not_covered: rows left out because no consent covers them.
        found: personal data found in free text, by kind.
        origins: of each pseudonymised column; all of them are known once a row came out, or the stream ended.
    """

    not_covered: int = 0
    origins: dict[str, Origin] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)


def pseudonymize(
    checked: Iterator[Checked],
    contract: Contract,
    custody: Pseudonymizer,
    subjects: pa.Array | None,
    outcome: Outcome,
) -> Iterator[Checked]:
    """Yield the batches with every identifier column replaced; pseudonyms made at source are there already.

    Args:
        subjects: active subjects of the coverage purpose in custody's consent domain; required if the contract has one.
    """
    stream = checked
    columns = [
        column
        for column in contract.columns
        if column.privacy.technique is Technique.PSEUDONYMIZE and not column.privacy.at_source
    ]
    covered = contract.coverage.column if contract.coverage else None
    if covered is not None and subjects is None:
        raise RefusedError(f"{contract.id}: its rows need consent, and no set of consenting subjects was given")
    for column in sorted(columns, key=lambda column: column.name != covered):
        is_coverage = column.name == covered
        stream = _replace(stream, column, contract, custody, subjects if is_coverage else None, outcome)
    return stream


def _replace(
    checked: Iterator[Checked],
    column: Column,
    contract: Contract,
    custody: Pseudonymizer,
    subjects: pa.Array | None,
    outcome: Outcome,
) -> Iterator[Checked]:
    pending: deque[tuple[Checked, Numbered]] = deque()
    sent, answered = Sent(), Answered()

    def identifiers() -> Iterator[pa.Array]:
        for item in checked:
            numbered = sent.number(item.batch.column(column.name).cast(pa.string()))
            pending.append((item, numbered))
            yield canonicalize(column.privacy.canonical, numbered.fresh)

    purpose = contract.coverage.purpose if contract.coverage and subjects is not None else None
    answers = custody.pseudonymize(str(column.privacy.domain), identifiers(), subjects=subjects, purpose=purpose)
    for answer in answers:
        _note(outcome, column, answers.origin)
        item, numbered = pending.popleft()
        if len(answer) != len(numbered.fresh):
            raise RefusedError(f"custody answered {len(answer)} pseudonyms for {len(numbered.fresh)} identifiers")
        pseudonyms = answered.pseudonyms(numbered, answer)
        index = item.batch.schema.get_field_index(column.name)
        batch = item.batch.set_column(index, pa.field(column.name, pseudonyms.type), pseudonyms)
        positions = item.positions
        if subjects is not None:
            covered = pc.is_valid(pseudonyms)
            outcome.not_covered += len(covered) - (pc.sum(covered).as_py() or 0)
            batch, positions = batch.filter(covered), positions.filter(covered)
        yield Checked(batch, positions, item.rejects)
    if pending:
        raise RefusedError("custody's answer ended before all identifiers were answered")
    _note(outcome, column, answers.origin)


def _note(outcome: Outcome, column: Column, origin: Origin) -> None:
    """Keep what custody says of a column's pseudonyms, if it is about the domain that was asked for."""
    if origin.domain != str(column.privacy.domain):
        raise RefusedError(f"column {column.name} was asked for in another domain than custody answered in")
    outcome.origins[column.name] = origin
