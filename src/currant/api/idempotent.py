"""Requests that move a charger are done once, however often they arrive (the `Idempotency-Key` header)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import msgspec
from litestar import Response

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of
from currant.kit.errors import CurrantError
from currant.tenancy.idempotency import KeptAnswer

T = TypeVar("T", bound=msgspec.Struct)
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


async def once(request: ApiRequest, work: Callable[[], Awaitable[T]], *, status: int = 200) -> Response[T]:
    """The answer of `work`, or what it answered to the same request before.

    A caller's mistake (`CurrantError`) frees the key, since nothing was done. Anything worse keeps it
    claimed for a while: what was asked may have reached the charger.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return Response(await work(), status_code=status)
    idempotency = services_of(request).tenancy.idempotency
    parts = (
        request.method.encode(),
        request.scope["path"].encode(),
        request.scope["query_string"],
        await request.body(),
    )
    claim = await idempotency.claim(caller_of(request), key, parts)
    if isinstance(claim, KeptAnswer):
        return _json(claim.body, claim.status, {REPLAYED: "true"})
    try:
        result = await work()
    except CurrantError:
        await idempotency.release(claim)
        raise
    body = msgspec.json.encode(result)
    await idempotency.keep(claim, status=status, body=body)
    return _json(body, status, {})


def _json(body: bytes, status: int, headers: dict[str, str]) -> Response[T]:
    # Bytes pass through Litestar as they are; for the reader they are the T they were made from.
    answer = Response(body, status_code=status, media_type="application/json", headers=headers)
    return cast("Response[T]", answer)
