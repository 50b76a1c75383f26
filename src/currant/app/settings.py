"""Everything that can be set, with what it means: one TOML file, and the environment over it.

`docs/configuration.md` is made from this file (scripts/document_settings.py). Each key is also an
environment variable: `[ocpp] port` is `CURRANT_OCPP_PORT`, `data_dir` is `CURRANT_DATA_DIR`.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from currant.app.section import Port, Section
from currant.app.settings_of_charges import ChargeSettings
from currant.app.settings_of_people import MailSettings, SignInSettings
from currant.app.settings_of_stations import (
    CertificatesSettings,
    DesiredSettings,
    FilesSettings,
    OcppSettings,
    VariablesSettings,
)

PREFIX = "CURRANT_"
NOT_SETTINGS = frozenset(
    {"CURRANT_CONFIG", "CURRANT_URL", "CURRANT_KEY", "CURRANT_WEB", "CURRANT_WEB_FOLDER"}
)
"""Variables of ours that are no keys: where the file is, how the command line connects, the build."""


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class DatabaseSettings(Section):
    """Where the facts are kept."""

    url: str = ""
    """`sqlite:///path/to/file` or `postgresql://user:password@host/name`. Empty: `currant.sqlite` in the
    data directory."""


class HttpSettings(Section):
    """The API and its documentation."""

    host: str = "127.0.0.1"
    """The address to listen on. Loopback alone by default: open it (`0.0.0.0`) together with `tls = true`,
    or keep it and put a reverse proxy before it."""

    port: Port = 8080
    """The port to listen on; 0 takes any free one."""

    tls: bool = False
    """Speak HTTPS, with the certificate of `[tls]`."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    public_url: str = ""
    """Where people reach Currant, as in `https://csms.example.org`: for the links in mails. Empty: the first of
    `tls.names` (or this machine's name) and the port, or loopback when it listens there alone."""


class OutboundSettings(Section):
    """Whom Currant asks of its own: the external authorisers and webhooks that tenants set."""

    allow_private_addresses: bool = False
    """Connect also to addresses of private networks, and without encryption to this very machine. Right where
    everybody who may set an address is an operator of this machine; otherwise a tenant could reach into your
    network."""


class TlsSettings(Section):
    """Certificates. Without any, Currant makes its own authority and certificates in `pki/` of the data
    directory."""

    names: tuple[str, ...] = ()
    """Host names and addresses that stations and people use for this server; the certificates Currant makes
    are for these, this machine's name and localhost."""

    certificate: Path | None = None
    """Your own certificate chain (PEM), instead of Currant's."""

    key: Path | None = None
    """The private key of `certificate` (PEM, not encrypted)."""

    second_certificate: Path | None = None
    """A second chain with the other kind of key (RSA beside ECDSA): the security profiles ask for both."""

    second_key: Path | None = None
    """The private key of `second_certificate`."""

    client_roots: Path | None = None
    """Roots (PEM) that station certificates may come from (security profile 3), beside Currant's own."""


class ReservationSettings(Section):
    """What reservations and waiting lists may be like."""

    lead_minutes: Annotated[int, Field(ge=0, le=240)] = 15
    """Minutes before its beginning from which a place is kept free and its station told."""

    grace_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Minutes after its beginning for which the place waits for a driver who planned ahead."""

    usual_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """How long a reservation is whose end is not named."""

    max_minutes: Annotated[int, Field(ge=1, le=10_080)] = 720
    """How long a reservation may be."""

    max_ad_hoc_minutes: Annotated[int, Field(ge=1, le=10_080)] = 120
    """How long a place may be kept from now on."""

    min_notice_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    """How long ahead reservations are made at least, other than from now on."""

    max_days_ahead: Annotated[int, Field(ge=1, le=366)] = 30
    """How long ahead reservations are made at most."""

    open_per_token: Annotated[int, Field(ge=1, le=1000)] = 2
    """How many open reservations a token may have."""

    open_per_account: Annotated[int, Field(ge=1, le=10_000)] = 20
    """How many open reservations the tokens of an account may have together."""

    call_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    """Minutes for which a place is held for a waiting driver who is called."""

    max_wait_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """Hours after which somebody who was never called is taken off the list."""

    waiting_per_location: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How many drivers may wait at a location."""


class MapSettings(Section):
    """The map of the console and of the driver's app. Without a tile server it shows the world's countries,
    which Currant brings along, and asks nobody."""

    tiles: str = ""
    """A raster tile server, as in `https://tiles.example.org/{z}/{x}/{y}.png`: browsers then ask it for tiles.
    Empty: the map that Currant brings along."""

    attribution: str = ""
    """What a map of these tiles has to say about where they are from."""


class DriverSettings(Section):
    """The app for drivers. Whether it is served, and whether guests may charge, is each organisation's own
    choice (its branding)."""

    link_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Minutes that a link to sign in works."""

    plug_in_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    """Minutes after which a session that was started without a vehicle is given up."""

    guest_sessions: Annotated[int, Field(ge=1, le=10)] = 1
    """Sessions that a guest may have under way at the same time."""

    driver_sessions: Annotated[int, Field(ge=1, le=50)] = 3
    """Sessions that a driver with an account may have under way at the same time."""

    guest_days: Annotated[int, Field(ge=1)] = 60
    """Days after which a guest who does not come back is forgotten: what they charged stays, as nobody's."""

    push_contact: str = ""
    """How the services that carry messages to browsers reach you when something is wrong with yours:
    an e-mail address, or one that begins with https://. Empty: this server's address."""


class PaymentSettings(Section):
    """How payments are taken. Providers and their keys are each organisation's own: the API sets them."""

    sandbox: bool = False
    """Offer the sandbox, a provider that moves no money and takes test cards. For demos and tests: whoever can
    reach it charges for nothing."""


class RetentionSettings(Section):
    """How long what is kept."""

    messages_days: Annotated[int, Field(ge=1)] = 30
    """Days that the message log reaches back."""

    messages_mb: Annotated[int, Field(ge=1)] = 4096
    """Megabytes the message log may take; the oldest goes first."""

    journal_days: Annotated[int, Field(ge=1)] = 30
    """Days that the journal of events reaches back."""

    status_history_days: Annotated[int, Field(ge=1)] = 365
    """Days that the history of connector states reaches back."""

    commands_days: Annotated[int, Field(ge=1)] = 365
    """Days that commands and their outcomes are kept."""

    security_events_days: Annotated[int, Field(ge=1)] = 365
    """Days that security events and the audit log are kept."""

    component_events_days: Annotated[int, Field(ge=1)] = 180
    """Days that what components of stations told, and streamed values, are kept."""

    reservations_days: Annotated[int, Field(ge=1)] = 730
    """Days that reservations and places in waiting lists are kept after they ended."""

    settlements_days: Annotated[int, Field(ge=1)] = 3650
    """Days that payments at terminals and battery swaps are kept: as long as receipts have to be, in most countries."""

    findings_days: Annotated[int, Field(ge=1)] = 90
    """Days that a finding is kept after it was last made."""

    readings_full_days: Annotated[int, Field(ge=1)] = 90
    """Days that every meter reading is kept. Older ones are thinned; the first and last of a session stay."""

    readings_thinned_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """One reading in so many minutes is kept of what is older than that."""


class Settings(BaseSettings):
    """All settings. Unknown keys are errors, so that a misspelt one is not silently without effect."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
    )

    data_dir: Path = Path("data")
    """The directory for what Currant keeps: database, secrets, certificates. Made on first start, readable by
    its user alone."""

    operator: str = "Currant"
    """The operator's name: in the certificates that Currant makes, and demanded as organisation of stations'
    certificates (security profile 3)."""

    node: str = ""
    """This server's name among several on one database, the same at every start. Empty: the machine's name."""

    log_level: LogLevel = LogLevel.INFO
    """How much is written to standard error: `debug`, `info`, `warning` or `error`."""

    database: DatabaseSettings = DatabaseSettings()
    http: HttpSettings = HttpSettings()
    ocpp: OcppSettings = OcppSettings()
    outbound: OutboundSettings = OutboundSettings()
    tls: TlsSettings = TlsSettings()
    certificates: CertificatesSettings = CertificatesSettings()
    mail: MailSettings = MailSettings()
    sign_in: SignInSettings = SignInSettings()
    files: FilesSettings = FilesSettings()
    reservations: ReservationSettings = ReservationSettings()
    desired: DesiredSettings = DesiredSettings()
    variables: VariablesSettings = VariablesSettings()
    map: MapSettings = MapSettings()
    drivers: DriverSettings = DriverSettings()
    payments: PaymentSettings = PaymentSettings()
    charges: ChargeSettings = ChargeSettings()
    retention: RetentionSettings = RetentionSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over file (see `load`, which names the three)."""
        assert isinstance(init_settings, InitSettingsSource)
        given = init_settings.init_kwargs
        return (
            InitSettingsSource(settings_cls, init_kwargs=given.get("options", {})),
            _Environment(settings_cls, given.get("environment", {})),
            InitSettingsSource(settings_cls, init_kwargs=given.get("file", {})),
        )

    @classmethod
    def of(cls, **sources: Any) -> "Settings":
        return cls(**sources)

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{(self.data_dir / 'currant.sqlite').absolute()}"


class _Environment(EnvSettingsSource):
    """The variables of a given mapping, so that a test need not change its own process's."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # pydantic-settings compares in lower case.
        return {name.lower(): value for name, value in self._variables.items() if value != ""}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with the settings, or with the world they describe; `error` False is a warning."""

    where: str
    what: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class SettingsWrong(Exception):
    """The settings cannot be used; `problems` says why, each with what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def find_file(
    option: Path | None = None, environment: Mapping[str, str] = os.environ, *, working: Path | None = None
) -> Path | None:
    """The settings file: `--config`, `CURRANT_CONFIG`, `./currant.toml`, `~/.config/currant/currant.toml`."""
    named = option or (Path(environment["CURRANT_CONFIG"]) if environment.get("CURRANT_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise SettingsWrong([Problem(where=str(named), what="There is no such settings file.")])
        return named
    home = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "/")) / ".config")
    candidates = ((working or Path.cwd()) / "currant.toml", home / "currant" / "currant.toml")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def load(
    file: Path | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings from options (dotted keys: `{"ocpp.port": 9000}`), environment and file, in that order.

    Raises `SettingsWrong` with everything that is wrong at once, not the first thing alone.
    """
    values: dict[str, Any] = {}
    where = str(file) if file else "settings"
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsWrong(
                [Problem(where=where, what=f"It cannot be read as TOML: {error}.")]
            ) from error
    problems = [*_unknown_keys(values, where), *_unknown_variables(environment)]
    given: dict[str, Any] = {}
    for key, value in (options or {}).items():
        if value is not None:
            section, _, name = key.rpartition(".")
            (given.setdefault(section, {}) if section else given)[name] = value
    try:
        settings = Settings.of(file=values, environment=environment, options=given)
    except ValidationError as error:
        problems += [
            Problem(
                where=f"{where}: {'.'.join(str(part) for part in wrong['loc'])}",
                what=_told(wrong["msg"], wrong["input"]),
            )
            for wrong in error.errors()
            # Those of sections are told above, with the name that was meant.
            if wrong["type"] != "extra_forbidden" or len(wrong["loc"]) > 2
        ]
        if not problems:
            problems = [Problem(where=where, what=str(error))]
    except ValueError as error:  # pydantic-settings: a variable that should hold JSON does not
        problems.append(Problem(where="environment", what=f"{error}."))
    if problems:
        raise SettingsWrong(problems)
    return settings


def _told(message: str, value: Any) -> str:
    # A whole table may hold a secret beside what is wrong with it.
    if isinstance(value, dict):
        return f"{message}."
    return f"{message}, but it is {json.dumps(value, default=str)[:80]}."


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key, as documented."""

    section: str
    name: str
    default: Any
    type: str
    explanation: str

    @property
    def dotted(self) -> str:
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        return PREFIX + self.dotted.replace(".", "_").upper()


def keys() -> Iterator[Key]:
    """Every key there is, those without a section first."""
    sections: list[tuple[str, type[BaseModel]]] = [("", Settings)]
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            sections.append((name, field.annotation))
    for section, model in sections:
        for name, field in model.model_fields.items():
            if (section, name) == ("", name) and name in dict(sections):
                continue
            yield Key(
                section=section,
                name=name,
                default=field.default,
                type=_type_in_words(field.annotation),
                explanation=" ".join((field.description or "").split()),
            )


def sections() -> dict[str, str]:
    """Section names and what they are about."""
    return {
        name: " ".join((field.annotation.__doc__ or "").split())
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def _type_in_words(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f'"{member.value}"' for member in annotation)
    text = str(annotation)
    if "Settings" in text:
        return "list of tables"
    if "tuple" in text and "int" in text:
        return "list of whole numbers"
    if "tuple" in text:
        return "list of texts"
    if "Path" in text:
        return "path"
    return {"bool": "true or false", "int": "whole number", "float": "number"}.get(
        getattr(annotation, "__name__", ""), "text"
    )


def _unknown_keys(values: Mapping[str, Any], where: str) -> Iterator[Problem]:
    known = {key.dotted for key in keys()}
    for name, value in values.items():
        inner = [f"{name}.{key}" for key in value] if isinstance(value, dict) and value else [name]
        for dotted in inner:
            if dotted not in known and not (dotted in sections() and not isinstance(value, dict)):
                yield Problem(where=f"{where}: {dotted}", what=f"No such setting.{_closest(dotted, known)}")


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[Problem]:
    known = {key.variable for key in keys()} | NOT_SETTINGS
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            yield Problem(where=name, what=f"No such setting.{_closest(name, known)}")


def _closest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        # The right key in the wrong section, or in none.
        last = name.rpartition(".")[2]
        close = [key for key in sorted(known) if key.rpartition(".")[2] == last][:1]
    return f" Did you mean {close[0]}?" if close else ""
