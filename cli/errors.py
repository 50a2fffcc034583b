"""Errors of the command line."""


class CommandError(Exception):
    """Root of every error of the command line."""
