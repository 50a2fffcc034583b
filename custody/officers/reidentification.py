"""Re-identification: the only way from a pseudonym back to a person, and never by one hand.

Only reversible domains (AES-SIV) can. The recipient collects the answer once, within the request's time: it is computed
then, closed for the recipient's enrolled key before it leaves this function, and stored nowhere. A pseudonym that does
not open (of another domain, column or epoch, or altered) refuses the whole answer and does not use it up.
"""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection, select

from anonymization.pseudonyms import Kind, PseudonymError, binding, siv_decrypt, unpad
from custody.database.tables import domains
from custody.errors import RefusedError
from custody.officers.acts import Reidentification
from custody.officers.answers import close_answer
from custody.officers.people import Person, PersonRole, find_person
from custody.officers.requests import Kept, check_approved, end_request
from custody.vault import Vault


def check_answerable(vault: Vault, connection: Connection, asked: Reidentification) -> None:
    """Refuse a re-identification that can not be answered, whoever approves it.

    Raises:
        RefusedError: the domain is unknown or not reversible, its epoch's key is gone, or the recipient is not enrolled
            with the key that the request names.
    """
    row = connection.execute(select(domains.c.kind).where(domains.c.name == asked.domain)).first()
    if row is None:
        raise RefusedError("domain_unknown", "custody has no such domain")
    if Kind(row.kind) is not Kind.REVERSIBLE:
        raise RefusedError(
            "domain_not_reversible", f"domain « {asked.domain} » is {row.kind}: nobody turns its pseudonyms back"
        )
    vault.open_domain(connection, asked.domain, asked.epoch)
    _recipient(vault, connection, asked)


def collect(vault: Vault, connection: Connection, reader: Person, kept: Kept) -> bytes:
    """Return the closed answer, and end the request in the same transaction.

    Raises:
        RefusedError: the reader is not the recipient, officers are missing, or a pseudonym does not open.
    """
    asked = kept.asked
    if not isinstance(asked, Reidentification):
        raise RefusedError("bad_request", "this request has no answer to collect")
    reader.require(PersonRole.RECIPIENT)
    if reader.name != asked.recipient:
        raise RefusedError("not_the_recipient", "only the recipient that the request names collects its answer")
    check_approved(vault, connection, kept)
    check_answerable(vault, connection, asked)
    identifiers = _identifiers(vault, connection, asked)
    recipient = _recipient(vault, connection, asked)
    closed = close_answer(recipient.card.encryption_key or b"", kept.digest, identifiers)
    vault.note_all(connection, [end_request(vault, connection, kept, reader, len(identifiers))])
    return closed


def _recipient(vault: Vault, connection: Connection, asked: Reidentification) -> Person:
    try:
        recipient = find_person(vault, connection, asked.recipient)
    except RefusedError:
        raise RefusedError("recipient_unknown", f"nobody is enrolled as « {asked.recipient} »") from None
    if recipient.encryption_fingerprint != asked.recipient_key:
        raise RefusedError("recipient_unknown", "the recipient's key is not the one that the request names")
    return recipient


def _identifiers(vault: Vault, connection: Connection, asked: Reidentification) -> list[str]:
    """Return who the pseudonyms stand for, in their order.

    Raises:
        RefusedError: one of them was not made in this domain, column and epoch.
    """
    domain = vault.open_domain(connection, asked.domain, asked.epoch)
    bound = binding(asked.domain, asked.column, asked.epoch)
    pseudonyms = pa.array([bytes.fromhex(value) for value in asked.pseudonyms], pa.binary())
    try:
        found = unpad(siv_decrypt(domain.key, pseudonyms, bound)).cast(pa.string())
    except (PseudonymError, pa.ArrowInvalid):
        raise RefusedError(
            "pseudonym_unknown", "one of these pseudonyms is not of this domain, column and epoch, or was altered"
        ) from None
    return [str(value) for value in found.to_pylist()]
