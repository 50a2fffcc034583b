"""The pure streaming steps that *deidentify* composes: check, pseudonymize, redact, merge."""
