"""Who is asking, from a request's token; and the row of the log that a refusal leaves when that is known.

A stranger's refusals are lines of the service's output and a counter, no rows: anybody could fill the log.
"""

from __future__ import annotations

from fastapi import Request
from sqlalchemy import select
from starlette.types import Scope

from custody.callers import Caller, Run, identify, require_fresh
from custody.database.tables import domains
from custody.errors import RefusedError
from custody.request_log import log_fields
from custody.translation import translate
from custody.vault import Vault

_CALLER = "custody.caller"
_INTERNAL = 500


def bearer(request: Request) -> str:
    """Return the token of a request.

    Raises:
        RefusedError: there is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise RefusedError("token_missing", "custody is asked with « Authorization: Bearer … »")
    return token.strip()


def tell(request: Request, caller: Caller) -> None:
    """Put who asks in the request's log line."""
    if isinstance(caller, Run):
        log_fields(request.scope).update(client=caller.client.name, run_id=caller.run_id, dataset=caller.dataset)
    else:
        log_fields(request.scope).update(client=caller.name)


class Recognition:
    """Recognizes the callers of one service."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def identify(self, request: Request) -> Caller:
        """Return who asks.

        Raises:
            RefusedError: there is no token, it is unknown, or it has expired.
        """
        token = bearer(request)
        with self._vault.engine.connect() as connection:
            caller = identify(connection, token)
        tell(request, caller)
        request.scope[_CALLER] = caller
        require_fresh(caller, self._vault.now())
        return caller

    def note_refusal(self, scope: Scope, refusal: RefusedError) -> None:
        """Write the row of a refusal, if its caller is known and the fault not custody's own."""
        caller, route = scope.get(_CALLER), scope.get("route")
        if caller is None or route is None or refusal.status >= _INTERNAL:
            return
        named = scope.get("path_params", {}).get("domain")
        try:
            with self._vault.transaction() as connection:
                domain = connection.scalar(select(domains.c.name).where(domains.c.name == named)) if named else None
                now = self._vault.now()
                self._vault.note(connection, caller, route.name, now, domain=domain, outcome=refusal.code)
        except Exception as error:  # the refusal stands whatever the database does
            translate(error)
