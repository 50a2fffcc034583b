"""Signed sessions: who is signed in stands in a cookie nobody else can make; forms carry a token bound to it.

The cookie is HttpOnly and SameSite=Strict and holds a login, a role and a random number. Signing out revokes that
number until it would have expired anyway. A form's token is an HMAC of the same number (OWASP, signed double-submit
cookie), so a page of another origin can neither read nor make it. Before sign-in a session of nobody carries the token
of the sign-in form.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import SecretStr

from console.accounts import Person, Role
from console.errors import ForgedFormError, SessionError

COOKIE = "ardoise_console"
LIFETIME_SECONDS = 8 * 3600
_SALT = "ardoise.console.session.1"


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie says. `person` is None before sign-in."""

    nonce: str
    person: Person | None = None


@dataclass(slots=True)
class Sessions:
    """Makes, reads and ends sessions, under one secret."""

    secret: SecretStr
    _revoked: dict[str, float] = field(default_factory=dict)  # nonce -> when it may be forgotten

    def start(self, person: Person | None = None) -> Session:
        """A new session; its number is never reused from an earlier one (session fixation)."""
        return Session(secrets.token_urlsafe(24), person)

    def seal(self, session: Session) -> str:
        """The cookie's value."""
        person = session.person
        return self._serializer().dumps([session.nonce, person.login, person.role.value] if person else [session.nonce])

    def read(self, cookie: str | None) -> Session:
        """The session of a cookie.

        Raises:
            SessionError: there is none, or it is forged, revoked or over.
        """
        try:
            nonce, *rest = self._serializer().loads(cookie or "", max_age=LIFETIME_SECONDS)
            person = Person(rest[0], Role(rest[1])) if rest else None
        except (BadData, ValueError, TypeError, IndexError):
            raise SessionError("no valid session") from None
        if nonce in self._revoked:
            raise SessionError("this session was ended")
        return Session(nonce, person)

    def end(self, session: Session, now: float) -> None:
        """Revoke a session. `now` in seconds, monotonic."""
        self._revoked = {nonce: until for nonce, until in self._revoked.items() if until > now}
        self._revoked[session.nonce] = now + LIFETIME_SECONDS

    def form_token(self, session: Session) -> str:
        """The token that this session's forms carry."""
        key = hashlib.sha256(b"ardoise.console.form.1" + self.secret.get_secret_value().encode()).digest()
        return hmac.new(key, session.nonce.encode(), hashlib.sha256).hexdigest()

    def check_form(self, session: Session, token: str) -> None:
        """Let a form through.

        Raises:
            ForgedFormError: the token is not this session's.
        """
        if not hmac.compare_digest(self.form_token(session).encode(), token.encode()):
            raise ForgedFormError("the form's token is not this session's")

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret.get_secret_value(), salt=_SALT)
