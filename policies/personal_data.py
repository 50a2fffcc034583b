"""The kinds of personal data that a contract may name, in French public terms.

The detectors belong to the anonymization room, which tests that it has exactly these.
"""

from __future__ import annotations

KINDS: tuple[str, ...] = (
    "NOM", "TELEPHONE", "COURRIEL", "ADRESSE", "LIEU", "NIR", "SIREN", "SIRET", "TVA", "FISCAL", "PASSEPORT", "CNI",
    "SEJOUR", "PERMIS", "PLAQUE", "IBAN", "CARTE", "PRM", "PCE", "COMPTEUR", "NAISSANCE", "POSITION", "IP", "MAC",
    "APPAREIL", "COMPTE", "LIEN", "REFERENCE", "TEXTE",
)  # fmt: skip
OPERATORS: tuple[str, ...] = ("redact", "replace", "hash", "generalize", "keep")
