"""Errors of the command line."""


class CommandError(Exception):
    """Root of every error of the command line."""


class NotRunningError(CommandError):
    """The command needs a stack that runs."""


class AirflowRefusedError(CommandError):
    """Airflow did not do what was asked."""
