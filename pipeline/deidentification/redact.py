"""Take people out of what is neither identifier nor harmless: free text, postal addresses, columns not to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from anonymization.addresses import address_to_commune
from anonymization.text.settings import Operator, RedactionSettings
from pipeline.deidentification.check import Checked
from pipeline.deidentification.pseudonymize import Outcome, Pseudonymizer
from pipeline.errors import RefusedError
from policies.contract import Column, Contract, Redaction, Technique, Territory
from policies.redacted_rules import released_texts


def redact(
    checked: Iterator[Checked],
    contract: Contract,
    territory: Territory,
    custody: Pseudonymizer,
    outcome: Outcome,
    remember: Callable[[Iterable[str]], None] = lambda found: None,
) -> Iterator[Checked]:
    """Yield the batches with only stored columns, free text redacted and addresses reduced to their commune.

    What was found in free text is counted in `outcome`, by kind; what identifies somebody is given to `remember`.
    """
    published = {name for column in released_texts(contract) for name in column.sources}
    redactors = {
        column.name: _redactor(column, column.name in published, territory, custody, outcome, remember)
        for column in contract.columns
        if column.privacy.technique is Technique.REDACT
    }
    for item in checked:
        names, arrays = [], []
        for column in contract.columns:
            if not column.stored:
                continue
            values = item.batch.column(column.name)
            if column.name in redactors:
                values = redactors[column.name](values)
            elif column.privacy.technique is Technique.COMMUNE:
                values = address_to_commune(values, territory.communes)
            names.append(column.name)
            arrays.append(values)
        yield Checked(pa.record_batch(arrays, names=names), item.positions, item.rejects)


def settings_of(redaction: Redaction | None, territory: Territory) -> RedactionSettings:
    """The settings that a contract asks for; communes and the territory's public figures are no one's names."""
    known = (*territory.known_people, *(commune.name for commune in territory.communes))
    asked = redaction or Redaction()
    return RedactionSettings(
        model=RedactionSettings().model if asked.model else None,
        kinds=asked.kinds,
        thresholds=asked.thresholds,
        operators={kind: Operator(name) for kind, name in asked.operators.items()},
        known=known,
        meters=asked.meters,
    )


def _redactor(
    column: Column,
    is_published: bool,
    territory: Territory,
    custody: Pseudonymizer,
    outcome: Outcome,
    remember: Callable[[Iterable[str]], None],
) -> Callable[[pa.Array], pa.Array]:
    """The detectors take seconds to load: only feeds with free text pay for them."""
    settings = settings_of(column.privacy.redaction, territory)
    domain, may_hold = column.privacy.domain, frozenset(column.privacy.may_hold)

    def pseudonymized(values: pa.Array) -> pa.Array:
        answers = list(custody.pseudonymize(str(domain), iter([values])))
        if len(answers) != 1:
            raise RefusedError(f"custody answered {len(answers)} batches of pseudonyms for one")
        return answers[0]

    def redacted(texts: pa.Array) -> pa.Array:
        from anonymization.text import redact as redact_texts
        from anonymization.text.leftovers import mask_leftovers

        result = redact_texts(texts, settings, pseudonymize=pseudonymized if domain is not None else None)
        for kind, count in result.counts().items():
            outcome.found[kind] = outcome.found.get(kind, 0) + count
        remember(result.likely(texts))
        return mask_leftovers(result.texts, may_hold, settings.known) if is_published else result.texts

    return redacted
