"""Errors of the custody service. Messages name what and where; never an identifier, a pseudonym, a token or a key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class CustodyServiceError(Exception):
    """Root of every error of the service."""


class SettingsError(CustodyServiceError):
    """The home folder lacks a file, or one of them can not be read."""


class MasterKeyError(CustodyServiceError):
    """The master key is missing, readable by others, or not the one this state was made with."""


class StateError(CustodyServiceError):
    """The database is not in the state this version expects."""


class NewerStateError(StateError):
    """The database was written by a newer version of this service."""


class PrivilegesError(CustodyServiceError):
    """The process can not become the operating-system user it was told to."""


class TamperedError(CustodyServiceError):
    """A wrapped key does not open: it was altered, or stands in another row's place."""


class LogError(CustodyServiceError):
    """The log was altered, or rows of it are missing."""


class RefusedError(CustodyServiceError):
    """A request that custody understands and refuses; ``code`` is part of the interface."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS[self.code]


STATUS: Mapping[str, int] = MappingProxyType(
    {
        "no_such_call": 404,
        "bad_request": 422,
        "bad_identifier": 422,
        "column_missing": 422,
        "wrong_epoch": 409,
        "not_arrow": 400,
        "wrong_column": 400,
        "compressed": 400,
        "stream_truncated": 400,
        "stream_stalled": 408,
        "token_missing": 401,
        "token_unknown": 401,
        "token_expired": 401,
        "action_not_in_scope": 403,
        "domain_not_in_scope": 403,
        "zone_not_in_scope": 403,
        "key_not_in_scope": 403,
        "domain_unknown": 404,
        "epoch_unknown": 404,
        "key_unknown": 404,
        "new_keys_spent": 409,
        "domain_declared": 409,
        "epoch_in_use": 409,
        "head_inconsistent": 409,
        "key_destroyed": 410,
        "epoch_destroyed": 410,
        "identifier_too_long": 413,
        "batch_too_large": 413,
        "too_many_subjects": 413,
        "too_many_identifiers": 413,
        "body_too_large": 413,
        "quota_spent": 429,
        "statement_stale": 401,
        "signature_wrong": 403,
        "role_missing": 403,
        "own_request": 403,
        "not_the_recipient": 403,
        "not_approved": 403,
        "person_unknown": 404,
        "recipient_unknown": 404,
        "request_unknown": 404,
        "rotation_unknown": 404,
        "person_enrolled": 409,
        "approved_before": 409,
        "record_altered": 409,
        "pseudonym_unknown": 409,
        "domain_not_reversible": 409,
        "domain_not_rotatable": 409,
        "rotation_under_way": 409,
        "rotation_incomplete": 409,
        "rotation_finished": 410,
        "request_ended": 410,
        "request_expired": 410,
        "internal": 500,
        "database_unavailable": 503,
        "master_replaced": 503,
        "master_unavailable": 503,
    }
)
"""HTTP status of each code a caller can meet."""
