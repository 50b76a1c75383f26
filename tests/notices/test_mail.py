"""Letters on their way: to a real mail server, into files, and through a queue that survives its faults."""

import asyncio
import io
import ssl
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from currant.db.engine import Database
from currant.db.jobs import JobRunner
from currant.kit.clock import ManualClock, SystemClock
from currant.kit.errors import Invalid
from currant.kit.ids import TenantId
from currant.kit.letters import letter
from currant.kit.mail import KeptMail, Mail
from currant.notices.mail import (
    FILES_MAX,
    JOB,
    ConsoleMailer,
    FileMailer,
    MailRefused,
    QueuedMailer,
    SmtpMailer,
    mailer_of,
    message_of,
)
from services import free_port

KEY = b"0123456789abcdef0123456789abcdef"
CLOCK = ManualClock()
LETTER = letter(
    to="ada@example.com",
    language="de",
    subject="Grüße von\r\nBcc: all@example.com",
    paragraphs=("Ein <b>Satz</b>.",),
    button=("Öffnen", "https://charge.example/console/reset#token=secret-word"),
    signed="Stadtwerke\nBeispiel",
)


class Inbox:
    """What the mail server took; `answer` is what it says to the next letters."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.taken.append((session, message_from_bytes(envelope.content, policy=policy.default)))
        return self.answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def certificate(folder: Path) -> Path:
    """A certificate for localhost that nobody trusts yet, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def secured(inbox: Inbox, tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A mail server that wants encryption and a password; its port, and the trust it needs."""
    pem = certificate(tmp_path)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(pem)

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"currant", b"p@ss"), handled=False)

    controller = Controller(
        inbox,
        hostname="localhost",
        port=(port := free_port()),
        tls_context=own,
        require_starttls=True,
        authenticator=authenticate,
        auth_required=True,
    )
    controller.start()
    yield port, ssl.create_default_context(cafile=str(pem))
    controller.stop()


@pytest.fixture
def plain(inbox: Inbox) -> Iterator[int]:
    """A mail server without encryption; its port."""
    port = free_port()
    controller = Controller(inbox, hostname="0.0.0.0", port=port)
    controller.start()
    yield port
    controller.stop()


def smtp(url: str, trust: ssl.SSLContext | None = None) -> SmtpMailer:
    made = mailer_of(
        url, sender="currant@charge.example", folder=Path(), clock=CLOCK, trust=trust, deadline_s=5
    )
    assert isinstance(made, SmtpMailer)
    return made


async def test_a_letter_travels_encrypted_and_with_the_password(
    inbox: Inbox, secured: tuple[int, ssl.SSLContext]
) -> None:
    port, trust = secured
    await smtp(f"smtp://currant:p%40ss@localhost:{port}", trust).send(LETTER)
    [(session, taken)] = inbox.taken
    assert session.ssl is not None
    assert (taken["To"], taken["Auto-Submitted"]) == ("ada@example.com", "auto-generated")
    assert taken["From"] == "Stadtwerke Beispiel <currant@charge.example>"
    assert taken["Subject"] == "Grüße von Bcc: all@example.com"
    assert taken["Bcc"] is None
    assert "secret-word" in taken.get_body(("plain",)).get_content()
    html = taken.get_body(("html",)).get_content()
    assert "Ein &lt;b&gt;Satz&lt;/b&gt;." in html
    assert 'lang="de"' in html


async def test_a_server_whose_certificate_does_not_hold_gets_nothing(
    inbox: Inbox, secured: tuple[int, ssl.SSLContext]
) -> None:
    with pytest.raises(ssl.SSLError):
        await smtp(f"smtp://currant:p%40ss@localhost:{secured[0]}").send(LETTER)
    assert inbox.taken == []


async def test_a_wrong_password_is_noticed_before_anything_is_sent(
    secured: tuple[int, ssl.SSLContext],
) -> None:
    port, trust = secured
    with pytest.raises(OSError, match="535"):
        await asyncio.to_thread(smtp(f"smtp://currant:wrong@localhost:{port}", trust).greet)
    await asyncio.to_thread(smtp(f"smtp://currant:p%40ss@localhost:{port}", trust).greet)


async def test_without_encryption_mail_leaves_for_this_machine_alone(inbox: Inbox, plain: int) -> None:
    await smtp(f"smtp://127.0.0.1:{plain}").send(LETTER)
    assert len(inbox.taken) == 1
    # The same server by an address that could be anybody's.
    elsewhere = f"smtp://127.0.0.2:{plain}"
    with pytest.raises(OSError, match="no encryption"):
        await smtp(elsewhere).send(LETTER)
    assert len(inbox.taken) == 1
    await smtp(f"{elsewhere}?plain=yes").send(LETTER)
    assert len(inbox.taken) == 2


async def test_a_mailbox_that_does_not_exist_is_no_reason_to_try_again(plain: int) -> None:
    nobody = Mail(to="nobody@example.com", subject="x", text="x")
    with pytest.raises(MailRefused):
        await smtp(f"smtp://127.0.0.1:{plain}").send(nobody)


async def test_letters_in_files_are_the_users_own_and_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    mailer = FileMailer(folder, sender="currant@localhost", clock=CLOCK)
    for _ in range(3):
        await mailer.send(LETTER)
    files = sorted(folder.glob("*"))
    assert [path.suffix for path in files] == [".eml"] * 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *files)} == {0o700, 0o600}
    assert "secret-word" in message_from_bytes(files[0].read_bytes(), policy=policy.default).as_string()
    for number in range(FILES_MAX):
        (folder / f"00000000-{number:04d}.eml").touch()
    await mailer.send(LETTER)
    assert len(list(folder.glob("*.eml"))) == FILES_MAX


async def test_the_console_shows_what_would_be_mailed() -> None:
    out = io.StringIO()
    await ConsoleMailer(out).send(LETTER)
    assert "Mail to ada@example.com" in out.getvalue()
    assert "secret-word" in out.getvalue()


@pytest.mark.parametrize("url", ["imap://x", "smtp://", "file:relative", "smtp://host:port", "host:25"])
def test_an_address_that_mail_cannot_be_sent_by_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        mailer_of(url, sender="a@b", folder=tmp_path, clock=CLOCK)


def test_a_letter_with_line_breaks_where_there_are_none_is_one_letter() -> None:
    evil = Mail(to="ada@example.com", subject="x\r\nBcc: a@b", text="x", sender_name="y\nX-Evil: 1")
    told = bytes(message_of(evil, sender="currant@localhost", clock=CLOCK)).decode()
    assert "\nBcc" not in told
    assert "\nX-Evil" not in told
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        message_of(Mail(to="a@b\r\nBcc: c@d", subject="x", text="x"), sender="currant@localhost", clock=CLOCK)


class Moody:
    """A mail server that is away as long as `away` says."""

    def __init__(self) -> None:
        self.away: Exception | None = None
        self.kept = KeptMail()

    async def send(self, mail: Mail) -> None:
        if self.away is not None:
            raise self.away
        await self.kept.send(mail)


class Post:
    def __init__(self, database: Database) -> None:
        self.clock, self.server, self.database = ManualClock(), Moody(), database
        self.queue = QueuedMailer(
            database, self.server, self.clock, key=KEY, tenant_of=lambda: TenantId("host")
        )
        self.runner = JobRunner(database, {JOB: self.queue.deliver}, clock=self.clock)

    async def round(self) -> None:
        """What is due is tried once."""
        await self.runner.run_due()
        await self.runner.stop()

    async def waiting(self) -> list[Any]:
        query = "SELECT attempts, payload, last_error FROM jobs"
        return list(await self.database.read(lambda connection: connection.execute(text(query)).all()))


@pytest.fixture
async def post(sqlite_database: Database) -> AsyncIterator[Post]:
    made = Post(sqlite_database)
    yield made
    await made.runner.stop()


async def test_a_letter_is_sent_once_the_server_is_back(post: Post) -> None:
    post.server.away = OSError("nobody listens")
    await post.queue.send(LETTER)
    await post.round()
    [(attempts, _, error)] = await post.waiting()
    assert (attempts, "nobody listens" in error) == (1, True)
    post.server.away = None
    await post.round()
    assert post.server.kept.sent == []  # its pause is not over
    post.clock.advance(timedelta(minutes=1))
    await post.round()
    [sent] = post.server.kept.sent
    assert (sent.to, sent.text) == (LETTER.to, LETTER.text)
    assert await post.waiting() == []


async def test_what_waits_cannot_be_read_in_the_database(post: Post) -> None:
    post.server.away = OSError("away")
    await post.queue.send(LETTER)
    await post.round()
    [(_, payload, error)] = await post.waiting()
    assert "secret-word" not in payload + error
    assert "ada@example.com" not in payload + error


async def test_a_letter_whose_link_has_expired_is_not_sent_any_more(post: Post) -> None:
    until: datetime = post.clock.now() + timedelta(hours=1)
    await post.queue.send(Mail(to="a@b", subject="x", text="x", until=until))
    post.clock.advance(timedelta(hours=1))
    await post.round()
    assert (post.server.kept.sent, await post.waiting()) == ([], [])


async def test_a_letter_that_never_can_be_sent_is_let_go(post: Post) -> None:
    post.server.away = MailRefused("550")
    await post.queue.send(LETTER)
    await post.round()
    assert await post.waiting() == []
    post.server.away = OSError("away for good")
    await post.queue.send(LETTER)
    for _ in range(12):
        await post.round()
        post.clock.advance(timedelta(hours=2))
    assert (post.server.kept.sent, await post.waiting()) == ([], [])


async def test_letters_do_not_pile_up_without_end(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("currant.notices.mail.WAITING_MAX", 3)
    post.server.away = OSError("away")
    for _ in range(5):
        await post.queue.send(LETTER)
    assert len(await post.waiting()) == 3
