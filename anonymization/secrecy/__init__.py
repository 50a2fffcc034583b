"""Statistical secrecy: tables whose hidden cells can not be computed from what is published."""

from anonymization.secrecy.attacker import Attacker, AttackReport, Need, Sighting, attack
from anonymization.secrecy.cells import Tabulation
from anonymization.secrecy.protected import ProtectedTable
from anonymization.secrecy.protection import protect_table, protect_tables
from anonymization.secrecy.reading import read_published
from anonymization.secrecy.rules import Dominance, SecrecyRules

__all__ = [
    "AttackReport",
    "Attacker",
    "Dominance",
    "Need",
    "ProtectedTable",
    "SecrecyRules",
    "Sighting",
    "Tabulation",
    "attack",
    "protect_table",
    "protect_tables",
    "read_published",
]
