"""Tell people of an alert by e-mail."""

import contextlib
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import structlog

from infra.runtime.configuration.settings import LOOPBACK
from schemas.problem import Problem, ProblemClass
from services.jobs.alerts.notice import Notice

TIMEOUT_SECONDS = 30.0
_PORTS = {"smtp": 587, "smtps": 465}
_FINAL = 500  # replies from here on will not be different the next time

log = structlog.get_logger()


class MailNotTaken(Problem):
    """The mail server could not take the message now."""

    code: ClassVar[str] = "ALERT_MAIL_NOT_TAKEN"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    title: ClassVar[str] = "The mail server did not take an alert"
    recovery: ClassVar[str] = "It is tried again by itself; if it lasts, check the server in HEADRACE_SMTP_URL."
    remedy: ClassVar[str | None] = "Check the server in HEADRACE_SMTP_URL, then retry the job."


class MailRefused(Problem):
    """The mail server does not want the message."""

    code: ClassVar[str] = "ALERT_MAIL_REFUSED"
    title: ClassVar[str] = "The mail server refused an alert"
    recovery: ClassVar[str] = (
        "Check user and password in HEADRACE_SMTP_URL, HEADRACE_ALERT_EMAIL_FROM and HEADRACE_ALERT_EMAIL_TO, then "
        "retry the job; passwords are sent over TLS only, except to this machine."
    )


@dataclass(frozen=True)
class Server:
    """A mail server: TLS from the start (``smtps``), or as soon as it offers it (``smtp``)."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Read a URL that the settings took."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls=parts.scheme == "smtps",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or ""),
        )

    def open(self) -> smtplib.SMTP:
        """A connection, encrypted where the server can and logged in where there is a user. Raises ``MailRefused``,
        ``OSError``, ``smtplib.SMTPException``.
        """
        context = ssl.create_default_context()
        if self.tls:
            made: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            made = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            self._greet(made, context)
        except BaseException:
            made.close()
            raise
        return made

    def _greet(self, made: smtplib.SMTP, context: ssl.SSLContext) -> None:
        made.ehlo()
        encrypted = self.tls
        if not encrypted and made.has_extn("starttls"):
            made.starttls(context=context)
            made.ehlo()
            encrypted = True
        if self.user is not None:
            if not encrypted and self.host not in LOOPBACK:
                raise MailRefused("The server offers no TLS: the password was not sent")
            made.login(self.user, self.password)


@dataclass(frozen=True)
class Mail:
    """From whom to whom, over which server."""

    server: Server
    sender: str
    recipients: Sequence[str]

    def tell(self, notice: Notice, *, message_id: str) -> None:
        """Send a notice; blocks. Some whom the server refuses while it takes others are only logged.

        Raises ``MailNotTaken``, ``MailRefused``.
        """
        message = self.message(notice, message_id=message_id)
        try:
            made = self.server.open()
            try:
                refused = made.send_message(message)  # to the addresses of its headers: names are for people
            finally:
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    made.quit()
        except (smtplib.SMTPException, OSError) as error:
            raise _problem(error) from error
        if refused:  # the others have it: told again, they would have it twice
            log.warning("an alert was not mailed to everybody", rule=notice.rule, refused=len(refused))

    def message(self, notice: Notice, *, message_id: str) -> EmailMessage:
        """The e-mail. Told again it has the same id, by which mailboxes know that they have it."""
        made = EmailMessage()
        made["From"], made["To"] = self.sender, ", ".join(self.recipients)
        made["Subject"] = f"[Headrace] {notice.level} {notice.change}: {notice.message}"
        made["Date"] = format_datetime(notice.cleared_at or notice.raised_at)
        made["Message-ID"] = f"<{message_id}@headrace>"
        made["Auto-Submitted"] = "auto-generated"
        lines = {"Rule": notice.rule, "Raised": notice.raised_at.isoformat(), "Value": f"{notice.value:g}"}
        if notice.cleared_at is not None:
            lines["Cleared"] = notice.cleared_at.isoformat()
        made.set_content("\n".join([notice.message, "", *(f"{name}: {value}" for name, value in lines.items()), ""]))
        return made


def _problem(error: Exception) -> Problem:
    said = type(error).__name__  # what servers answer may repeat what was sent
    match error:
        case smtplib.SMTPAuthenticationError():
            return MailRefused("User or password were refused")
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            replies = [code for code, _ in refused.values()]
            return MailRefused(said) if min(replies, default=0) >= _FINAL else MailNotTaken(said)
        case smtplib.SMTPResponseException(smtp_code=code):
            return (MailRefused if code >= _FINAL else MailNotTaken)(f"It answered {code}")
        case _:
            return MailNotTaken(said)
