"""How letters leave: by SMTP, into files, or onto the console; and the queue that they wait in.

A letter is a job (db/jobs.py): it survives a restart, is tried again with growing pauses, and is let go
when it is not worth sending any more. Letters hold links that open accounts, so they are sealed there.
"""

import asyncio
import logging
import os
import smtplib
import ssl
import sys
from collections.abc import Callable
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import ATTEMPTS_MAX, Job, add_job, count_jobs
from currant.kit.clock import Clock
from currant.kit.crypto import seal, unseal
from currant.kit.errors import Invalid
from currant.kit.ids import TenantId, new_id
from currant.kit.mail import Mail, Mailer

log = logging.getLogger(__name__)

JOB = "mail"
WAITING_MAX = 10_000
FILES_MAX = 1_000
DEADLINE_S = 30.0
WORTH_SENDING = timedelta(days=3)
_ABOUT = "mail"


class MailRefused(Exception):
    """The mail server will never take this letter: trying again is of no use."""


class QueuedMailer:
    """Takes letters at once and has them sent by the runner of jobs, one after the other or some beside each other."""

    def __init__(
        self,
        database: Database,
        sender: Mailer,
        clock: Clock,
        *,
        key: bytes,
        tenant_of: Callable[[], TenantId],
    ) -> None:
        self._database = database
        self._sender = sender
        self._clock = clock
        self._key = key
        self._tenant_of = tenant_of

    async def send(self, mail: Mail) -> None:
        now = self._clock.now()
        if mail.until is None:
            mail = msgspec.structs.replace(mail, until=now + WORTH_SENDING)
        sealed = seal(msgspec.json.encode(mail), key=self._key, about=_ABOUT)

        def add(connection: Connection, changes: ChangeSet) -> bool:
            if count_jobs(connection, JOB) >= WAITING_MAX:
                return False
            add_job(changes, JOB, {"sealed": sealed.hex()}, run_at=now)
            return True

        if not await self._database.decide(add, self._tenant_of()):
            log.error("%s letters wait already: one was let go. Does the mail server answer?", WAITING_MAX)

    async def deliver(self, job: Job) -> None:
        """The handler of the jobs: what it raises has the letter tried again."""
        try:
            sealed = bytes.fromhex(job.payload["sealed"])
            mail = msgspec.json.decode(unseal(sealed, key=self._key, about=_ABOUT), type=Mail)
        except (ValueError, KeyError, TypeError, msgspec.DecodeError):
            log.error("A letter could not be read (was the installation's key changed?): it is let go.")
            return
        if mail.until is not None and mail.until <= self._clock.now():
            log.error("A letter to %s is too old to be sent: it is let go.", _masked(mail.to))
            return
        try:
            await self._sender.send(mail)
        except MailRefused as error:
            log.error("The letter to %s is let go: %s", _masked(mail.to), error)
        except (OSError, smtplib.SMTPException, TimeoutError) as error:
            if job.attempts + 1 >= ATTEMPTS_MAX:
                log.error("The letter to %s is given up: %s", _masked(mail.to), error)
                return
            # Without its cause: that could hold the letter, and this ends in the log.
            raise MailDelayed(f"{type(error).__name__}: {error}") from None


class MailDelayed(Exception):
    """The letter could not be sent now and is tried again."""


class SmtpMailer:
    """Hands letters to a mail server: in a thread, with a deadline for every step."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        clock: Clock,
        user: str = "",
        password: str = "",
        encrypted_from_start: bool = False,
        plain: bool = False,
        trust: ssl.SSLContext | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`plain` lets mail go without encryption to other machines than this one."""
        self._host, self._port = host, port
        self._sender = sender
        self._clock = clock
        self._user, self._password = user, password
        self._encrypted_from_start = encrypted_from_start
        self._plain = plain
        self._trust = trust
        self._deadline_s = deadline_s
        # A mail server need not see more of us at once.
        self._at_once = asyncio.Semaphore(2)

    async def send(self, mail: Mail) -> None:
        message = message_of(mail, sender=self._sender, clock=self._clock)
        async with self._at_once:
            await asyncio.to_thread(self._send, message)

    def greet(self) -> None:
        """Say hello and sign in, without sending anything: what `currant check` does. Raises what goes wrong."""
        with self._connected():
            pass

    def _send(self, message: EmailMessage) -> None:
        with self._connected() as server:
            try:
                server.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                codes = [code for code, _ in error.recipients.values()]
                if all(500 <= code < 600 for code in codes):
                    raise MailRefused(f"the server answers {codes[0]}") from None
                raise
            except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
                if 550 <= error.smtp_code < 560 and error.smtp_code != 552:
                    raise MailRefused(f"the server answers {error.smtp_code}") from None
                raise

    def _connected(self) -> smtplib.SMTP:
        trust = self._trust or ssl.create_default_context()
        server: smtplib.SMTP
        if self._encrypted_from_start:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=self._deadline_s, context=trust)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._deadline_s)
        try:
            if not self._encrypted_from_start:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=trust)
                    server.ehlo()
                elif not (self._plain or self._host in ("localhost", "127.0.0.1", "::1")):
                    # Somebody on the way may have taken the offer out.
                    raise smtplib.SMTPException(
                        "the server offers no encryption: add ?plain=yes to mail.url if the network is yours"
                    )
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


class FileMailer:
    """Puts each letter into a file of its own, readable by the server's user alone; the oldest make room."""

    def __init__(self, folder: Path, *, sender: str, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        message = message_of(mail, sender=self._sender, clock=self._clock)
        await asyncio.to_thread(self._write, bytes(message))

    def prepare(self) -> None:
        """Make the folder; OSError when nothing can be written there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise OSError(f"{self._folder} is not writable by this user")

    def _write(self, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Ids sort by time; a file has its name once it is whole.
        path = self._folder / f"{new_id()}.eml"
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.rename(path)
        for old in sorted(self._folder.glob("*.eml"))[:-FILES_MAX]:
            old.unlink(missing_ok=True)


class ConsoleMailer:
    """Shows letters where the server was started: for trying things out."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr

    async def send(self, mail: Mail) -> None:
        line = "-" * 72
        print(f"{line}\nMail to {mail.to}: {mail.subject}\n\n{mail.text}{line}", file=self._out, flush=True)


def mailer_of(
    url: str,
    *,
    sender: str,
    folder: Path,
    clock: Clock,
    trust: ssl.SSLContext | None = None,
    deadline_s: float = DEADLINE_S,
) -> SmtpMailer | FileMailer | ConsoleMailer:
    """The mailer that `mail.url` asks for; Invalid says what is wrong with it. Empty: files in `folder`."""
    if not url:
        return FileMailer(folder, sender=sender, clock=clock)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("The address's port is no number.", field="mail.url") from None
    if parts.scheme == "console":
        return ConsoleMailer()
    if parts.scheme == "file":
        if not parts.path.startswith("/"):
            raise Invalid("Name a folder, as in file:/var/mail/currant.", field="mail.url")
        return FileMailer(Path(unquote(parts.path)), sender=sender, clock=clock)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Invalid(
            "Say smtp://host, smtps://host, file:/folder or console:, and what belongs to it.",
            field="mail.url",
        )
    encrypted = parts.scheme == "smtps"
    options = parse_qs(parts.query)
    return SmtpMailer(
        host=parts.hostname,
        port=port or (465 if encrypted else 587),
        sender=sender,
        clock=clock,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        encrypted_from_start=encrypted,
        plain=options.get("plain") == ["yes"],
        trust=trust,
        deadline_s=deadline_s,
    )


def message_of(mail: Mail, *, sender: str, clock: Clock) -> EmailMessage:
    """A letter as it travels (RFC 5322). Line breaks in a name or subject end as spaces, not as headers."""
    user, _, domain = sender.partition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_line(mail.sender_name), user, domain)
    message["To"] = mail.to
    message["Subject"] = _line(mail.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=domain)
    # So that nobody's out-of-office note answers (RFC 3834, 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _line(text: str) -> str:
    return " ".join(text.split())


def _masked(address: str) -> str:
    # The log is read by more people than the mail is for.
    user, at, domain = address.partition("@")
    return f"{user[:1]}…{at}{domain}"
