"""Plug and charge: whether a contract certificate holds, and where cars get theirs from.

Contract certificates are other people's. Whether one holds is decided here, by the roots that the
operator trusts and the word of OCSP responders (2.x C07). Installing and updating them in cars
(M01, M02) is the business of a contract certificate pool: the car's message is handed on as it
comes, over HTTPS, for only the pool can answer it.

    POST <url>   {"action": "install", "schema": "urn:iso:…", "exi_request": "<base64>", "station": "…"}
    200          {"exi_response": "<base64>", "remaining_contracts": 0}
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from logging import getLogger
from typing import Any, Protocol, TypeVar

import msgspec
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from currant.kit.clock import Clock
from currant.kit.http import Outbound, RequestFailed
from currant.pki.hashes import hash_of, read_certificates
from currant.pki.ocsp import CertificateStatusService, Known, Standing, Status
from currant.pki.trust import answer_is_trusted, in_force, issued_by, path_to_root
from currant.stations.commanding.certificates import CertificateHash

log = getLogger(__name__)

WAITING_MAX = 500
ANSWER_MAX = 200_000
EXCHANGE_WITHIN_S = 25.0
"""A car waits a minute at most for its certificate (ISO 15118-2), and the station's deadline comes before."""
T = TypeVar("T")


class Verdict(StrEnum):
    """Whether a contract certificate holds (2.x C07.FR.13 to .17)."""

    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_CERTIFICATE = "no_certificate"
    """There is nothing to judge it by: no root is trusted."""
    CHAIN_ERROR = "chain_error"


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What a station sends of a contract certificate: its chain (PEM), or names for OCSP with the responder of each."""

    emaid: str
    chain: str = ""
    names: tuple[tuple[CertificateHash, str], ...] = ()


class CarAsks(msgspec.Struct, frozen=True, kw_only=True):
    """A car asks for a contract certificate: the message of ISO 15118 as the station got it (EXI, base64)."""

    action: str
    """install or update"""
    schema: str
    exi_request: str
    station: str
    maximum_contract_certificate_chains: int | None = None
    prioritized_emaids: tuple[str, ...] = ()


class CarGets(msgspec.Struct, frozen=True, kw_only=True):
    """The pool's answer, as it goes to the car."""

    exi_response: str
    remaining_contracts: int | None = None


class CarGetsNothing(msgspec.Struct, frozen=True, kw_only=True):
    reason: str


class ContractCertificates(Protocol):
    """A pool of contract certificates."""

    async def exchange(self, asked: CarAsks) -> CarGets | CarGetsNothing: ...


class HttpContractCertificates:
    """A pool that is asked with a POST of JSON."""

    def __init__(
        self, http: Outbound, *, url: str, token: str = "", deadline_s: float = EXCHANGE_WITHIN_S
    ) -> None:
        self._http = http
        self._url = url
        self._token = token
        self._deadline_s = deadline_s

    async def exchange(self, asked: CarAsks) -> CarGets | CarGetsNothing:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = await self._http.request(
                "POST",
                self._url,
                deadline_s=self._deadline_s,
                content=msgspec.json.encode(asked),
                headers=headers,
                most_bytes=ANSWER_MAX,
            )
        except RequestFailed as error:
            return CarGetsNothing(reason=f"The pool of contract certificates gave no answer: {error}")
        if not answer.ok:
            return CarGetsNothing(reason=f"The pool of contract certificates answered {answer.status}.")
        try:
            return msgspec.json.decode(answer.body, type=CarGets)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return CarGetsNothing(reason=f"The pool's answer cannot be read: {error}")


class Contracts:
    """Judges contract certificates and hands on cars' requests; futures that are done in time, without exceptions."""

    def __init__(
        self,
        statuses: CertificateStatusService,
        clock: Clock,
        *,
        roots: Sequence[x509.Certificate] = (),
        pool: ContractCertificates | None = None,
    ) -> None:
        """`roots` are those of mobility operators and V2G that are trusted, and authorities under them:
        stations that send names alone leave out who issued a certificate, and without that authority
        nobody can tell whose word a responder's is."""
        self._statuses = statuses
        self._clock = clock
        self._roots = [each for each in roots if each.issuer == each.subject]
        self._between = [each for each in roots if each.issuer != each.subject]
        self._pool = pool
        self._tasks: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def judge(self, presented: Presented) -> "asyncio.Future[Verdict]":
        """Whether the certificate holds now."""
        return self._run(self._judge(presented), Verdict.CHAIN_ERROR)

    def exchange(self, asked: CarAsks) -> "asyncio.Future[CarGets | CarGetsNothing]":
        """What the pool answers the car."""
        return self._run(self._exchange(asked), CarGetsNothing(reason="The pool could not be asked."))

    async def _exchange(self, asked: CarAsks) -> CarGets | CarGetsNothing:
        if self._pool is None:
            return CarGetsNothing(reason="No pool of contract certificates is set up.")
        return await self._pool.exchange(asked)

    def _run(self, work: Coroutine[Any, Any, T], otherwise: T) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if len(self._tasks) >= WAITING_MAX:
            work.close()
            future.set_result(otherwise)
            return future
        task = loop.create_task(work)
        self._tasks.add(task)

        def tell(done: asyncio.Task[T]) -> None:
            self._tasks.discard(done)
            failed = done.cancelled() or done.exception() is not None
            if failed and not done.cancelled():
                log.error("A contract certificate could not be handled", exc_info=done.exception())
            if not future.done():
                future.set_result(otherwise if failed else done.result())

        task.add_done_callback(tell)
        return future

    async def _judge(self, presented: Presented) -> Verdict:
        if not self._roots:
            return Verdict.NO_CERTIFICATE
        now = self._clock.now()
        path: list[x509.Certificate] = []
        if presented.chain:
            found = read_chain(presented, self._between, self._roots, now)
            if isinstance(found, Verdict):
                return found
            path = found
        elif not presented.names:
            return Verdict.NO_CERTIFICATE
        names = presented.names or responders_in(path)
        if not names:
            # The chain holds, and says nowhere whom to ask.
            return Verdict.ACCEPTED
        answers = await asyncio.gather(*(self._statuses.ask(named, url) for named, url in names))
        return self._by_answers(names, answers, path, now)

    def _by_answers(
        self,
        names: Sequence[tuple[CertificateHash, str]],
        answers: Sequence[Known],
        path: Sequence[x509.Certificate],
        now: datetime,
    ) -> Verdict:
        verdict = Verdict.ACCEPTED
        for (named, _), known in zip(names, answers, strict=True):
            trusted = isinstance(known, Status) and answer_is_trusted(
                ocsp.load_der_ocsp_response(known.answer),
                named,
                [*path, *self._between],
                self._roots,
                now,
            )
            if not trusted or not isinstance(known, Status) or known.standing is Standing.UNKNOWN:
                verdict = Verdict.CHAIN_ERROR
            elif known.standing is Standing.REVOKED:
                return Verdict.REVOKED
        return verdict


def read_chain(
    presented: Presented,
    known: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate] | Verdict:
    """The path from the contract certificate to a root that is trusted, or why there is none."""
    try:
        certificates = read_certificates(presented.chain)
    except ValueError:
        return Verdict.CHAIN_ERROR
    leaf, *between = certificates
    names = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    # The common name of a contract certificate is the contract's id (ISO 15118-2, annex F): nobody borrows one.
    if not any(_folded(name) == _folded(presented.emaid) for name in names):
        return Verdict.CHAIN_ERROR
    path = path_to_root(leaf, [*between, *known], roots)
    if path is None:
        return Verdict.CHAIN_ERROR
    return path if in_force(path, now) else Verdict.EXPIRED


def _folded(emaid: str) -> str:
    return emaid.replace("-", "").casefold()


def responders_in(path: Sequence[x509.Certificate]) -> tuple[tuple[CertificateHash, str], ...]:
    """The certificates of a path that say where their status can be asked, with their OCSP names."""
    found = []
    for certificate, issuer in pairwise(path):
        if not issued_by(certificate, issuer):
            continue
        try:
            access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        urls = [
            each.access_location.value
            for each in access
            if each.access_method == AuthorityInformationAccessOID.OCSP
            and isinstance(each.access_location, x509.UniformResourceIdentifier)
        ]
        if urls:
            found.append((hash_of(certificate, issuer), urls[0]))
    return tuple(found)
