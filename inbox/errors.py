"""What the inbox answers in place of a receipt. The sentence is for the operator's people; it never holds a value."""

from __future__ import annotations


class InboxError(Exception):
    """Root. `status` is HTTP's, `code` for programs; `retry_after` in seconds, where trying again may help."""

    status = 500
    code = "unexpected"
    retry_after: int | None = None


class UnauthorizedError(InboxError):
    """No token, or one that is not known."""

    status, code = 401, "unauthorized"


class ForbiddenError(InboxError):
    """The feed is another operator's."""

    status, code = 403, "forbidden"


class UnknownFeedError(InboxError):
    """No feed of this name takes posts at this path."""

    status, code = 404, "unknown_feed"


class TooSlowError(InboxError):
    """The body did not come in time."""

    status, code, retry_after = 408, "too_slow", 5


class TooLargeError(InboxError):
    """The body is larger than the contract allows."""

    status, code = 413, "too_large"


class UnsupportedError(InboxError):
    """Another media type or encoding than the contract's."""

    status, code = 415, "unsupported"


class BodyError(InboxError):
    """The body is empty, or not what its encoding says."""

    status, code = 400, "bad_body"


class BusyError(InboxError):
    """This operator has too many requests under way."""

    status, code, retry_after = 429, "busy", 2


class OutageError(InboxError):
    """Landing, custody or the journal does not answer: nothing was taken."""

    status, code, retry_after = 503, "outage", 30
