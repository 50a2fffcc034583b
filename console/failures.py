"""What the code of an error means, and what to do next, in French. The message itself never leaves the task's log."""

from __future__ import annotations

_EXPLANATIONS = {
    "SourceUnavailableError": "L'opérateur ne répond pas ou répond par une erreur. L'exécution suivante reprendra.",
    "PayloadError": "Les données reçues ne sont pas lisibles. Prévenez l'opérateur, puis relancez la collecte.",
    "ContractError": "Le contrat du jeu de données ne se charge pas. Le journal de la tâche nomme la ligne à corriger.",
    "WeakContractError": "Le contrat protège moins que la stratégie du territoire ne l'exige.",
    "CustodyUnavailableError": "Le service de garde ne répond pas. Relancez l'exécution quand il est de retour.",
    "CustodyRefusedError": "Le service de garde a refusé : jeton expiré, quota dépassé ou domaine non permis.",
    "ObjectStoreError": "Le stockage ne répond pas. Rien n'est publié à moitié : relancez l'exécution.",
    "CatalogueError": "Le catalogue CKAN ne répond pas ou refuse. Relancez la publication.",
}


def explain(code: str) -> str:
    """A sentence for a steward; for an unknown code, where to look."""
    return _EXPLANATIONS.get(code, "Erreur technique : le journal de la tâche, dans Airflow, dit où et pourquoi.")
