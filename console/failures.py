"""What the code of an error means, and what to do next, in French. The message itself never leaves the task's log."""

from __future__ import annotations

_EXPLANATIONS = {
    "outage": "Un service dont l'étape a besoin ne répond pas : opérateur, stockage, tiers de confiance ou catalogue. "
    "Rien n'est publié à moitié ; une nouvelle exécution reprendra.",
    "rotating": "Les pseudonymes passent à une nouvelle époque : rien de ce qui vient d'être lu n'est perdu. "
    "Une nouvelle exécution reprendra, une fois le passage terminé.",
    "refused": "Le tiers de confiance, le stockage ou le catalogue a refusé. "
    "Une personne doit regarder avant de relancer.",
    "bad_payload": "Les données reçues ne se lisent pas comme le contrat le prévoit. Prévenez l'opérateur.",
    "bad_input": "Ce que l'étape devait lire manque ou ne se vérifie pas. Relancez l'étape précédente.",
    "consent_changed": "Le consentement ou la stratégie a changé depuis la préparation. Relancez la diffusion.",
    "not_approved": "Aucun accord ne vaut pour exactement ce candidat.",
    "invalid_decision": "Cette personne ne peut pas décider : elle a écrit le contrat ou lancé l'exécution.",
    "budget_spent": "Le budget de confidentialité de ce jeu de données est épuisé : plus rien n'en sera publié avec du "
    "bruit. Aucun chiffre n'a été tiré.",
    "not_publishable": "Le verdict interdit la publication de ce candidat.",
}


def explain(code: str) -> str:
    """A sentence for a steward; for an unknown code, where to look."""
    return _EXPLANATIONS.get(code, "Erreur technique : le journal de la tâche, dans Airflow, dit où et pourquoi.")
