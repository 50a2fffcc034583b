"""Settings of a process, built once at its entry point."""

from settings.errors import MissingSecretError, SettingsError
from settings.model import Credential, S3Settings, Settings, load_settings

__all__ = [
    "Credential",
    "MissingSecretError",
    "S3Settings",
    "Settings",
    "SettingsError",
    "load_settings",
]
