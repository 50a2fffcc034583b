"""What enrolled people read, in French: requests, what their approval would do, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from custody.errors import RefusedError
from custody.officers.acts import Reidentification, Rotation

SHORT = 12  # characters of a digest that are shown, and enough to name a request

KINDS = {"reidentify": "ré-identification", "rotate": "rotation d'époque"}
STATES = {
    "waiting": "attend des approbations",
    "approved": "approuvée",
    "done": "faite",
    "refused": "refusée",
    "expired": "expirée",
    "void": "sans valeur",
    "rotating": "rotation en cours",
    "current": "en cours",
    "next": "prochaine",
    "past": "passée",
    "destroyed": "clé détruite",
}
_REFUSALS = {
    "signature_wrong": "la signature n'est pas celle de cette personne : vérifiez le nom et le fichier de clés",
    "statement_stale": "l'heure de cette machine s'écarte trop de celle du tiers de confiance",
    "person_unknown": "personne n'est inscrit sous ce nom",
    "person_enrolled": "ces clés, ou ce nom, sont déjà inscrits : une personne, un nom",
    "role_missing": "cette personne n'est pas inscrite pour cela",
    "own_request": "on n'approuve ni sa propre demande, ni une demande dont on recevra la réponse",
    "approved_before": "vous avez déjà approuvé cette demande : il faut une autre personne",
    "not_approved": "il manque des approbations : deux personnes habilitées, autres que le demandeur",
    "not_the_recipient": "seul le destinataire nommé dans la demande en relève la réponse",
    "recipient_unknown": "le destinataire n'est pas inscrit, ou n'a plus la clé que nomme la demande",
    "request_unknown": "il n'y a pas de telle demande",
    "request_ended": "cette demande est close : elle a été exécutée, lue ou refusée",
    "request_expired": "cette demande a expiré : refaites-la, elle sera approuvée de nouveau",
    "record_altered": "un enregistrement a été modifié dans la base : il ne vaut rien ; prévenez l'administration "
    "et le délégué à la protection des données",
    "pseudonym_unknown": "un de ces pseudonymes n'est pas de ce domaine, de cette colonne et de cette époque",
    "domain_unknown": "il n'y a pas de domaine de ce nom",
    "domain_not_reversible": "les pseudonymes de ce domaine ne se retournent pas : personne ne le peut",
    "domain_not_rotatable": "ce domaine ne change pas d'époque (seuls les domaines à sens unique en changent, et "
    "jamais « consent » : le registre des consentements est scellé sur ses pseudonymes)",
    "rotation_under_way": "une rotation de ce domaine est en cours : attendez sa fin",
    "epoch_unknown": "ce domaine n'est pas, ou plus, à cette époque",
    "epoch_destroyed": "la clé de cette époque a été détruite",
}


def refusal_text(refusal: RefusedError) -> str:
    """Why custody said no."""
    return f"refusé ({refusal.code}) : {_REFUSALS.get(refusal.code, refusal.message)}"


def request_text(digest: str, asked: Reidentification | Rotation, approvers: Sequence[str], state: str) -> str:
    """All that an approval would put a name to."""
    lines = [
        f"Demande {digest}",
        f"  nature        {KINDS[asked.kind]}",
        f"  demandée par  {asked.by}, le {_moment(asked.at)}",
        f"  domaine       {asked.domain}",
    ]
    if isinstance(asked, Reidentification):
        lines += [
            f"  colonne       {asked.column}, époque {asked.epoch}",
            f"  pseudonymes   {len(asked.pseudonyms)}",
            *(f"                {value}" for value in asked.pseudonyms),
            f"  destinataire  {asked.recipient} (clé {asked.recipient_key[:SHORT]}…)",
            f"  base légale   {asked.legal_basis}",
        ]
    else:
        lines.append(f"  époque        {asked.from_epoch} → {asked.from_epoch + 1}")
    lines += [
        f"  motif         {asked.reason}",
        f"  expire le     {_moment(asked.expires_at)}",
        f"  état          {STATES.get(state, state)}",
        f"  approuvée par {', '.join(approvers) or 'personne encore'}",
    ]
    return "\n".join(lines)


def consequence_text(asked: Reidentification | Rotation) -> str:
    """What two approvals bring about."""
    if isinstance(asked, Rotation):
        return (
            "Avec la deuxième approbation, la rotation commence ; la plateforme réécrit ses données, puis la clé de "
            "l'époque quittée est détruite. On ne revient pas en arrière."
        )
    return (
        "Avec la deuxième approbation, le destinataire pourra lire, une seule fois, à qui correspondent ces "
        "pseudonymes. Chaque étape est consignée."
    )


def requests_text(found: Iterable[Mapping[str, Any]]) -> str:
    """A table of requests."""
    rows = [
        [
            line["request"][:SHORT],
            KINDS.get(line["kind"], line["kind"]),
            line["domain"],
            line["requester"],
            _moment(line["made_at"]),
            _moment(line["expires_at"]),
            STATES.get(line["state"], line["state"]),
        ]
        for line in found
    ]
    return _table(["demande", "nature", "domaine", "par", "faite le", "expire le", "état"], rows, "Aucune demande.")


def domains_text(found: Iterable[Mapping[str, Any]]) -> str:
    """A table of domains."""
    rows = [
        [
            line["domain"],
            line["kind"],
            f"{line['epoch']}{' (rotation en cours)' if line['rotating'] else ''}",
            line["recipient"],
            line["purpose"],
        ]
        for line in found
    ]
    return _table(["domaine", "sorte", "époque", "pour", "finalité"], rows, "Aucun domaine.")


def epochs_text(found: Iterable[Mapping[str, Any]]) -> str:
    """A table of epochs."""
    rows = [
        [
            line["domain"],
            str(line["epoch"]),
            STATES[line["state"]],
            _moment(line["created_at"]),
            _moment(line["destroyed_at"]) if line["destroyed_at"] else "",
        ]
        for line in found
    ]
    return _table(["domaine", "époque", "état", "clé faite le", "détruite le"], rows, "Aucune époque.")


def log_text(found: Iterable[Mapping[str, Any]]) -> str:
    """A table of the log's last lines."""
    rows = [
        [
            _moment(line["at"]),
            line["client"],
            line["action"],
            line["domain"] or "",
            "" if line["epoch"] is None else str(line["epoch"]),
            str(line["identifiers"] or ""),
            (line["reference"] or line["run_id"] or "")[:SHORT],
            line["outcome"] or "",
        ]
        for line in found
    ]
    titles = ["moment", "qui", "quoi", "domaine", "époque", "nombre", "référence", "refus"]
    return _table(titles, rows, "Le journal est vide.")


def people_text(found: Iterable[tuple[str, str, datetime]]) -> str:
    """A table of enrolled people: name, roles, since when."""
    rows = [[name, roles, _moment(since)] for name, roles, since in found]
    return _table(["personne", "pour", "inscrite le"], rows, "Personne n'est inscrit.")


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    if not rows:
        return empty
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return "\n".join(_lines([titles, ["-" * width for width in widths], *rows], widths))


def _lines(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _moment(value: str | datetime) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone().strftime("%d/%m/%Y %H:%M")
