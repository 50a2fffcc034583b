"""Generations of the trusted zone: how every period of a dataset changes at once, though each has its own pointer.

A rotation of pseudonyms writes a whole new generation of a dataset's pointers beside the current one. Which generation
is current stands in one object, the *marker*; replacing it by one conditional PUT switches all periods of all datasets
concerned. Rules, kept by readers and writers alike:

1. A reader reads the marker, then pointers of the generation it names. Joining two periods, it reads the marker once.
2. A writer reads the marker, writes to that generation's pointer, tells the journal, then reads the marker again
   (:meth:`Generations.confirm`); if the dataset was switched, or is about to be, what it did does not count: it starts
   again. Whoever switches freezes the marker first and lists pointers after that: of a writer and a switch that race,
   one sees the other.
3. A domain that ever rotated has one epoch in the marker; pseudonyms of another are not written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from storage.errors import GenerationChangedError, ManifestError, ObjectNotFoundError
from storage.manifests import canonical_json
from storage.objects import ObjectStore
from storage.zones import GENERATIONS_KEY

_FORMAT = 1
_MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Freeze:
    """A switch that is about to happen: writers of these datasets, or of this domain, wait for it."""

    domain: str
    epoch: int  # that pseudonyms will have after it
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Generations:
    """The marker as it was read."""

    datasets: Mapping[str, int] = field(default_factory=dict)  # absent: 0
    epochs: Mapping[str, int] = field(default_factory=dict)  # of domains that rotated here
    freeze: Freeze | None = None
    etag: str | None = None  # None: there is no marker yet

    def of(self, dataset: str) -> int:
        """The generation that is current for a dataset."""
        return self.datasets.get(dataset, 0)

    def check(self, dataset: str, epochs: Mapping[str, int]) -> None:
        """Refuse to write pseudonyms that this generation can not take.

        Args:
            dataset: to be written to.
            epochs: of the pseudonyms, by domain.

        Raises:
            GenerationChangedError: the dataset is being switched, or the pseudonyms are of another epoch.
        """
        if self.freeze and (dataset in self.freeze.datasets or self.freeze.domain in epochs):
            raise GenerationChangedError(
                f"{dataset}: pseudonyms of domain {self.freeze.domain} are being switched to epoch "
                f"{self.freeze.epoch}; run this again when the rotation is over"
            )
        for domain, epoch in epochs.items():
            if self.epochs.get(domain, epoch) != epoch:
                raise GenerationChangedError(
                    f"{dataset}: pseudonyms of domain {domain} were made at epoch {epoch}, trusted is at epoch "
                    f"{self.epochs[domain]}; run this again, they will be made anew"
                )

    def confirm(self, store: ObjectStore, dataset: str, epochs: Mapping[str, int]) -> None:
        """Make sure, after writing under this marker, that what was written counts.

        Raises:
            GenerationChangedError: the dataset was switched meanwhile, or is about to be.
        """
        now = read_generations(store)
        now.check(dataset, epochs)
        if now.of(dataset) != self.of(dataset):
            raise GenerationChangedError(
                f"{dataset} was switched to another generation while it was written; run again"
            )

    def frozen(self, freeze: Freeze) -> Generations:
        """This marker, with writers of ``freeze`` waiting."""
        return replace(self, freeze=freeze)

    def switched(self) -> Generations:
        """This frozen marker, after its switch."""
        if self.freeze is None:
            raise ValueError("only a frozen marker is switched")
        datasets = {**self.datasets, **{name: self.of(name) + 1 for name in self.freeze.datasets}}
        epochs = {**self.epochs, self.freeze.domain: self.freeze.epoch}
        return replace(self, datasets=datasets, epochs=epochs, freeze=None)


def read_generations(store: ObjectStore) -> Generations:
    """Read the marker; where there is none, every dataset is in its first generation.

    Raises:
        ManifestError: it does not read as one.
    """
    before = store.head(GENERATIONS_KEY)
    while before is not None:
        try:
            data = store.get(GENERATIONS_KEY)
        except ObjectNotFoundError:
            break
        after = store.head(GENERATIONS_KEY)
        if after is not None and after.etag == before.etag:  # the bytes read are those of this version
            return _parse(data, after.etag)
        before = after
    return Generations()


def write_generations(store: ObjectStore, value: Generations) -> Generations:
    """Replace the marker by ``value``, made from what was read before.

    Raises:
        PreconditionFailedError: somebody else replaced it meanwhile.
    """
    freeze = value.freeze
    data = canonical_json(
        {
            "format": _FORMAT,
            "datasets": dict(value.datasets),
            "epochs": dict(value.epochs),
            "freeze": freeze and {"domain": freeze.domain, "epoch": freeze.epoch, "datasets": sorted(freeze.datasets)},
        }
    )
    stored = store.put(GENERATIONS_KEY, data, media_type=_MEDIA_TYPE, if_absent=value.etag is None, if_match=value.etag)
    return replace(value, etag=stored.etag)


def _parse(data: bytes, etag: str) -> Generations:
    try:
        value = json.loads(data)
        if value["format"] != _FORMAT:
            raise ManifestError(f"marker {GENERATIONS_KEY} has a format this version does not know: upgrade the hub")
        freeze = value["freeze"] and Freeze(
            value["freeze"]["domain"], int(value["freeze"]["epoch"]), tuple(value["freeze"]["datasets"])
        )
        return Generations(dict(value["datasets"]), dict(value["epochs"]), freeze, etag)
    except (ValueError, KeyError, TypeError):
        raise ManifestError(f"marker {GENERATIONS_KEY} does not read as one: restore it") from None
