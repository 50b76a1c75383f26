"""Certificates: those signed for stations, those that stations hold, and the roots that they build on."""

import asyncio
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Until, check_times, station_id_of
from currant.kit.errors import NotFound
from currant.pki.authority import Authority
from currant.pki.held import HeldCertificates
from currant.pki.model import (
    CertificateStatus,
    InstalledCertificates,
    KnownRoot,
    StationCertificate,
)
from currant.pki.signing import Signing
from currant.stations.commanding.certificates import CertificateHash, LeafUse, RootUse
from currant.stations.model import CommandRecord, Page
from currant.tenancy.model import Permission


class RevokeCertificate(Body, frozen=True, kw_only=True):
    """Why a certificate is not believed any more; for the records."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class RenewCertificate(Body, frozen=True, kw_only=True):
    """Which of its certificates a station shall renew."""

    use: LeafUse = LeafUse.STATION


class InstallRoot(Body, frozen=True, kw_only=True):
    """A root certificate for a station, as PEM; our own without one."""

    use: RootUse = RootUse.CSMS
    certificate: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None


class DeleteRoot(Body, frozen=True, kw_only=True):
    """A certificate that a station shall forget, named as the station names it."""

    hash: CertificateHash
    even_last: bool = False
    """Also when it is the last root by which the station trusts a server, and it may never come back."""


def signing_of(request: ApiRequest) -> Signing:
    signing = services_of(request).signing
    if signing is None:
        raise NotFound("This server signs no certificates.")
    return signing


def held_of(request: ApiRequest) -> HeldCertificates:
    held = services_of(request).held
    if held is None:
        raise NotFound("This server keeps no certificates.")
    return held


def authority_of(request: ApiRequest) -> Authority:
    authority = services_of(request).authority
    if authority is None:
        raise NotFound("This server has no authority of its own.")
    return authority


@get("/api/v1/certificates", opt={"permission": Permission.SECURITY_READ}, tags=["Certificates"])
async def list_certificates(
    request: ApiRequest,
    station: Station = None,
    use: FromQuery[LeafUse | None] = None,
    status: FromQuery[CertificateStatus | None] = None,
    ends_before: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[StationCertificate]:
    """Certificates of stations, latest first: signed here or elsewhere, or brought along."""
    check_times(ends_before=ends_before)
    return await signing_of(request).list(
        tenant_of(request),
        station_id=None if station is None else station_id_of(request, station),
        use=use,
        status=status,
        ends_before=ends_before,
        cursor=cursor,
        limit=limit,
    )


@get(
    "/api/v1/certificates/{certificate:str}",
    opt={"permission": Permission.SECURITY_READ},
    tags=["Certificates"],
)
async def get_certificate(request: ApiRequest, certificate: FromPath[str]) -> StationCertificate:
    """One certificate of a station."""
    return await signing_of(request).get(tenant_of(request), certificate)


@post(
    "/api/v1/certificates/{certificate:str}/revoke",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "body_optional": True},
    tags=["Certificates"],
)
async def revoke_certificate(
    request: ApiRequest,
    certificate: FromPath[str],
    data: JSONBody[RevokeCertificate | None] = None,
) -> StationCertificate:
    """Believe a certificate no more. Its station is disconnected at once and not let in with it again."""
    reason = "" if data is None else data.reason
    return await signing_of(request).revoke(
        tenant_of(request), certificate, by=caller_of(request).label, reason=reason
    )


@get("/api/v1/roots", opt={"permission": Permission.SECURITY_READ}, tags=["Certificates"])
async def list_roots(request: ApiRequest) -> Page[KnownRoot]:
    """The root certificates that Currant knows, its own first, with the digests by which stations name them."""
    return Page(items=held_of(request).known_roots())


@post(
    "/api/v1/stations/{station:str}/certificates/renew",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "idempotent": True, "body_optional": True},
    tags=["Certificates"],
)
async def renew_certificate(
    request: ApiRequest, station: FromPath[str], data: JSONBody[RenewCertificate | None] = None
) -> Response[CommandRecord]:
    """Have a station make a new key and ask for a certificate for it. What it gets is in the list of certificates."""
    use = LeafUse.STATION if data is None else data.use
    return await once(
        request,
        lambda: signing_of(request).renew(tenant_of(request), station, use=use, by=caller_of(request).label),
    )


@get(
    "/api/v1/stations/{station:str}/certificates/installed",
    opt={"permission": Permission.SECURITY_READ},
    tags=["Certificates"],
)
async def get_installed_certificates(request: ApiRequest, station: FromPath[str]) -> InstalledCertificates:
    """What a station holds as far as it said, with names where we know them."""
    return await held_of(request).of(tenant_of(request), station)


@post(
    "/api/v1/stations/{station:str}/certificates/installed/read",
    status_code=200,
    opt={"permission": Permission.COMMANDS_GIVE, "idempotent": True},
    tags=["Certificates"],
)
async def read_installed_certificates(
    request: ApiRequest,
    station: FromPath[str],
    use: Annotated[
        RootUse | None, QueryParameter(required=False, description="Only roots of this use; all without it.")
    ] = None,
) -> Response[CommandRecord]:
    """Have a station say which certificates it holds."""
    return await once(
        request,
        lambda: held_of(request).ask(
            tenant_of(request),
            station,
            by=caller_of(request).label,
            uses=() if use is None else (use,),
            chains=use is None,
        ),
    )


@post(
    "/api/v1/stations/{station:str}/certificates/installed",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "idempotent": True, "body_optional": True},
    tags=["Certificates"],
)
async def install_certificate(
    request: ApiRequest, station: FromPath[str], data: JSONBody[InstallRoot | None] = None
) -> Response[CommandRecord]:
    """Have a station hold a root certificate."""
    wanted = data or InstallRoot()
    pem = wanted.certificate
    if pem is None:
        own = [each for each in held_of(request).known_roots() if each.own]
        if not own:
            raise NotFound("This server's certificate comes from a root that it does not know: give it.")
        pem = own[0].certificate
    return await once(
        request,
        lambda: held_of(request).install(
            tenant_of(request), station, use=wanted.use, pem=pem, by=caller_of(request).label
        ),
    )


@post(
    "/api/v1/stations/{station:str}/certificates/installed/delete",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "idempotent": True},
    tags=["Certificates"],
)
async def delete_installed_certificate(
    request: ApiRequest, station: FromPath[str], data: JSONBody[DeleteRoot]
) -> Response[CommandRecord]:
    """Have a station forget a certificate. Not the last root by which it trusts a server, unless you insist."""
    return await once(
        request,
        lambda: held_of(request).delete(
            tenant_of(request),
            station,
            data.hash,
            by=caller_of(request).label,
            even_last=data.even_last,
        ),
    )


@get(
    "/pki/crl.der",
    opt={
        "permission": PUBLIC,
        "never_compressed": True,
        "gives": ("application/pkix-crl",),
        "answer": "The list, DER.",
    },
    tags=["Certificates"],
)
async def revoked_list(request: ApiRequest) -> Response[bytes]:
    """The certificates that Currant's authority has revoked (CRL). For whoever checks what it signed."""
    path = authority_of(request).crl
    if not path.exists():
        raise NotFound("No list has been written yet.")
    return Response(await asyncio.to_thread(path.read_bytes), media_type="application/pkix-crl")


@get(
    "/pki/root.pem",
    opt={
        "permission": PUBLIC,
        "gives": ("application/x-pem-file",),
        "answer": "The root certificate, PEM.",
    },
    tags=["Certificates"],
)
async def own_root(request: ApiRequest) -> Response[bytes]:
    """The root certificate of Currant's own authority, to be installed in chargers."""
    path = authority_of(request).root
    return Response(await asyncio.to_thread(path.read_bytes), media_type="application/x-pem-file")


router = Router(
    "/",
    route_handlers=[
        list_certificates,
        get_certificate,
        revoke_certificate,
        list_roots,
        renew_certificate,
        get_installed_certificates,
        read_installed_certificates,
        install_certificate,
        delete_installed_certificate,
        revoked_list,
        own_root,
    ],
)
