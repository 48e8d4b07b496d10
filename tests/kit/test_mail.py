"""Mail on its way: through a real SMTP server, and what the server gets to read."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, Session

from collegium.kit import mail
from collegium.kit.db import SYSTEM
from collegium.kit.mail import MailNotSent, QueuedMail, build_message, compose, queue_mail
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import make_settings, make_site, run_jobs


class Mailbox:
    """A mail server's other side: keeps what it is given, or answers what it was told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refuse_recipient: str | None = None
        self.refuse_text: str | None = None
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(
        self, _server: Server, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Server, _session: Session, envelope: Envelope) -> str:
        if self.refuse_text:
            return self.refuse_text
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, _server: Server, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/word:1", handled=False)


def listen(box: Mailbox, **given: Any) -> Controller:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **given)
    controller.start()
    return controller


@pytest.fixture
def mailbox() -> Any:
    """A server on this machine; `mailbox.url` leads to it."""
    box: Any = Mailbox()
    controller = listen(box)
    box.url = f"smtp://127.0.0.1:{controller.port}"
    yield box
    controller.stop()


@pytest_asyncio.fixture
async def posted(database: Database, tmp_path: Path, mailbox: Any) -> AsyncIterator[Site]:
    """A site that sends its mail to the mailbox."""
    made = make_site(make_settings(database, tmp_path, smtp_url=mailbox.url))
    await made.db.start()
    yield made
    await made.db.stop()


async def put(site: Site, to: str = "ada@guild.test", subject: str = "Grüße", user: UUID | None = None) -> UUID:
    async with site.db.transaction(SYSTEM) as tx:
        html = "<p>Hello, <b>Ada</b> – ünd so weiter</p>"
        return await queue_mail(tx, to, "greeting", subject, "Hello, Ada – ünd so weiter\n", html, user)


async def row(database: Database, mail_id: UUID) -> Any:
    async with database.connect() as owner:
        return await owner.fetchrow("select * from public.mail_outbox where id = $1", mail_id)


async def test_a_message_arrives_whole_and_is_emptied_here(posted: Site, database: Database, mailbox: Any) -> None:
    mail_id = await put(posted)
    await run_jobs(posted)
    [message] = mailbox.messages
    assert mailbox.envelopes[0].rcpt_tos == ["ada@guild.test"]
    assert mailbox.envelopes[0].mail_from == "no-reply@guild.test"
    assert message["From"] == "Guild of Assessors <no-reply@guild.test>"
    assert (message["To"], message["Subject"]) == ("ada@guild.test", "Grüße")
    assert message["Message-ID"] == f"<{mail_id}@guild.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs((message["Date"].datetime - datetime.now(UTC)).total_seconds()) < 3600
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = list(message.iter_parts())
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().splitlines() == ["Hello, Ada – ünd so weiter"]
    assert "<b>Ada</b> – ünd" in rich.get_content()
    kept = await row(database, mail_id)
    assert kept["sent_at"] is not None
    assert (kept["text_body"], kept["html_body"], kept["attempts"], kept["last_error"]) == (None, None, 1, None)


async def test_what_rolls_back_is_not_sent(posted: Site, mailbox: Any) -> None:
    async def work() -> None:
        async with posted.db.transaction(SYSTEM) as tx:
            await queue_mail(tx, "ada@guild.test", "greeting", "Hello", "Hello", "<p>Hello</p>", None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await work()
    await run_jobs(posted)
    assert mailbox.messages == []


async def test_without_a_server_it_waits(site: Site, database: Database) -> None:
    mail_id = await put(site)
    await run_jobs(site)
    kept = await row(database, mail_id)
    assert (kept["sent_at"], kept["failed_at"], kept["attempts"]) == (None, None, 0)
    assert kept["text_body"].startswith("Hello")


@pytest.mark.parametrize("answer", ["451 4.3.0 Come back later", "421 4.3.2 Closing"])
async def test_what_may_pass_is_tried_again(posted: Site, database: Database, mailbox: Any, answer: str) -> None:
    mailbox.refuse_text = answer
    mail_id = await put(posted)
    with pytest.raises(MailNotSent, match=answer[:3]):
        await mail.send(posted, str(mail_id))
    kept = await row(database, mail_id)
    assert (kept["attempts"], kept["failed_at"], kept["sent_at"]) == (1, None, None)
    assert answer[:3] in kept["last_error"]
    mailbox.refuse_text = None
    await mail.send(posted, str(mail_id))
    assert len(mailbox.messages) == 1
    assert (await row(database, mail_id))["last_error"] is None


async def test_the_queue_tries_again_later(posted: Site, database: Database, mailbox: Any) -> None:
    mailbox.refuse_text = "451 4.3.0 Come back later"
    await put(posted)
    await run_jobs(posted)
    async with database.connect() as owner:
        job = await owner.fetchrow(
            "select status::text, attempts, scheduled_at > now() as later from procrastinate.procrastinate_jobs"
        )
    assert tuple(job or ()) == ("todo", 1, True)


@pytest.mark.parametrize("stage", ["recipient", "text"])
async def test_a_lasting_refusal_is_given_up(posted: Site, database: Database, mailbox: Any, stage: str) -> None:
    setattr(mailbox, f"refuse_{stage}", "550 5.1.1 No such mailbox")
    mail_id = await put(posted)
    await mail.send(posted, str(mail_id))
    kept = await row(database, mail_id)
    assert kept["failed_at"] is not None
    assert kept["last_error"] == "550 5.1.1 No such mailbox"
    setattr(mailbox, f"refuse_{stage}", None)
    await mail.send(posted, str(mail_id))
    assert mailbox.messages == []


async def test_after_eight_tries_it_is_given_up(posted: Site, database: Database, mailbox: Any) -> None:
    mailbox.refuse_text = "451 4.3.0 Come back later"
    mail_id = await put(posted)
    for _ in range(mail.MOST_ATTEMPTS - 1):
        with pytest.raises(MailNotSent):
            await mail.send(posted, str(mail_id))
    await mail.send(posted, str(mail_id))
    kept = await row(database, mail_id)
    assert (kept["attempts"], kept["failed_at"] is not None) == (mail.MOST_ATTEMPTS, True)


async def test_a_server_that_is_away_is_asked_again(database: Database, tmp_path: Path) -> None:
    away = make_site(make_settings(database, tmp_path, smtp_url="smtp://127.0.0.1:1"))
    await away.db.start()
    mail_id = await put(away)
    with pytest.raises(MailNotSent):
        await mail.send(away, str(mail_id))
    assert (await row(database, mail_id))["last_error"]
    await away.db.stop()


async def test_it_does_not_leave_twice(posted: Site, mailbox: Any) -> None:
    mail_id = await put(posted)
    async with posted.db.transaction(SYSTEM) as other:
        await other.fetch("select 1 from public.mail_outbox where id = $1 for update", mail_id)
        await mail.send(posted, str(mail_id))
        assert mailbox.messages == []
    await mail.send(posted, str(mail_id))
    await mail.send(posted, str(mail_id))
    assert len(mailbox.messages) == 1


async def test_a_name_and_a_password_go_to_the_server(database: Database, tmp_path: Path) -> None:
    box = Mailbox()
    controller = listen(box, authenticator=box.authenticate, auth_required=True, auth_require_tls=False)
    port = controller.port
    try:
        for password, arrived in (("p%40ss%2Fword%3A1", 1), ("wrong", 1)):
            url = f"smtp://post%40guild.test:{password}@127.0.0.1:{port}"
            site = make_site(make_settings(database, tmp_path, smtp_url=url))
            await site.db.start()
            mail_id = await put(site)
            try:
                await mail.send(site, str(mail_id))
            except MailNotSent as error:
                assert "535" in str(error)  # noqa: PT017
            assert len(box.messages) == arrived
            await site.db.stop()
    finally:
        controller.stop()
    assert box.logins[0] == (b"post@guild.test", b"p@ss/word:1")


async def test_a_password_is_not_told_in_clear_to_another_machine(
    posted: Site, mailbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_is_this_machine", lambda _host: False)
    message = build_message(queued(), "Guild <no-reply@guild.test>")
    url = mailbox.url.replace("//", "//name:word@")
    with pytest.raises(MailNotSent, match="no encryption"):
        await mail._hand_over(message, url)
    assert mailbox.messages == []


def tls_context(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own making, as a machine's local mail server has."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.guild.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    plain = serialization.NoEncryption()
    kind, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem.write_bytes(key.private_bytes(kind, form, plain) + certificate.public_bytes(kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_encryption_is_used_when_it_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox()
    controller = listen(box, tls_context=tls_context(tmp_path), require_starttls=True)
    url = f"smtp://127.0.0.1:{controller.port}"
    message = build_message(queued(), "Guild <no-reply@guild.test>")
    try:
        await mail._hand_over(message, url)
        assert len(box.messages) == 1
        # Another machine's certificate must be signed by somebody known.
        monkeypatch.setattr(mail, "_is_this_machine", lambda _host: False)
        with pytest.raises(OSError, match=r"(?i)certificate"):
            await mail._hand_over(message, url)
    except mail.aiosmtplib.SMTPException as error:
        assert "ertificate" in str(error)  # noqa: PT017
    finally:
        controller.stop()
    assert len(box.messages) == 1


def queued(**given: Any) -> QueuedMail:
    values: dict[str, Any] = {
        "id": uuid4(),
        "recipient": "ada@guild.test",
        "kind": "greeting",
        "subject": "Hello",
        "text_body": "Hello",
        "html_body": "<p>Hello</p>",
        "created_at": datetime.now(UTC),
        "attempts": 0,
    }
    return QueuedMail(**(values | given))


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "Hello\r\nBcc: all@guild.test"},
        {"subject": "Hello\nBcc: all@guild.test"},
        {"recipient": "ada@guild.test\r\nBcc: all@guild.test"},
        {"recipient": "ada@guild.test, all@guild.test"},
        {"recipient": "Ada <ada@guild.test>"},
        {"recipient": ""},
    ],
)
def test_a_header_cannot_be_broken_out_of(given: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        build_message(queued(**given), "Guild <no-reply@guild.test>")


async def test_a_subject_with_line_breaks_becomes_one_line(posted: Site, database: Database, mailbox: Any) -> None:
    mail_id = await put(posted, subject="Hello\r\nBcc: all@guild.test\x00\x1b[31m" + "x" * 400)
    await mail.send(posted, str(mail_id))
    [message] = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Hello Bcc: all@guild.test [31mxxx")
    assert len((await row(database, mail_id))["subject"]) == 300


@pytest.mark.parametrize("to", ["ada@guild.test\nBcc: x@guild.test", "a@b.test,c@d.test", "nobody", ""])
async def test_what_is_not_one_address_is_refused_at_once(site: Site, to: str) -> None:
    with pytest.raises(ValueError):
        await put(site, to)


@pytest.mark.parametrize(
    "kind", ["confirm_email", "already_registered", "finish_registration", "reset_password", "password_changed"]
)
def test_each_message_says_the_same_in_text_and_html(kind: str) -> None:
    address = "http://127.0.0.1:8000/way?a=1&b=2"
    context = dict.fromkeys(("link", "sign_in", "forgot"), address)
    content = compose(f"people/mail/{kind}", site_name="Guild <of> Assessors", email="ada@guild.test", **context)
    assert "Guild <of> Assessors" in content.subject
    assert "\n" not in content.subject
    assert not content.subject.startswith("Subject")
    assert "Guild <of> Assessors" in content.text
    assert address in content.text
    assert "Guild &lt;of&gt; Assessors" in content.html
    assert address.replace("&", "&amp;") in content.html
    assert "<of>" not in content.html
    assert all(len(line) <= 100 for line in content.text.splitlines())


def test_people_are_told_by_whom(make_person: Callable[..., Person]) -> None:
    message = build_message(queued(recipient=make_person().email), "Gilde für Prüfer <no-reply@guild.test>")
    assert "=?utf-8?" in message.as_bytes().decode("ascii").partition("\n")[0]
