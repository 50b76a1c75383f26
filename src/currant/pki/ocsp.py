"""Whether other people's certificates are still good: asked of OCSP responders and read from lists (CRLs).

A station names the responder, and a station may be anybody's: only hosts that the operator lists
are asked, or without a list those on the public internet. Answers are kept until they end, the
same question is put once however many stations ask it, and nothing waits longer than the deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from logging import getLogger
from typing import Any, TypeVar

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from currant.kit.clock import Clock
from currant.kit.errors import CurrantError
from currant.kit.http import Outbound, RequestFailed
from currant.pki.hashes import folded_serial
from currant.pki.signing import AT_ONCE
from currant.stations.commanding.certificates import CertificateHash

log = getLogger(__name__)

DEADLINE_S = 10.0
WAITING_MAX = 500
KEPT_MAX = 10_000
KEPT_WITHOUT_END = timedelta(hours=1)
KEPT_AT_MOST = timedelta(days=7)
FAILURE_KEPT = timedelta(seconds=60)
ANSWER_MAX = 50_000
LIST_MAX = 5_000_000
ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


class Standing(StrEnum):
    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a certificate stands, by whom it was asked of; `answer` is the OCSP response as it came (DER)."""

    standing: Standing
    next_update: datetime
    answer: bytes = b""


class NoStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody said how it stands, and why not, in words."""

    reason: str


Known = Status | NoStatus
T = TypeVar("T")


class CertificateStatusService:
    """Looks certificates up. What it returns are futures that are done within the deadline, without exceptions."""

    def __init__(
        self,
        http: Outbound,
        clock: Clock,
        *,
        hosts: Sequence[str] = (),
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`hosts` are the only ones asked; none named: any that `http` connects to."""
        self._http = http
        self._clock = clock
        self._hosts = frozenset(host.lower() for host in hosts)
        self._deadline_s = deadline_s
        self._kept: dict[tuple[str, ...], tuple[datetime, Known]] = {}
        self._lists: dict[str, tuple[datetime, x509.CertificateRevocationList]] = {}
        self._under_way: dict[tuple[str, ...], asyncio.Task[Known]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def stop(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def ask(self, named: CertificateHash, url: str) -> "asyncio.Future[Known]":
        """Ask the OCSP responder at `url`."""
        return self._once(("ocsp", *_parts(named), url), lambda: self._ask(named, url))

    def look_up(self, named: CertificateHash, urls: Sequence[str]) -> "asyncio.Future[Known]":
        """Look into the lists (CRLs) at `urls`; the first that can be had counts."""
        return self._once(("crl", *_parts(named), *urls), lambda: self._look_up(named, urls))

    def _once(self, key: tuple[str, ...], work: Callable[[], Awaitable[Known]]) -> "asyncio.Future[Known]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Known] = loop.create_future()
        kept = self._kept.get(key)
        if kept is not None and self._clock.now() < kept[0]:
            future.set_result(kept[1])
            return future
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= WAITING_MAX:
                future.set_result(NoStatus(reason="Too many certificates are being looked up."))
                return future
            task = loop.create_task(self._work(key, work))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))

        def tell(done: asyncio.Task[Known]) -> None:
            if not future.done():
                future.set_result(
                    NoStatus(reason="Currant is stopping.") if done.cancelled() else done.result()
                )

        task.add_done_callback(tell)
        return future

    async def _work(self, key: tuple[str, ...], work: Callable[[], Awaitable[Known]]) -> Known:
        try:
            async with asyncio.timeout(self._deadline_s), self._room:
                known = await work()
        except TimeoutError:
            known = NoStatus(reason=f"Nobody answered within {self._deadline_s:g} seconds.")
        except (RequestFailed, CurrantError, ValueError) as error:
            known = NoStatus(reason=str(error))
        except Exception:
            log.exception("Looking up a certificate failed")
            known = NoStatus(reason="It could not be looked up.")
        now = self._clock.now()
        until = (
            min(known.next_update, now + KEPT_AT_MOST) if isinstance(known, Status) else now + FAILURE_KEPT
        )
        if len(self._kept) >= KEPT_MAX:
            self._kept = {kept: value for kept, value in self._kept.items() if value[0] > now}
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        self._kept[key] = (until, known)
        return known

    def _check_host(self, url: str) -> None:
        host = httpx.URL(url).host.lower()
        if self._hosts and host not in self._hosts:
            raise ValueError(f"{host or 'The address'} is not among the hosts that may be asked.")

    async def _ask(self, named: CertificateHash, url: str) -> Known:
        self._check_host(url)
        question = request_for(named)
        answer = await self._http.request(
            "POST",
            url,
            deadline_s=self._deadline_s,
            content=question,
            headers={"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"},
            most_bytes=ANSWER_MAX,
        )
        if not answer.ok:
            return NoStatus(reason=f"The responder answered {answer.status}.")
        return read_answer(answer.body, named, now=self._clock.now())

    async def _look_up(self, named: CertificateHash, urls: Sequence[str]) -> Known:
        reasons = []
        for url in urls:
            try:
                revoked = await self._list(url)
            except (RequestFailed, CurrantError, ValueError) as error:
                reasons.append(str(error))
                continue
            return _in_list(revoked, named, now=self._clock.now())
        return NoStatus(reason=" ".join(reasons) or "No list was named.")

    async def _list(self, url: str) -> x509.CertificateRevocationList:
        now = self._clock.now()
        kept = self._lists.get(url)
        if kept is not None and now < kept[0]:
            return kept[1]
        self._check_host(url)
        answer = await self._http.request("GET", url, deadline_s=self._deadline_s, most_bytes=LIST_MAX)
        if not answer.ok:
            raise ValueError(f"The server of the list answered {answer.status}.")
        pem = answer.body.lstrip().startswith(b"-----BEGIN")
        revoked = x509.load_pem_x509_crl(answer.body) if pem else x509.load_der_x509_crl(answer.body)
        if len(self._lists) >= 50:
            del self._lists[next(iter(self._lists))]
        until = revoked.next_update_utc or now + KEPT_WITHOUT_END
        self._lists[url] = (min(until, now + timedelta(days=1)), revoked)
        return revoked


def _parts(named: CertificateHash) -> tuple[str, ...]:
    return (
        named.algorithm,
        named.issuer_name_hash.lower(),
        named.issuer_key_hash.lower(),
        folded_serial(named.serial_number),
    )


def request_for(named: CertificateHash) -> bytes:
    """The OCSP request (DER) for a certificate named by digests; raises ValueError for what are none."""
    algorithm = ALGORITHMS.get(named.algorithm)
    if algorithm is None:
        raise ValueError(f"{named.algorithm} is no digest that certificates are named by.")
    try:
        name, key = bytes.fromhex(named.issuer_name_hash), bytes.fromhex(named.issuer_key_hash)
        serial = int(named.serial_number, 16)
    except ValueError:
        raise ValueError("The digests and the serial number of a certificate are hexadecimal.") from None
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, algorithm)
    return builder.build().public_bytes(Encoding.DER)


def read_answer(body: bytes, named: CertificateHash, *, now: datetime) -> Known:
    """What a responder's answer (DER) says of the certificate; it must be about that one, and not be old."""
    try:
        answer = ocsp.load_der_ocsp_response(body)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return NoStatus(reason=f"The responder answered {answer.response_status.name}.")
        single = next((each for each in answer.responses if _is_about(each, named)), None)
    except ValueError as error:
        return NoStatus(reason=f"The responder's answer cannot be read: {error}")
    if single is None:
        return NoStatus(reason="The responder's answer is about another certificate.")
    until = single.next_update_utc or now + KEPT_WITHOUT_END
    if until <= now:
        return NoStatus(reason="The responder's answer is out of date.")
    return Status(standing=_STANDINGS[single.certificate_status], next_update=until, answer=body)


def _is_about(single: Any, named: CertificateHash) -> bool:
    return bool(
        f"{single.serial_number:x}" == folded_serial(named.serial_number)
        and single.issuer_key_hash.hex() == named.issuer_key_hash.lower()
        and single.issuer_name_hash.hex() == named.issuer_name_hash.lower()
    )


_STANDINGS = {
    ocsp.OCSPCertStatus.GOOD: Standing.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Standing.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: Standing.UNKNOWN,
}


def _in_list(revoked: x509.CertificateRevocationList, named: CertificateHash, *, now: datetime) -> Known:
    algorithm = ALGORITHMS.get(named.algorithm)
    if algorithm is None:
        return NoStatus(reason=f"{named.algorithm} is no digest that certificates are named by.")
    digest = hashes.Hash(algorithm)
    digest.update(revoked.issuer.public_bytes())
    if digest.finalize().hex() != named.issuer_name_hash.lower():
        return NoStatus(reason="The list is of another authority.")
    until = revoked.next_update_utc or now + KEPT_WITHOUT_END
    if until <= now:
        return NoStatus(reason="The list is out of date.")
    found = revoked.get_revoked_certificate_by_serial_number(int(named.serial_number, 16))
    return Status(standing=Standing.GOOD if found is None else Standing.REVOKED, next_update=until)
