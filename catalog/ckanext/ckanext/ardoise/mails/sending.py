"""One letter at a time, over one connection to the adopter's SMTP server (``smtp.…`` in CKAN's configuration).

CKAN's own mailer writes addresses into the log, waits for a silent server without end and takes any certificate; this
does none of it. Errors say what went wrong, never to whom.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 20.0  # seconds a silent server is waited for
_REACHABLE = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+")


class MailsError(Exception):
    """The mail server can not be used now: what was to be sent is sent another time."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Plain text to one address."""

    to: str
    subject: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def reachable(address: str | None) -> bool:
    """Whether a mail could arrive there: the accounts that the hub makes have addresses of this machine alone."""
    return bool(_REACHABLE.fullmatch(address or ""))


class Post:
    """A connection to the server, opened when the first letter is sent."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            self._smtp.close()

    def send(self, letter: Letter) -> bool:
        """Hand a letter over; whether the server took it for this address.

        Raises:
            MailsError: the server does not answer, refuses this account, or offers no TLS where it must.
        """
        try:
            if self._smtp is None:
                self._smtp = self._connected()
            try:
                self._smtp.send_message(self._message(letter))
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError):
                return False
        except (OSError, smtplib.SMTPException) as error:
            raise MailsError(f"the mail server can not be used ({type(error).__name__})") from None
        return True

    def _connected(self) -> smtplib.SMTP:
        server = str(self._config["smtp.server"])
        parts = urlsplit(server if "://" in server else f"smtp://{server}")
        smtp = smtplib.SMTP(str(parts.hostname), parts.port or 0, timeout=PATIENCE)
        try:
            if self._config.get("smtp.starttls"):
                smtp.starttls(context=ssl.create_default_context())
            if user := self._config.get("smtp.user"):
                smtp.login(str(user), str(self._config.get("smtp.password") or ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _message(self, letter: Letter) -> EmailMessage:
        sender = str(self._config["smtp.mail_from"])
        message = EmailMessage()
        message["Subject"] = " ".join(letter.subject.split())
        message["From"] = formataddr((str(self._config["ckan.site_title"]), sender))
        message["To"] = letter.to
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        message["Content-Language"] = "fr"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        for name, value in letter.headers.items():
            message[name] = value
        message.set_content(letter.body)
        return message
