"""Puts together how people sign in: tenancy, the mail it sends, the providers it asks."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from currant.app.settings import Problem, Settings, SettingsWrong
from currant.app.settings_of_people import ProviderSettings
from currant.db.jobs import JobRunner
from currant.kit.clock import Clock
from currant.kit.errors import Invalid
from currant.kit.http import check_url
from currant.notices.mail import (
    DEADLINE_S,
    JOB,
    ConsoleMailer,
    FileMailer,
    QueuedMailer,
    SmtpMailer,
    mailer_of,
)
from currant.tenancy.local_key import ensure_local_key
from currant.tenancy.oidc import Provider
from currant.tenancy.service import Tenancy

GREETING_DEADLINE_S = 5.0

if TYPE_CHECKING:
    from currant.app.container import Currant


async def start_tenancy(currant: "Currant", stack: AsyncExitStack, *, names: list[str]) -> None:
    """Sets `tenancy`, `mailer` and `first_login`. Raises SettingsWrong when mail or a provider is set wrong."""
    settings, place, clock, database = currant.settings, currant.place, currant.clock, currant.database
    key = place.installation_key()
    sender = sender_of(settings, clock, names=names, data_dir=place.folder)
    currant.mailer = QueuedMailer(
        database, sender, clock, key=key, tenant_of=lambda: currant.tenancy.host_tenant_id
    )
    currant.tenancy = Tenancy(
        database,
        installation_key=key,
        clock=clock,
        local_key=ensure_local_key(place.folder),
        mailer=currant.mailer,
        mail_arrives=bool(settings.mail.url),
        base=lambda: people_url(settings, names=names, port=currant.api.port),
        providers=providers_of(settings),
        outbound=currant.outbound,
    )
    stack.callback(currant.tenancy.close)
    currant.first_login = await currant.tenancy.prepare(organisation=settings.operator)
    runner = JobRunner(database, {JOB: currant.mailer.deliver}, clock=clock)
    runner.start()
    stack.push_async_callback(runner.stop)
    stack.push_async_callback(currant.tenancy.mail_links.stop)


def sender_of(
    settings: Settings, clock: Clock, *, names: list[str], data_dir: Path, deadline_s: float = DEADLINE_S
) -> SmtpMailer | FileMailer | ConsoleMailer:
    """What mail leaves by; SettingsWrong when `[mail]` cannot be understood."""
    mail = settings.mail
    try:
        trust = None if mail.trust is None else ssl.create_default_context(cafile=str(mail.trust))
    except (OSError, ssl.SSLError) as error:
        raise SettingsWrong([Problem(where="mail.trust", what=f"It cannot be read: {error}.")]) from None
    try:
        return mailer_of(
            mail.url,
            sender=sender_address(settings, names=names),
            folder=data_dir / "mail",
            clock=clock,
            trust=trust,
            deadline_s=deadline_s,
        )
    except Invalid as error:
        raise SettingsWrong([Problem(where="mail.url", what=error.message)]) from None


def check_signing_in(settings: Settings, clock: Clock, *, names: list[str]) -> Iterator[Problem]:
    """What is wrong with mail and providers, for `currant check`; a mail server is greeted, not used."""
    try:
        providers_of(settings)
    except SettingsWrong as wrong:
        yield from wrong.problems
    try:
        sender = sender_of(
            settings, clock, names=names, data_dir=settings.data_dir, deadline_s=GREETING_DEADLINE_S
        )
    except SettingsWrong as wrong:
        yield from wrong.problems
        return
    try:
        if isinstance(sender, SmtpMailer):
            sender.greet()
        elif isinstance(sender, FileMailer) and settings.mail.url:
            sender.prepare()
    except (OSError, smtplib.SMTPException) as error:
        yield Problem(where="mail.url", what=f"No mail can be sent: {error}.", error=False)
    if settings.mail.sender and settings.mail.sender.count("@") != 1:
        yield Problem(where="mail.sender", what="It is no e-mail address, as in currant@example.org.")
    if settings.mail.url and not settings.http.public_url:
        yield Problem(
            where="http.public_url",
            what=f"Links in mails lead to {people_url(settings, names=names, port=0)}: say where people reach Currant.",
            error=False,
        )


def sender_address(settings: Settings, *, names: list[str]) -> str:
    if settings.mail.sender:
        return settings.mail.sender
    host = urlsplit(people_url(settings, names=names, port=0)).hostname or "localhost"
    return f"currant@{host}"


def people_url(settings: Settings, *, names: list[str], port: int) -> str:
    """Where people reach the pages: as it was set, or as far as this machine can know it."""
    http = settings.http
    if http.public_url:
        return http.public_url.rstrip("/")
    host = names[0] if http.host in ("0.0.0.0", "::", "") else http.host
    if host in ("127.0.0.1", "::1"):
        # The name that passkeys can belong to.
        host = "localhost"
    scheme = "https" if http.tls else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{http.port or port}"


def providers_of(settings: Settings) -> list[Provider]:
    """The providers of single sign-on; SettingsWrong when one cannot be."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for each in settings.sign_in.providers:
        where = f"sign_in.providers ({each.id})"
        if each.id in seen:
            problems.append(Problem(where=where, what="There are two of this id."))
        seen.add(each.id)
        try:
            check_url(each.issuer, allow_private=settings.outbound.allow_private_addresses)
        except Invalid as error:
            problems.append(Problem(where=f"{where}: issuer", what=error.message))
        if each.create and each.role is None and not each.roles:
            problems.append(Problem(where=where, what="`create` needs a `role` for those it makes."))
        if bool(each.roles) != bool(each.role_claim):
            problems.append(Problem(where=where, what="`role_claim` and `roles` belong together."))
    if problems:
        raise SettingsWrong(problems)
    return [_provider(each) for each in settings.sign_in.providers]


def _provider(told: ProviderSettings) -> Provider:
    return Provider(
        id=told.id,
        name=told.name,
        issuer=told.issuer,
        client_id=told.client_id,
        client_secret=told.client_secret,
        scopes=told.scopes,
        organisation=told.organisation,
        create=told.create,
        link_by_email=told.link_by_email,
        role=told.role,
        role_claim=told.role_claim,
        roles=dict(told.roles),
        second_factor=told.second_factor,
    )
