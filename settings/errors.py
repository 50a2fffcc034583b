"""Errors of the settings room."""


class SettingsError(Exception):
    """Root of every error about settings."""


class MissingSecretError(SettingsError):
    """A secret that the process needs is not in its secrets folder."""
