"""Outgoing mail. A message is a row in the transaction of its cause; a job hands it to the mail server.

Without ``COLLEGIUM_SMTP_URL`` messages wait in the outbox, where administrators read them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import jinja2
import msgspec
import structlog

from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.jobs import defer, job
from collegium.kit.site import Site
from collegium.settings import Settings

Q = queries.load("collegium.kit")
MOST_ATTEMPTS = 8
"""Tries before a message is given up; the pauses grow from seconds to about four hours."""
TIMEOUT_S = 30.0
SUBJECT_MOST = 300
log = structlog.get_logger("collegium.mail")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class Content(msgspec.Struct, frozen=True):
    """What a message says: the same in plain text and in HTML."""

    subject: str
    text: str
    html: str


class QueuedMail(msgspec.Struct, frozen=True):
    """A message of the outbox that is to be sent."""

    id: UUID
    recipient: str
    kind: str
    subject: str
    text_body: str
    html_body: str | None
    created_at: datetime
    attempts: int


class MailNotSent(Exception):
    """The mail server did not take a message; the job tries again later."""


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    features = Path(__file__).resolve().parent.parent / "features"
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(sorted(features.glob("*/templates"))),
        autoescape=jinja2.select_autoescape(("html",)),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def compose(template: str, **context: object) -> Content:
    """The message of a pair of templates: ``people/mail/confirm`` is its ``.txt``, whose first line is the subject,
    and its ``.html``."""
    first, _, text = _templates().get_template(f"{template}.txt").render(context).partition("\n")
    subject = first.removeprefix("Subject:").strip()
    html = _templates().get_template(f"{template}.html").render({**context, "subject": subject})
    return Content(subject, text.strip() + "\n", html.strip() + "\n")


def _one_address(text: str, display_name: str = "") -> Address:
    try:
        return Address(display_name, addr_spec=text)
    except (MessageError, IndexError) as error:
        raise ValueError(f"Not one e-mail address: {text!r}") from error


async def queue_mail(
    tx: Transaction, to: str, kind: str, subject: str, text: str, html: str, user_id: UUID | None
) -> UUID:
    """Puts a message into the outbox within a system transaction, and the job that sends it.

    ``kind`` is a short stable name, such as ``confirm_email``. Line breaks and control characters in the subject become
    spaces. Raises ValueError when ``to`` is not one address.
    """
    _one_address(to)
    plain = _CONTROL.sub(" ", subject).strip()[:SUBJECT_MOST]
    mail_id: UUID = await tx.fetchval(Q.add_mail, to, user_id, kind, plain, text, html)
    await defer(tx, "mail.send", {"mail_id": str(mail_id)})
    return mail_id


def build_message(mail: QueuedMail, mail_from: str) -> EmailMessage:
    """The message as RFC 5322 wants it: plain text and HTML as alternatives, marked as sent by a program (RFC 3834).

    Its Message-ID is made of the row's id, so that a server that took it twice can tell. Raises ValueError for an
    address or a subject that would break out of its header.
    """
    name, sender = parseaddr(mail_from)
    origin = _one_address(sender, name)
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = origin
    message["To"] = _one_address(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at.astimezone(UTC))
    message["Message-ID"] = f"<{mail.id}@{origin.domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text_body)
    if mail.html_body:
        message.add_alternative(mail.html_body, subtype="html")
    return message


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _hand_over(message: EmailMessage, smtp_url: str) -> None:
    url = urlsplit(smtp_url)
    host = url.hostname or "localhost"
    tls = url.scheme == "smtps"
    client = aiosmtplib.SMTP(
        hostname=host,
        port=url.port or (465 if tls else 587),
        use_tls=tls,
        timeout=TIMEOUT_S,
        # What stays on this machine needs no certificate that somebody else signed.
        validate_certs=not _is_this_machine(host),
    )
    async with client:
        if url.username:
            if client.get_transport_info("sslcontext") is None and not _is_this_machine(host):
                raise MailNotSent("The mail server offers no encryption, so the password was not sent to it.")
            await client.login(unquote(url.username), unquote(url.password or ""))
        await client.send_message(message)


def _is_final(error: Exception) -> bool:
    """Whether trying again is of no use: a lasting refusal of this recipient or text (RFC 5321, 5yz)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPConnectResponseError):
        return False
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code >= 500
    return isinstance(error, ValueError)


def _in_words(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"[:500]
    return (str(error) or type(error).__name__)[:500]


@job("mail.send", attempts=MOST_ATTEMPTS)
async def send(site: Site, mail_id: str) -> None:
    """Hands one message to the mail server and empties it. Raises MailNotSent when it is to be tried again."""
    settings: Settings = site.settings
    if not settings.smtp_url:
        return
    again = ""
    async with site.db.transaction(SYSTEM) as tx:
        # The row stays locked while the message travels, so that it cannot leave twice.
        mail = await tx.maybe(QueuedMail, Q.take_mail, UUID(mail_id))
        if mail is None:
            return
        try:
            await _hand_over(build_message(mail, settings.mail_from), settings.smtp_url)
        except (aiosmtplib.SMTPException, MailNotSent, OSError, ValueError) as error:
            given_up = _is_final(error) or mail.attempts + 1 >= MOST_ATTEMPTS
            words = _in_words(error)
            await tx.execute(Q.mark_mail_not_sent, mail.id, words, given_up)
            log.warning("mail_not_sent", mail=mail_id, kind=mail.kind, error=words, given_up=given_up)
            again = "" if given_up else words
        else:
            await tx.execute(Q.mark_mail_sent, mail.id)
            log.info("mail_sent", mail=mail_id, kind=mail.kind)
    if again:
        raise MailNotSent(again)
