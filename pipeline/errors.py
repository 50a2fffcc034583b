"""Errors of the journey. Every message names what and where and what to do next; none quotes a value."""

from __future__ import annotations


class JourneyError(Exception):
    """Root of every error a stage ends with. `code` is stable and may be counted, logged and shown."""

    code = "journey"
    retryable = False


class OutageError(JourneyError):
    """Something the stage needs is down or unreachable; nothing was written that a re-run would not find again."""

    code = "outage"
    retryable = True


class RotatingError(OutageError):
    """Pseudonyms are being carried to another epoch: what was made at the last one can not be merged; try again."""

    code = "rotating"


class RefusedError(JourneyError):
    """Custody, the object store or the catalogue refused; a person must look before another try."""

    code = "refused"


class BadPayloadError(JourneyError):
    """The operator's payload can not be read as its contract says."""

    code = "bad_payload"


class BadInputError(JourneyError):
    """A stage was given something that does not exist or does not verify."""

    code = "bad_input"


class ConsentChangedError(JourneyError):
    """Consent or strategy changed since the candidate was made; the release must be made again."""

    code = "consent_changed"


class NotApprovedError(JourneyError):
    """No valid approval stands for exactly this candidate."""

    code = "not_approved"


class InvalidDecisionError(JourneyError):
    """This person may not decide on this release, or there is nothing to decide."""

    code = "invalid_decision"


class NotPublishableError(JourneyError):
    """The verdict on the candidate is a refusal."""

    code = "not_publishable"


class BudgetSpentError(JourneyError):
    """What is left of the privacy budget does not pay for this release; nothing was drawn, nothing will be."""

    code = "budget_spent"


class UnexpectedError(JourneyError):
    """A fault nobody foresaw; its text is withheld because it may quote values."""

    code = "unexpected"
