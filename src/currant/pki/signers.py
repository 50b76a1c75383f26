"""Who signs stations' certificates: Currant's own authority, or an outside one that is asked over HTTPS.

2.x A02.FR.04 recommends that a dedicated authority signs. Two ways to ask one are spoken: a small
JSON exchange that any script can answer, and EST (RFC 7030, simpleenroll), which authorities know.

    POST <url>   {"csr": "-----BEGIN CERTIFICATE REQUEST-----…", "station": "<identity>", "use": "station"}
    200          {"certificate_chain": "-----BEGIN CERTIFICATE-----…"}     leaf first
    403          {"reason": "in words"}                                    it will not be signed
"""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from currant.kit.http import Answer, Outbound, RequestFailed
from currant.pki.authority import STATION_LIFE, Authority
from currant.pki.requests import Sound
from currant.stations.commanding.certificates import LeafUse

CHAIN_MAX = 10_000
"""What a CertificateSigned can carry (characters)."""
ANSWER_MAX = 100_000


class NotSigned(Exception):
    """An authority did not sign; `final` when asking again is of no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        self.reason = reason
        self.final = final
        super().__init__(reason)


class CertificateSigner(Protocol):
    """Signs requests that have been judged."""

    name: str

    async def sign(self, request: Sound, *, use: LeafUse, identity: str) -> str:
        """The certificate chain as PEM, leaf first; raises NotSigned."""
        ...


class OwnSigner:
    """Currant's own authority."""

    name = "own"

    def __init__(self, authority: Authority, *, life: timedelta = STATION_LIFE) -> None:
        self._authority = authority
        self._life = life

    async def sign(self, request: Sound, *, use: LeafUse, identity: str) -> str:
        client = use in (LeafUse.STATION, LeafUse.COMBINED)
        # RSA signing takes milliseconds: not in the loop that ten thousand stations share.
        chain = await asyncio.to_thread(
            self._authority.sign_request, request.csr, life=self._life, client=client
        )
        return chain.decode()


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    csr: str
    station: str
    use: str
    common_name: str


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    certificate_chain: str = ""
    reason: str = ""


class HttpSigner:
    """An outside authority, asked with a POST of JSON."""

    name = "http"

    def __init__(self, http: Outbound, *, url: str, token: str = "", deadline_s: float = 30.0) -> None:
        self._http = http
        self._url = url
        self._token = token
        self._deadline_s = deadline_s

    async def sign(self, request: Sound, *, use: LeafUse, identity: str) -> str:
        question = _Question(
            csr=request.pem, station=identity, use=use.value, common_name=request.common_name
        )
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = await _post(
            self._http,
            self._url,
            content=msgspec.json.encode(question),
            headers=headers,
            deadline_s=self._deadline_s,
        )
        try:
            said = msgspec.json.decode(answer.body, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            _check_status(answer, "")
            raise NotSigned(f"The authority's answer cannot be read: {error}", final=False) from error
        _check_status(answer, said.reason)
        return in_order(_loaded(said.certificate_chain.encode()), request)


class EstSigner:
    """An outside authority that speaks EST; `url` ends before `/simpleenroll`."""

    name = "est"

    def __init__(
        self, http: Outbound, *, url: str, user: str = "", password: str = "", deadline_s: float = 30.0
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {}
        if user:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        self._deadline_s = deadline_s

    async def sign(self, request: Sound, *, use: LeafUse, identity: str) -> str:
        der = request.csr.public_bytes(serialization.Encoding.DER)
        answer = await _post(
            self._http,
            f"{self._url}/simpleenroll",
            content=base64.encodebytes(der),
            headers={
                "Content-Type": "application/pkcs10",
                "Content-Transfer-Encoding": "base64",
                **self._headers,
            },
            deadline_s=self._deadline_s,
        )
        if answer.status == 202:
            # RFC 7030, 4.2.3: somebody there has to agree first; the station asks again by itself.
            raise NotSigned("The authority has to confirm the request first.", final=False)
        _check_status(answer, "")
        try:
            leaves = pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.body))
        except (ValueError, binascii.Error) as error:
            raise NotSigned(f"The authority's answer cannot be read: {error}", final=False) from error
        return in_order([*leaves, *await self._authorities()], request)

    async def _authorities(self) -> list[x509.Certificate]:
        """The authority's own certificates (RFC 7030, 4.1); none where it does not tell them."""
        try:
            answer = await self._http.request(
                "GET",
                f"{self._url}/cacerts",
                deadline_s=self._deadline_s,
                headers=self._headers,
                most_bytes=ANSWER_MAX,
            )
            return pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.body)) if answer.ok else []
        except (RequestFailed, ValueError, binascii.Error):
            return []


async def _post(
    http: Outbound, url: str, *, content: bytes, headers: dict[str, str], deadline_s: float
) -> Answer:
    try:
        return await http.request(
            "POST", url, deadline_s=deadline_s, content=content, headers=headers, most_bytes=ANSWER_MAX
        )
    except RequestFailed as error:
        raise NotSigned(f"The authority gave no answer: {error}", final=False) from error


def _check_status(answer: Answer, reason: str) -> None:
    if answer.ok:
        return
    words = f": {reason[:200]}" if reason else ""
    # What is wrong with the request stays wrong; what is wrong with the server may pass.
    final = 400 <= answer.status < 500 and answer.status not in (401, 408, 425, 429)
    raise NotSigned(f"The authority answered {answer.status}{words}.", final=final)


def _loaded(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise NotSigned(f"The authority's certificate cannot be read: {error}", final=False) from error


def in_order(certificates: Sequence[x509.Certificate], request: Sound) -> str:
    """The chain of the certificate for the request's key, leaf first, as PEM; NotSigned when it is not there."""
    wanted = request.csr.public_key()
    chain = [each for each in certificates if each.public_key() == wanted][:1]
    if not chain:
        raise NotSigned("The authority's certificate is for another key.", final=True)
    while True:
        last = chain[-1]
        issuer = next((each for each in certificates if each not in chain and _issued(last, each)), None)
        if issuer is None:
            break
        chain.append(issuer)
    text = "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in chain)
    if len(text) > CHAIN_MAX and len(chain) > 1:
        # A root adds nothing that the other side must not have already.
        text = "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in chain[:-1])
    if len(text) > CHAIN_MAX:
        raise NotSigned(
            f"The certificate chain has {len(text)} characters; OCPP carries {CHAIN_MAX}.", final=True
        )
    return text


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject or certificate == issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
