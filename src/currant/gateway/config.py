"""What can be set about the gateway: where it listens, who may connect and how much of anything is allowed."""

import msgspec


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Server certificates (PEM: leaf first, then the chain) and whose client certificates are believed.

    OCPP asks for an RSA and an ECDSA certificate, since two of its four mandatory cipher suites
    need one and one the other (security whitepaper A00, table 5).
    """

    certificates: tuple[tuple[str, str], ...]
    """Paths (certificate chain, private key); usually one RSA and one ECDSA pair."""
    client_authorities: str | None = None
    """Path of the CA certificates that sign stations' certificates; None switches profile 3 off."""
    client_organisation: str | None = None
    """The O that a station's certificate must carry (2.0.1 A00.FR.404); None does not look."""


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int | None = 9000
    """Plain WebSockets, profiles 0 and 1. 0 takes any free port, None does not listen."""
    tls_host: str = "127.0.0.1"
    tls_port: int | None = 9443
    """TLS, profiles 2 and 3; needs `tls`."""
    tls: TlsConfig | None = None
    allow_unauthenticated: bool = False
    """Profile 0: accepted stations without a password may connect without one."""
    unknown_per_minute: int = 600
    """How many unknown identities are written down in a minute; more are answered 503 until it has passed.
    What becomes of them is `StationPolicy.unknown_stations`."""

    heartbeat_interval_s: int = 300
    """As `StationPolicy` has it: what idle limits are measured by."""
    ping_interval_s: int = 60
    """A connection silent for this long is pinged; 0 never pings. A station's own setting goes before."""
    idle_limit_s: int = 0
    """Silence after which a connection is closed; never below three heartbeats (or three pings). 0 is just that."""
    handshake_timeout_s: float = 10.0
    call_timeout_s: float = 30.0
    call_timeouts_in_a_row: int = 3
    """After so many unanswered calls the connection is closed, so that the station makes a new one."""
    boot_wanted_after_s: int = 120
    """A station that reconnected and did not boot is asked for a BootNotification after this."""

    max_message_bytes: int = 1024 * 1024
    max_connections: int = 50_000
    read_buffer_bytes: int = 2048
    messages_per_second: float = 50.0
    message_burst: int = 500
    throttled_limit_s: float = 60.0
    """A station that is held back for so long without a pause is closed (1008)."""
    compress_above_bytes: int = 1024

    failures_per_identity: int = 10
    failures_per_address: int = 300
    failure_window_s: float = 60.0
