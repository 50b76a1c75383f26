"""Link security put together: who signs, who is believed, and what is done about it again and again."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from logging import getLogger
from pathlib import Path

from cryptography import x509

from currant.app.duties import Duty
from currant.app.settings import Settings
from currant.app.settings_of_stations import CertificatesSettings, Signer
from currant.db.engine import Database
from currant.events.delivery import Subscription
from currant.gateway.registry import Registry
from currant.gateway.securing import Securing
from currant.kit.clock import Clock
from currant.kit.event import Event
from currant.kit.http import Outbound
from currant.pki.authority import Authority
from currant.pki.contracts import Contracts, HttpContractCertificates
from currant.pki.hashes import read_certificates
from currant.pki.held import HeldCertificates
from currant.pki.model import (
    CertificateNotSigned,
    InstalledCertificatesChanged,
    StationCertificateChanged,
)
from currant.pki.ocsp import CertificateStatusService
from currant.pki.renewing import Renewing
from currant.pki.revocation import Revocations
from currant.pki.signers import CertificateSigner, EstSigner, HttpSigner, OwnSigner
from currant.pki.signing import Signing
from currant.pki.upgrading import SecurityUpgradeChanged, Upgrades
from currant.stations.commands import CommandService
from currant.stations.directory import StationDirectory
from currant.stations.events import CommandEnded, StationChanged
from currant.stations.inventory import Inventory
from currant.stations.security import Credentials
from currant.stations.security_model import PasswordRotated
from currant.stations.service import StationService

log = getLogger(__name__)

TOLD: tuple[type[Event], ...] = (
    StationCertificateChanged,
    CertificateNotSigned,
    InstalledCertificatesChanged,
    SecurityUpgradeChanged,
    PasswordRotated,
)
"""The events of link security; all of them move on people's screens."""


class LinkSecurity:
    """The services of link security, made by `link_security`."""

    def __init__(
        self,
        *,
        signing: Signing,
        renewing: Renewing,
        revocations: Revocations,
        held: HeldCertificates,
        credentials: Credentials,
        upgrades: Upgrades,
        statuses: CertificateStatusService,
        contracts: Contracts,
    ) -> None:
        self.signing = signing
        self.renewing = renewing
        self.revocations = revocations
        self.held = held
        self.credentials = credentials
        self.upgrades = upgrades
        self.statuses = statuses
        self.contracts = contracts

    @property
    def for_gateway(self) -> Securing:
        return Securing(
            signing=self.signing,
            revocations=self.revocations,
            credentials=self.credentials,
            upgrades=self.upgrades,
            statuses=self.statuses,
            contracts=self.contracts,
        )

    def subscriptions(self, node: str) -> list[Subscription]:
        """What every node must know at its door, and what is remembered once."""
        return [
            Subscription(
                f"revoked certificates of {node}", self.revocations.follow, to=(StationCertificateChanged,)
            ),
            Subscription(
                f"passwords offered, of {node}",
                self.credentials.follow,
                to=(PasswordRotated, StationChanged),
            ),
            Subscription(f"security upgrades of {node}", self.upgrades.follow, to=(SecurityUpgradeChanged,)),
            Subscription("certificates in stations", self.held.follow, to=(CommandEnded,), skip_after=3),
        ]

    def duties(self) -> list[Duty]:
        return [
            Duty(
                name="renewal of station certificates",
                every_s=3600,
                run=self.renewing.renew_ending,
                first_s=300,
                alone=False,
            ),
            Duty(
                name="delivery of station certificates",
                every_s=120,
                run=self.renewing.deliver_waiting,
                first_s=90,
                alone=False,
            ),
            Duty(name="end of unused passwords", every_s=3600, run=self.credentials.settle_old, first_s=600),
            Duty(
                name="lists of revoked certificates",
                every_s=86_400,
                run=self.revocations.load,
                first_s=3600,
                alone=False,
            ),
        ]


@asynccontextmanager
async def link_security(
    settings: Settings,
    *,
    authority: Authority,
    database: Database,
    directory: StationDirectory,
    registry: Registry,
    stations: StationService,
    commands: CommandService,
    inventory: Inventory,
    clock: Clock,
    stations_url: str,
    plain_url: str,
) -> AsyncIterator[LinkSecurity]:
    """Everything of link security, running inside the block."""
    wanted = settings.certificates
    # Those who set these addresses run the machine: a signer in their own network is no secret way out.
    trusted = Outbound(allow_private=True, trust=_trust(wanted.trust))
    asking = Outbound(
        allow_private=bool(wanted.ocsp_hosts) or settings.outbound.allow_private_addresses, allow_plain=True
    )
    revocations = Revocations(database, authority, lists=wanted.client_crl)
    signing = Signing(
        database,
        directory,
        registry,
        stations,
        commands,
        revocations,
        clock,
        signer=signer(wanted, authority, trusted),
        v2g_signer=HttpSigner(trusted, url=wanted.v2g_signer_url, token=wanted.v2g_signer_token)
        if wanted.v2g_signer_url
        else None,
        organisation=settings.operator,
    )
    renewing = Renewing(
        database,
        directory,
        registry,
        signing,
        clock,
        renew_before=timedelta(days=wanted.renew_before_days),
    )
    held = HeldCertificates(
        database,
        directory,
        commands,
        clock,
        own=own_roots(settings, authority),
        others=(*_roots(settings.tls.client_roots), *_roots(wanted.contract_roots)),
    )
    credentials = Credentials(
        database,
        directory,
        registry,
        commands,
        clock,
        unused_for=timedelta(days=wanted.old_password_days),
    )
    upgrades = Upgrades(
        database,
        directory,
        registry,
        commands,
        inventory,
        stations,
        held,
        signing,
        clock,
        url=wanted.stations_url or stations_url,
        plain_url=plain_url,
    )
    statuses = CertificateStatusService(asking, clock, hosts=wanted.ocsp_hosts)
    pool = None
    if wanted.contracts_url:
        pool = HttpContractCertificates(trusted, url=wanted.contracts_url, token=wanted.contracts_token)
    contracts = Contracts(statuses, clock, roots=_roots(wanted.contract_roots), pool=pool)
    await revocations.load()
    await held.load()
    await credentials.load()
    await upgrades.load()
    try:
        yield LinkSecurity(
            signing=signing,
            renewing=renewing,
            revocations=revocations,
            held=held,
            credentials=credentials,
            upgrades=upgrades,
            statuses=statuses,
            contracts=contracts,
        )
    finally:
        for service in (upgrades, contracts, statuses, signing):
            await service.stop()
        await asking.close()
        await trusted.close()


def signer(wanted: CertificatesSettings, authority: Authority, http: Outbound) -> CertificateSigner:
    """Who signs what stations show to this server."""
    if wanted.signer is Signer.HTTP:
        return HttpSigner(
            http, url=wanted.signer_url, token=wanted.signer_token, deadline_s=wanted.signer_deadline_s
        )
    if wanted.signer is Signer.EST:
        return EstSigner(
            http,
            url=wanted.signer_url,
            user=wanted.signer_user,
            password=wanted.signer_password,
            deadline_s=wanted.signer_deadline_s,
        )
    return OwnSigner(authority, life=timedelta(days=wanted.station_days))


def own_roots(settings: Settings, authority: Authority) -> list[x509.Certificate]:
    """The roots by which stations trust this server: ours, or those in the operator's own chain."""
    if settings.tls.certificate is None:
        return [authority.certificate]
    return [each for each in _roots(settings.tls.certificate) if each.issuer == each.subject]


def _roots(path: Path | None) -> list[x509.Certificate]:
    return [] if path is None else read_certificates(path.read_bytes())


def _trust(path: Path | None) -> ssl.SSLContext | None:
    return None if path is None else ssl.create_default_context(cafile=str(path))
