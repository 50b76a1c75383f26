"""Asks tenants' external authorisers who may charge, and never lets one of them hold anybody up.

A question has a deadline, and what holds without an answer is declared. Questions are asked in
tasks of this service, a bounded number at a time for each tenant; whoever waits for one waits for a
plain future. An authoriser that fails again and again is left alone but for a trial from time to
time, and its fallback holds at once meanwhile.
"""

import asyncio
import logging
from collections import OrderedDict
from datetime import UTC, datetime
from functools import partial

import msgspec
from sqlalchemy import Connection

from currant.access import rulings, store, uids
from currant.access.authoriser_model import (
    ANSWER_MAX_BYTES,
    CACHE_MAX_S,
    DEADLINE_MAX_MS,
    DEADLINE_MIN_MS,
    Asked,
    Authoriser,
    AuthoriserDraft,
    Fallback,
    Health,
    Question,
    QuestionStation,
    QuestionToken,
    Verdict,
)
from currant.access.decision import DECIDED_BY_STATION
from currant.access.events import AuthoriserChanged
from currant.access.model import Opinion, Place, Presented, Reason, Token, TokenFacts
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.crypto import new_secret
from currant.kit.errors import Invalid, NotFound
from currant.kit.http import SIGNATURE_HEADER, Outbound, RequestFailed, check_url, signature
from currant.kit.ids import TenantId, new_id

log = logging.getLogger(__name__)

AT_ONCE_MAX = 64
"""Questions of one tenant that may be on their way."""
CACHED_MAX = 10_000
FAILURES_MAX = 5
"""After so many failures in a row it is left alone."""
FIRST_REST_S = 5.0
LONGEST_REST_S = 300.0
SECRET_MIN = 16
EXPLANATION_MAX = 500
REFERENCE_MAX = 200
PARENT_UID_MAX = 20

Key = tuple[str, str, str]
_verdict = msgspec.json.Decoder(Verdict)


class _Line:
    """What goes on with one tenant's authoriser, on this node."""

    def __init__(self, authoriser: Authoriser) -> None:
        self.authoriser = authoriser
        self.waiting: dict[Key, list[asyncio.Future[Opinion]]] = {}
        self.cache: OrderedDict[Key, tuple[float, Opinion]] = OrderedDict()
        self.failures = 0
        self.rest_s = FIRST_REST_S
        self.rests_until: float | None = None
        self.failing_since: datetime | None = None
        self.last_failure = ""
        self.answered = self.failed = self.from_cache = self.not_asked = 0


class Authorisers:
    """The verbs of external authorisers."""

    def __init__(self, database: Database, outbound: Outbound | None, clock: Clock) -> None:
        self._database = database
        self._outbound = outbound
        self._clock = clock
        self._lines: dict[TenantId, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take in every tenant's authoriser."""
        for authoriser in await self._database.read(store.authorisers.all_authorisers):
            self._put(authoriser.tenant_id, authoriser)

    async def stop(self) -> None:
        """Ask nothing more; whoever waits gets the fallback."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def follow(self, event: AuthoriserChanged) -> None:
        """Keep up with what other nodes changed."""
        tenant_id = event.tenant_id
        self._put(
            tenant_id, await self._database.read(lambda conn: store.authorisers.authoriser(conn, tenant_id))
        )

    def _put(self, tenant_id: TenantId, authoriser: Authoriser | None) -> None:
        if authoriser is None:
            self._lines.pop(tenant_id, None)
            return
        line = self._lines.get(tenant_id)
        # With other settings it begins anew: what failed was the server before it.
        if line is None or line.authoriser != authoriser:
            self._lines[tenant_id] = _Line(authoriser)

    # Settings

    async def set(self, tenant_id: TenantId, draft: AuthoriserDraft, *, by: str) -> tuple[Authoriser, bool]:
        """Declare the tenant's authoriser; whether its secret was made just now, and is to be told once."""
        self.check(draft)
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> tuple[Authoriser, bool]:
            before = store.authorisers.authoriser(conn, tenant_id)
            secret = draft.secret or (before.secret if before is not None else new_secret(32))
            after = Authoriser(
                tenant_id=tenant_id,
                changed_at=now,
                **{name: getattr(draft, name) for name in draft.__struct_fields__ if name != "secret"},
                secret=secret,
            )
            fields = tuple(
                name
                for name in draft.__struct_fields__
                if before is None or getattr(before, name) != getattr(after, name)
            )
            store.authorisers.save_authoriser(changes, after)
            changes.emit(
                AuthoriserChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    fields=("created", *fields) if before is None else fields,
                    by=by,
                )
            )
            return after, not draft.secret and before is None

        authoriser, made = await self._database.decide(apply, tenant_id)
        self._put(tenant_id, authoriser)
        return authoriser, made

    async def find(self, tenant_id: TenantId) -> Authoriser | None:
        """The tenant's authoriser; None when the rules here decide alone."""
        return await self._database.read(lambda conn: store.authorisers.authoriser(conn, tenant_id))

    async def get(self, tenant_id: TenantId) -> Authoriser:
        authoriser = await self.find(tenant_id)
        if authoriser is None:
            raise NotFound("No authoriser is set: the rules here decide alone.", field="authoriser")
        return authoriser

    async def remove(self, tenant_id: TenantId, *, by: str) -> None:
        await self.get(tenant_id)
        changes = ChangeSet(tenant_id)
        changes.write(store.tables.DELETE_AUTHORISER, (tenant_id,))
        changes.emit(
            AuthoriserChanged(tenant_id=tenant_id, happened_at=self._clock.now(), fields=("deleted",), by=by)
        )
        await self._database.commit(changes)
        self._put(tenant_id, None)

    def check(self, draft: AuthoriserDraft) -> None:
        """Raise Invalid where an authoriser cannot be asked so."""
        check_url(draft.url, allow_private=self._outbound is not None and self._outbound.allow_private)
        if draft.secret and not SECRET_MIN <= len(draft.secret) <= 200:
            raise Invalid(f"A secret has {SECRET_MIN} to 200 characters.", field="secret")
        if not DEADLINE_MIN_MS <= draft.deadline_ms <= DEADLINE_MAX_MS:
            raise Invalid(
                f"A deadline is {DEADLINE_MIN_MS} to {DEADLINE_MAX_MS} milliseconds: a driver is waiting.",
                field="deadline_ms",
            )
        if not 0 <= draft.cache_s <= CACHE_MAX_S:
            raise Invalid(f"Answers can be kept for 0 to {CACHE_MAX_S} seconds.", field="cache_s")
        if (draft.asked is Asked.KINDS) != bool(draft.kinds):
            raise Invalid("Name kinds of tokens together with asked = kinds.", field="kinds")

    def health(self, tenant_id: TenantId) -> Health:
        """How the tenant's authoriser has been doing."""
        line = self._lines.get(tenant_id)
        if line is None:
            return Health()
        return Health(
            answered=line.answered,
            failed=line.failed,
            from_cache=line.from_cache,
            not_asked=line.not_asked,
            failing_since=line.failing_since,
            last_failure=line.last_failure,
        )

    # Asking

    def asks(self, tenant_id: TenantId) -> bool:
        """Whether the tenant has an authoriser that is asked about anything."""
        line = self._lines.get(tenant_id)
        return line is not None and line.authoriser.enabled

    def asks_about(self, tenant_id: TenantId, token: Token, *, allowed: bool) -> bool:
        """Whether it would be asked about a token that the rules here allow or refuse."""
        line = self._lines.get(tenant_id)
        return (
            line is not None
            and allowed
            and wants(
                line.authoriser,
                Presented(uid=token.uid, kind=token.kind),
                TokenFacts(token=token),
                at=self._clock.now(),
            )
        )

    async def opinion(
        self,
        tenant_id: TenantId,
        presented: Presented,
        facts: TokenFacts | None,
        place: Place,
        *,
        identity: str,
    ) -> Opinion | None:
        """What the tenant's authoriser thinks, or what is declared for; None where it is not asked.

        Ready no later than at the deadline. Awaits plain futures alone.
        """
        line = self._lines.get(tenant_id)
        if line is None or not wants(line.authoriser, presented, facts, at=self._clock.now()):
            return None
        key = (uids.match_key(presented.uid, presented.kind), presented.kind.value, place.station_id)
        now = self._clock.monotonic()
        kept = line.cache.get(key)
        if kept is not None:
            if now < kept[0]:
                line.from_cache += 1
                return kept[1]
            del line.cache[key]
        known = facts is not None
        if line.rests_until is not None and now < line.rests_until:
            line.not_asked += 1
            return fallback(line.authoriser, known=known, why="it has been failing")
        joined = line.waiting.get(key)
        if joined is None and len(line.waiting) >= AT_ONCE_MAX:
            line.not_asked += 1
            return fallback(line.authoriser, known=known, why="too many questions wait for it")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Opinion] = loop.create_future()
        if joined is not None:
            joined.append(waiter)
        else:
            line.waiting[key] = [waiter]
            if line.rests_until is not None:
                # One trial at a time: until it is back, nobody else is made to wait.
                line.rests_until = now + line.authoriser.deadline_ms / 1000
            task = loop.create_task(self._ask(line, key, presented, place, identity, known=known))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        given_up = loop.call_later(line.authoriser.deadline_ms / 1000, partial(_give_up, waiter, line, known))
        try:
            return await waiter
        finally:
            given_up.cancel()

    async def _ask(
        self, line: _Line, key: Key, presented: Presented, place: Place, identity: str, *, known: bool
    ) -> None:
        authoriser = line.authoriser
        opinion = fallback(authoriser, known=known, why="it did not answer")
        try:
            verdict = await self._request(authoriser, presented, place, identity, known=known)
        except (RequestFailed, Invalid, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._failed(line, str(error))
            opinion = fallback(authoriser, known=known, why=str(error))
        else:
            self._answered(line)
            opinion = opinion_of(verdict, now=self._clock.now())
            self._keep(line, key, opinion)
        finally:
            for waiter in line.waiting.pop(key, ()):
                if not waiter.done():
                    waiter.set_result(opinion)

    async def _request(
        self, authoriser: Authoriser, presented: Presented, place: Place, identity: str, *, known: bool
    ) -> Verdict:
        if self._outbound is None:
            raise Invalid("This process asks no other servers.")
        now = self._clock.now()
        body = msgspec.json.encode(
            Question(
                question_id=new_id(),
                at=now,
                token=QuestionToken(uid=presented.uid, kind=presented.kind, known=known),
                station=QuestionStation(
                    station_id=place.station_id,
                    identity=identity,
                    location_id=place.location_id,
                    evse=place.evse,
                ),
            )
        )
        answer = await self._outbound.request(
            "POST",
            authoriser.url,
            content=body,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                SIGNATURE_HEADER: signature(body, secret=authoriser.secret, at=int(now.timestamp())),
            },
            deadline_s=authoriser.deadline_ms / 1000,
            most_bytes=ANSWER_MAX_BYTES,
        )
        if answer.status != 200:
            raise Invalid(f"It answered with status {answer.status} instead of 200.")
        return _verdict.decode(answer.body)

    def _answered(self, line: _Line) -> None:
        line.answered += 1
        if line.failing_since is not None:
            log.warning("The authoriser of %s answers again.", line.authoriser.tenant_id)
        line.failures, line.rest_s, line.rests_until = 0, FIRST_REST_S, None
        line.failing_since = None

    def _failed(self, line: _Line, failure: str) -> None:
        line.failed += 1
        line.failures += 1
        line.last_failure = failure[:EXPLANATION_MAX]
        if line.failures < FAILURES_MAX:
            return
        if line.failing_since is None:
            line.failing_since = self._clock.now()
            log.warning(
                "The authoriser of %s fails; its fallback holds until it answers: %s",
                line.authoriser.tenant_id,
                failure,
            )
        line.rests_until = self._clock.monotonic() + line.rest_s
        line.rest_s = min(line.rest_s * 2, LONGEST_REST_S)

    def _keep(self, line: _Line, key: Key, opinion: Opinion) -> None:
        seconds = float(line.authoriser.cache_s)
        if opinion.valid_until is not None:
            seconds = min(seconds, (opinion.valid_until - self._clock.now()).total_seconds())
        if seconds <= 0:
            return
        line.cache[key] = (self._clock.monotonic() + seconds, opinion)
        while len(line.cache) > CACHED_MAX:
            line.cache.popitem(last=False)


def wants(authoriser: Authoriser, presented: Presented, facts: TokenFacts | None, *, at: datetime) -> bool:
    """Whether an authoriser is asked about a token."""
    if not authoriser.enabled or not presented.uid.strip():
        return False
    if facts is None:
        if presented.kind in DECIDED_BY_STATION:
            return False
        return authoriser.asked is not Asked.KINDS or presented.kind in authoriser.kinds
    if authoriser.asked is Asked.UNKNOWN:
        return False
    if authoriser.asked is Asked.KINDS and facts.token.kind not in authoriser.kinds:
        return False
    # What is blocked or over here needs nobody's opinion.
    return all(ruling.passes for ruling in rulings.standing(facts, at=at))


def fallback(authoriser: Authoriser, *, known: bool, why: str) -> Opinion:
    """What is declared for when the authoriser gives no answer."""
    silent = f"The external authoriser gave no answer ({why.rstrip('.')})"
    if authoriser.fallback is Fallback.REFUSE:
        return Opinion(
            allowed=False,
            reason=Reason.AUTHORISER_SILENT,
            explanation=f"{silent}, and nobody may charge then.",
            answered=False,
        )
    if authoriser.fallback is Fallback.ALLOW and not known:
        return Opinion(allowed=True, explanation=f"{silent}, and drivers may charge then.", answered=False)
    return Opinion(allowed=None, explanation=f"{silent}.", answered=False)


def opinion_of(verdict: Verdict, *, now: datetime) -> Opinion:
    """A verdict as far as it can be believed."""
    valid_until = verdict.valid_until
    if valid_until is not None and valid_until.tzinfo is None:
        valid_until = valid_until.replace(tzinfo=UTC)
    explanation = verdict.explanation.strip()[:EXPLANATION_MAX]
    allowed, reason = verdict.allowed, verdict.reason
    if allowed and valid_until is not None and valid_until <= now:
        allowed, reason = False, Reason.EXPIRED
        explanation = f"What the external authoriser allows had ended at {valid_until:%Y-%m-%d %H:%M} UTC."
        valid_until = None
    if not allowed and reason in (Reason.ACCEPTED, Reason.MASTER_PASS):
        reason = Reason.REFUSED_BY_AUTHORISER
    if not explanation:
        explanation = f"The external authoriser {'allows' if allowed else 'refuses'} it."
    elif verdict.explanation.strip() and allowed == verdict.allowed:
        explanation = f"The external authoriser {'allows' if allowed else 'refuses'} it: {explanation}"
    parent = verdict.parent_uid
    return Opinion(
        allowed=allowed,
        reason=Reason.ACCEPTED if allowed else reason,
        explanation=explanation,
        reference=verdict.reference.strip()[:REFERENCE_MAX],
        parent_uid=parent if parent and len(parent) <= PARENT_UID_MAX else None,
        valid_until=valid_until,
    )


def _give_up(waiter: "asyncio.Future[Opinion]", line: _Line, known: bool) -> None:
    if not waiter.done():
        deadline = line.authoriser.deadline_ms
        waiter.set_result(
            fallback(line.authoriser, known=known, why=f"it did not answer within {deadline} ms")
        )
