"""The pages' contents, as plain data: what a template is given is one of these, and tests read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.lineage_graph import Provenance
from console.picture import Picture

Tone = Literal["good", "wait", "bad", "none"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A short state: never told by colour alone."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Figure:
    """A count and its name."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class When:
    """A time, for people and machines."""

    iso: str
    text: str
    ago: str


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of a run."""

    name: str
    status: Chip
    period: str
    duration: str
    figures: tuple[Figure, ...]
    rejections: tuple[Figure, ...]  # reason, rows
    found: tuple[Figure, ...]  # kind of personal data masked in free text, occurrences
    error_code: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class VerdictPanel:
    """A verdict and the decision that followed."""

    chip: Chip
    period: str
    reasons: tuple[str, ...]
    measures: tuple[Figure, ...]
    decision: str | None
    candidate: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    address: str
    when: When
    status: Chip
    stages: str
    duration: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Something that is wrong with a feed."""

    headline: str
    dataset: str
    dataset_address: str
    since: When
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A reason of rejection, over all that is shown."""

    code: str
    reason: str
    rows: str
    deliveries: str
    datasets: str
    address: str


@dataclass(frozen=True, slots=True)
class RejectLine:
    """What was rejected of one delivery for one reason; `first` is 1-based."""

    operator: str
    dataset: str
    dataset_address: str
    delivery: str
    received: When
    reason: str
    column: str
    rows: str
    first: str
    run: str


@dataclass(frozen=True, slots=True)
class RejectsPage:
    """What lies in quarantine."""

    summary: str
    datasets: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    by_reason: tuple[ReasonLine, ...]
    lines: tuple[RejectLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """A dataset in the list."""

    address: str
    title: str
    operator: str
    theme: str
    verdict: Chip
    freshness: Chip
    last_run: RunLine | None
    last_period: str | None
    figures: tuple[Figure, ...]
    waiting: str | None  # address where a person is awaited
    catalogue: str | None
    alerts: tuple[AlertLine, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetsPage:
    """The list of datasets."""

    cards: tuple[DatasetCard, ...]
    summary: str
    alerts: tuple[AlertLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A published period."""

    period: str
    version: str
    rows: str
    when: When
    run: str
    catalogue: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the dataset's identity card."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """Everything about one dataset."""

    card: DatasetCard
    description: str
    facts: tuple[Fact, ...]
    picture: Picture | None
    provenances: tuple[Provenance, ...]
    filters: tuple[str, ...]
    releases: tuple[ReleaseLine, ...]
    runs: tuple[RunLine, ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run."""

    run_id: str
    title: str
    dataset: str
    dataset_address: str
    line: RunLine
    stages: tuple[StageLine, ...]
    verdicts: tuple[VerdictPanel, ...]
    airflow: str
    catalogue: str | None
    waiting: str | None
    texts: str | None = None  # address of the texts to be read before deciding


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text: as it stands, or what redaction put in place of something."""

    text: str
    masked: bool


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text that would be published."""

    column: str
    rows: str  # in how many rows, where in several
    pieces: tuple[TextPiece, ...]


@dataclass(frozen=True, slots=True)
class TextsPage:
    """Some of the texts that a release would publish."""

    dataset: str
    dataset_address: str
    period: str
    summary: str
    columns: tuple[str, ...]
    lines: tuple[TextLine, ...]
    heading: str
    place: str
    previous: str | None
    following: str | None
    approve: str
    candidate: str
