"""Errors of the storage room."""


class StorageError(Exception):
    """Root of every error about stored things."""


class ObjectNotFoundError(StorageError):
    """No object has this key."""


class AccessRefusedError(StorageError):
    """The credential in use may not do this in this zone."""


class PreconditionFailedError(StorageError):
    """A conditional write found another version than the one it expected."""


class DigestMismatchError(StorageError):
    """Stored bytes are not those that were written."""


class SealError(StorageError):
    """Sealed bytes were altered, truncated or reordered, or the key or context is not theirs."""


class GenerationChangedError(StorageError):
    """The trusted zone is, or was, switched to another generation: what was made for the last one does not count."""


class ManifestError(StorageError):
    """A manifest or pointer can not be read."""


class RecordError(StorageError):
    """The database refused a record that breaks one of its rules."""


class StoreUnavailableError(StorageError):
    """The object store or the database can not be reached; nothing was written."""


class NewerStateError(StorageError):
    """The database was migrated by a newer version of Ardoise; this one refuses to touch it."""
