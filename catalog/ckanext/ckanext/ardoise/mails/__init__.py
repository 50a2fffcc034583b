"""Mails: what changed in datasets that people follow, and that messages wait for their steward."""
