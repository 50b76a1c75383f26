"""How providers' servers are asked: one deadline, a few tries of what may be repeated, and errors by what they mean."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from currant.billing.payments.port import Misconfigured, Unavailable
from currant.kit.http import Outbound, RequestFailed

DEADLINE_S = 20.0
ANSWER_MAX = 2_000_000
PAUSES_S = (0.3, 1.0)
"""Before a second and a third try, while a driver may be waiting."""
_AGAIN = frozenset({409, 425, 429, 500, 502, 503, 504})

Json = dict[str, Any]


class Wire:
    """One provider's API: its address, and who we are there."""

    def __init__(
        self,
        outbound: Outbound,
        base: str,
        headers: Mapping[str, str],
        *,
        name: str,
        again: frozenset[int] = _AGAIN,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._outbound = outbound
        self._base = base.rstrip("/")
        self._headers = dict(headers)
        self._name = name
        self._again = again
        self._deadline_s = deadline_s

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[int, Json]:
        return await self._request(
            "GET", path + (f"?{urlencode(query)}" if query else ""), None, {}, repeats=True
        )

    async def post_form(
        self, path: str, fields: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> tuple[int, Json]:
        """`headers` hold an idempotency key: a form is sent again when its answer gets lost."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return await self._request("POST", path, urlencode(fields).encode(), sent, repeats=True)

    async def send_json(
        self, method: str, path: str, value: object, headers: Mapping[str, str], *, repeats: bool
    ) -> tuple[int, Json]:
        """`repeats` says whether it may be sent again when its answer gets lost."""
        sent = {"Content-Type": "application/json", **headers}
        body = b"" if value is None else msgspec.json.encode(value)
        return await self._request(method, path, body, sent, repeats=repeats)

    async def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], *, repeats: bool
    ) -> tuple[int, Json]:
        pauses = list(PAUSES_S) if repeats else []
        while True:
            try:
                answer = await self._outbound.request(
                    method,
                    self._base + path,
                    deadline_s=self._deadline_s,
                    content=body,
                    headers={"Accept": "application/json", **self._headers, **headers},
                    most_bytes=ANSWER_MAX,
                )
            except RequestFailed as error:
                failed = Unavailable(str(error), code=error.failure.value)
            else:
                if answer.status in (401, 403):
                    raise Misconfigured(
                        f"{self._name} refused our keys: {_told(answer.body)}", code="keys_refused"
                    )
                if answer.status not in self._again:
                    return answer.status, self._decoded(answer.body)
                failed = Unavailable(
                    f"{self._name} answered with status {answer.status}: {_told(answer.body)}",
                    code=f"status_{answer.status}",
                )
            if not pauses:
                raise failed
            await asyncio.sleep(pauses.pop(0))

    def _decoded(self, body: bytes) -> Json:
        if not body.strip():
            return {}
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unavailable(
                f"{self._name} answered with something that is no JSON.", code="no_json"
            ) from None
        if not isinstance(value, dict):
            raise Unavailable(f"{self._name} answered with something unexpected.", code="no_object")
        return value


def _told(body: bytes) -> str:
    """The provider's own words, as far as they are known to hold no secret: a short text."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "no reason was given"
    if isinstance(value, dict):
        error = value.get("error")
        if isinstance(error, dict):
            value = error
        for name in ("message", "description", "detail", "title"):
            if isinstance(value.get(name), str):
                return str(value[name])[:200]
    return "no reason was given"
