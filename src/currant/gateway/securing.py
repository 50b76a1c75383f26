"""The services of link security that the gateway calls; each may be missing, and then its part is declined."""

import msgspec

from currant.pki.contracts import Contracts
from currant.pki.ocsp import CertificateStatusService
from currant.pki.revocation import Revocations
from currant.pki.signing import Signing
from currant.pki.upgrading import Upgrades
from currant.stations.security import Credentials


class Securing(msgspec.Struct, frozen=True, kw_only=True):
    signing: Signing | None = None
    revocations: Revocations | None = None
    credentials: Credentials | None = None
    upgrades: Upgrades | None = None
    statuses: CertificateStatusService | None = None
    contracts: Contracts | None = None
