"""Errors of the embedded stack. Each message says what happened, where, and what to do next."""


class StackError(Exception):
    """Root of every error about the embedded stack."""


class BusyError(StackError):
    """Another command starts or stops this stack at this moment."""


class PortTakenError(StackError):
    """Another process listens on a port that the stack has chosen."""


class PrepareError(StackError):
    """A service's folder, database or configuration could not be made ready."""


class StartError(StackError):
    """A service did not become healthy in time."""


class MissingPieceError(StackError):
    """A program, environment or operating-system user that the stack needs is not there."""
