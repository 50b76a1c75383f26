"""The settings of charging stations: their endpoints, certificates, files, and how they are kept track of."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from currant.app.section import Port, Section


class UnknownStations(StrEnum):
    PENDING = "pending"
    REFUSED = "refused"
    OPEN = "open"


class OcppSettings(Section):
    """The endpoints that charging stations connect to."""

    plain: bool = True
    """Listen without encryption (security profiles 0 and 1)."""

    host: str = "127.0.0.1"
    """The address of the unencrypted endpoint. Loopback alone by default; `0.0.0.0` opens it to a network
    that you trust."""

    port: Port = 9000
    """The port of the unencrypted endpoint; 0 takes any free one."""

    public_url: str = ""
    """Where chargers reach the endpoint without encryption, as in `ws://csms.example.org:9000/ocpp`: what whoever
    takes a charger in is told to enter. Empty: the first of `tls.names` (or this machine's name) and the port."""

    tls: bool = True
    """Listen with TLS (security profiles 2 and 3)."""

    tls_host: str = "0.0.0.0"
    """The address of the TLS endpoint."""

    tls_port: Port = 9443
    """The port of the TLS endpoint; 0 takes any free one."""

    allow_unauthenticated: bool = False
    """Let stations without a password in over the unencrypted endpoint (security profile 0). For
    laboratories and for chargers behind a VPN."""

    unknown_stations: UnknownStations = UnknownStations.PENDING
    """What happens to a station nobody registered: `pending` lists it for acceptance (`currant accept`),
    `refused` turns it away, `open` accepts it."""

    heartbeat_interval_s: Annotated[int, Field(ge=1, le=86_400)] = 300
    """Seconds between heartbeats, told to stations when they boot."""

    ping_interval_s: Annotated[int, Field(ge=0, le=3600)] = 60
    """Seconds between the server's WebSocket pings; 0 sends none."""

    idle_limit_s: Annotated[int, Field(ge=0, le=864_000)] = 0
    """Seconds of silence after which a connection is closed; 0 is three heartbeats."""

    call_timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds that a station has for answering a command."""

    max_message_bytes: Annotated[int, Field(ge=16_384, le=16_777_216)] = 1_048_576
    """The largest message taken from a station, after decompression."""

    messages_per_second: Annotated[float, Field(gt=0)] = 50.0
    """How fast one station may speak over time; faster is slowed down, then disconnected."""


class Signer(StrEnum):
    OWN = "own"
    HTTP = "http"
    EST = "est"


class CertificatesSettings(Section):
    """Certificates of stations, passwords on their way, and plug and charge."""

    signer: Signer = Signer.OWN
    """Who signs the certificates of stations: `own` is Currant's authority, `http` and `est` (RFC 7030) ask the
    one at `signer_url`."""

    signer_url: str = ""
    """Where the outside authority is asked; for EST without `/simpleenroll`."""

    signer_token: str = ""
    """The bearer token that an authority of `http` is shown."""

    signer_user: str = ""
    """The name under which an authority of `est` is asked."""

    signer_password: str = ""
    """The password to `signer_user`."""

    signer_deadline_s: Annotated[float, Field(gt=0, le=300)] = 30.0
    """Seconds that an outside authority has for an answer; it is asked four times."""

    trust: Path | None = None
    """Roots (PEM) by which outside authorities and pools are trusted, instead of this machine's."""

    v2g_signer_url: str = ""
    """Where certificates that stations show to vehicles are signed (as with `http`). Empty: as the others."""

    v2g_signer_token: str = ""
    """The bearer token for `v2g_signer_url`."""

    station_days: Annotated[int, Field(ge=1, le=7300)] = 1095
    """Days that a certificate of a station lasts which Currant's own authority signs."""

    renew_before_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days before its end from which on a station is asked to renew its certificate."""

    public_url: str = ""
    """Where others fetch the list of revoked certificates, as in `http://csms.example.org`: named in what Currant
    signs as `<public_url>/pki/crl.der`. Empty: none is named."""

    client_crl: Path | None = None
    """Lists of revoked certificates (CRLs, PEM or DER) of the authorities in `tls.client_roots`; read daily."""

    stations_url: str = ""
    """Where stations reach the TLS endpoint, as in `wss://csms.example.org:9443/ocpp`: told to those that are moved
    to a better security profile. Empty: the first of `tls.names` (or this machine's name) and the port."""

    old_password_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days that a station's old password is taken beside a new one that it has not used yet."""

    ocsp_hosts: tuple[str, ...] = ()
    """The only hosts that are asked about certificates of others (OCSP, CRL), also in private networks. Empty: any
    on the public internet."""

    contract_roots: Path | None = None
    """Roots (PEM) of mobility operators and V2G that contract certificates have to lead to, and the authorities
    under them, by which the word of OCSP responders is checked. Empty: no contract is accepted."""

    contracts_url: str = ""
    """Where cars' requests for contract certificates are handed on to. Empty: they are declined."""

    contracts_token: str = ""
    """The bearer token for `contracts_url`."""


class FilesSettings(Section):
    """Files that stations send and fetch: logs, diagnostics, firmware."""

    folder: Path | None = None
    """The folder that files are kept in; several nodes on one database share one. Empty: `files` in the data
    directory."""

    public_url: str = ""
    """Where stations reach the API, as in `https://csms.example.org`. Empty: the first of `tls.names` (or this
    machine's name) and the port of `[http]`."""

    plain_url: str = ""
    """The same for stations that are connected without TLS and cannot check our certificate, as in
    `http://10.0.0.1:8080`. Empty: they are given `public_url` too."""

    upload_max_mb: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Megabytes of the largest log that is taken from a station."""

    firmware_max_mb: Annotated[int, Field(ge=1, le=10_000)] = 512
    """Megabytes of the largest firmware image."""

    organisation_max_mb: Annotated[int, Field(ge=1)] = 20_000
    """Megabytes that the files of one organisation may take together."""

    free_disk_mb: Annotated[int, Field(ge=0)] = 1_000
    """Megabytes of the disk that files leave free."""

    keep_days: Annotated[int, Field(ge=1)] = 90
    """Days that logs from stations are kept; firmware stays until it is deleted."""


class DesiredSettings(Section):
    """How fast stations are made what they are declared to be."""

    stations_at_once: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Stations that are told something at the same time."""

    stations_per_second: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """Stations begun within a second: what keeps answers to charging stations quick meanwhile."""

    sweep_minutes: Annotated[int, Field(ge=1, le=10_080)] = 60
    """How often every connected station is looked at even if nothing was heard of it."""


class VariablesSettings(Section):
    """How the device models of stations are read."""

    read_at_once: Annotated[int, Field(ge=1, le=100)] = 4
    """Stations asked for all of their variables at the same time."""

    read_after_days: Annotated[int, Field(ge=1)] = 30
    """Days after which a model is read anew. It is also read after a boot with other firmware."""
