"""Who may do what on which zone for which purpose: the territory's Cedar policies, asked one question at a time.

The object store enforces zones by credentials of its own; these policies say what those credentials should be, and
answer for people. What no policy permits is refused, and a policy that does not fit the schema refuses to load.

Cedar (https://www.cedarpolicy.com) is imported when policies are first loaded, as contracts do not need it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from policies.errors import AccessDeniedError, AccessError, Finding
from policies.french import explain_system

Action = Literal["read", "write", "destroy", "approve"]


PSEUDONYM_READERS = frozenset({"deidentify", "anonymize", "rotate"})
"""Stages that may read trusted. Of these, only `deidentify` asks custody for pseudonyms, with a token of one run whose
quota is its manifest's rows; `rotate` carries pseudonyms over and can not make one; `anonymize` has no token at all.
Whoever else read trusted could hold a list of candidates against it: asking custody for their pseudonyms, a person with
a domain's token would find anybody."""

OTHERS = ("ingest", "assess", "decide", "publish", "lineage", "console")  # stages, and the console
PEOPLE = ("steward", "dpo", "operator", "officer", "developer", "anybody")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a stage of the journey, or a person by the role held."""

    kind: Literal["Stage", "Role"]
    name: str


@dataclass(frozen=True, slots=True)
class AccessPolicies:
    """The territory's policies, validated."""

    source: Path
    _policies: Any = field(repr=False)  # cedarpy.PolicySet
    _schema: Any = field(repr=False)  # cedarpy.Schema

    def allowed(self, principal: Principal, action: Action, zone: str, *, purpose: str, declared: str) -> bool:
        """Whether a policy permits it and none forbids it.

        Args:
            purpose: what for.
            declared: the purpose that the dataset's contract declares.
        """
        from cedarpy import is_authorized

        request = {
            "principal": {"type": principal.kind, "id": principal.name},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Zone", "id": zone},
            "context": {"purpose": purpose, "declared": declared},
        }
        answer = is_authorized(request, self._policies, [], self._schema)
        return bool(answer.allowed) and not answer.diagnostics.errors

    def require(self, principal: Principal, action: Action, zone: str, *, purpose: str, declared: str) -> None:
        """As :meth:`allowed`, for callers who must not go on.

        Raises:
            AccessDeniedError: it is not permitted.
        """
        if not self.allowed(principal, action, zone, purpose=purpose, declared=declared):
            raise AccessDeniedError(
                Finding(
                    self.source, 1, "access", f"{principal.name} : « {action} » n'est pas permis dans la zone {zone}"
                )
            )


def load_access(folder: Path) -> AccessPolicies:
    """Read every ``*.cedar`` of a territory's folder and its ``access.cedarschema``.

    Raises:
        AccessError: a file can not be read, or a policy does not fit the schema.
    """
    from cedarpy import PolicySet, Schema, validate_policies

    schema_file = folder / "access.cedarschema"
    files = sorted(folder.glob("*.cedar"))
    if not files:
        raise AccessError(Finding(folder, 1, "access", "aucune règle d'accès (*.cedar) : personne ne pourrait rien"))
    try:
        texts = [file.read_text(encoding="utf-8") for file in files]
        schema = Schema.from_str(schema_file.read_text(encoding="utf-8"))
        policies = PolicySet.from_str("\n".join(texts))
    except (OSError, UnicodeError) as cause:
        raise AccessError(
            Finding(folder, 1, "access", f"une règle d'accès ne peut pas être lue ({_why(cause)})")
        ) from None
    except ValueError as cause:
        raise AccessError(Finding(files[0], 1, "access", f"règles d'accès incorrectes : {cause}")) from None
    result = validate_policies("\n".join(texts), schema)
    if not result.validation_passed:
        raise AccessError(
            *(Finding(files[0], 1, "access", f"une règle ne suit pas le schéma : {error}") for error in result.errors)
        )
    access = AccessPolicies(files[0], policies, schema)
    _refuse_readers_of_pseudonyms(access)
    return access


def _why(cause: OSError | UnicodeError) -> str:
    return explain_system(cause) if isinstance(cause, OSError) else "elle n'est pas encodée en UTF-8"


def _refuse_readers_of_pseudonyms(access: AccessPolicies) -> None:
    """Refuse policies that let anybody but :data:`PSEUDONYM_READERS` read pseudonymised rows."""
    others = [Principal("Stage", name) for name in OTHERS] + [Principal("Role", name) for name in PEOPLE]
    readers = [one.name for one in others if access.allowed(one, "read", "trusted", purpose="any", declared="any")]
    if readers:
        told = f"{', '.join(readers)} lirait la zone trusted : ces étapes et ces personnes ne lisent pas de pseudonymes"
        raise AccessError(Finding(access.source, 1, "access", told))
