"""Everything that goes wrong, as RFC 9457 problem documents: a stable code, a sentence, the fields at fault.

This is the one place where mistakes become HTTP.
"""

import difflib
import logging
import re
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from currant.events.live import TooManyReaders
from currant.kit.errors import CurrantError
from currant.tenancy.model import SignInRefused

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

CODES = {
    400: "malformed",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}

GONE = "client disconnected prematurely"
"""What Litestar says when a caller hangs up within a body; it calls that an error of the server."""

SIGN_IN_CODES = frozenset(
    {"password_expired", "ticket_expired", "wrong_code", "wrong_passkey", "link_expired"}
)
"""Reasons that are told; all others are a wrong login, so that nobody learns which logins there are."""

SENTENCES = {
    404: "There is nothing at this address; /api/docs lists the addresses there are.",
    405: "This address does not take that method; the Allow header says which it takes.",
    413: "The body is larger than this address takes.",
    500: "Something broke on our side; the server's log has the details under this request id.",
}


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field of a body, or one parameter."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not done (RFC 9457). `code` is stable, `detail` is for people, `facts` are particulars."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    errors: tuple[FieldError, ...] = ()
    facts: dict[str, Any] = {}


class ApiError(CurrantError):
    """A request that cannot be served, with the headers its answer needs."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.status, self.code, self.headers = status, code, headers or {}


class WrongBody(Exception):
    """A body is not what the route takes; `errors` says where."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))


def respond(
    request: Request[Any, Any, Any],
    *,
    status: int,
    code: str,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    facts: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    problem = Problem(
        type=f"urn:currant:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request.scope.get("request_id", ""),  # type: ignore[arg-type]
        errors=errors,
        facts=facts or {},
    )
    body = msgspec.json.encode(problem, enc_hook=str)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def currant_error(request: Request[Any, Any, Any], error: CurrantError) -> Response[bytes]:
    facts = dict(error.facts)
    field = facts.pop("field", None)
    errors = (FieldError(field=str(field), message=error.message),) if field else ()
    headers = dict(getattr(error, "headers", {}))
    if error.status in (429, 503):
        headers.setdefault("Retry-After", "2")
    return respond(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        errors=errors,
        facts=facts,
        headers=headers,
    )


def sign_in_refused(request: Request[Any, Any, Any], error: SignInRefused) -> Response[bytes]:
    if error.retry_after_s:
        headers = {"Retry-After": str(error.retry_after_s)}
        return respond(request, status=429, code="too_many_attempts", detail=error.message, headers=headers)
    code = error.reason if error.reason in SIGN_IN_CODES else "wrong_login"
    return respond(request, status=401, code=code, detail=error.message)


def too_many_readers(request: Request[Any, Any, Any], error: TooManyReaders) -> Response[bytes]:
    return respond(
        request,
        status=503,
        code="too_many_streams",
        detail="Too many live views are open: close some and try again.",
        headers={"Retry-After": "30"},
    )


def http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code == 500 and error.detail == GONE:
        # Nobody reads this any more; what somebody left unfinished is no fault of ours.
        return respond(request, status=400, code=CODES[400], detail="The body ended before it was whole.")
    if isinstance(error, ValidationException):
        entries = error.extra if isinstance(error.extra, list) else []
        errors = tuple(_field_error(entry) for entry in entries if isinstance(entry, dict))
        return _invalid(request, errors or (FieldError(field="", message=error.detail),))
    status = error.status_code
    detail = SENTENCES.get(status) or error.detail or HTTPStatus(status).phrase
    code = CODES.get(status, "error")
    if status == 400:
        detail = f"The request could not be read: {error.detail}"
    if status >= 500:
        log.error("Request %s failed: %s", request.scope.get("request_id"), error.detail, exc_info=error)
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return respond(request, status=status, code=code, detail=detail, headers=headers)


def _methods(request: Request[Any, Any, Any]) -> list[str]:
    """What the address takes (RFC 9110, 15.5.6): asked only when something else was tried."""
    path = request.scope["path"].rstrip("/")
    methods: set[str] = set()
    for route in request.app.routes:
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(route.path_format.rstrip("/")))
        if re.fullmatch(pattern, path):
            methods |= {str(method) for method in getattr(route, "methods", ())}
    return sorted(methods)


def anything_else(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error(
        "Request %s %s %s broke",
        request.scope.get("request_id"),
        request.method,
        request.url.path,
        exc_info=error,
    )
    return respond(request, status=500, code=CODES[500], detail=SENTENCES[500])


def wrong_body(request: Request[Any, Any, Any], error: WrongBody) -> Response[bytes]:
    return _invalid(request, error.errors)


def _invalid(request: Request[Any, Any, Any], errors: tuple[FieldError, ...]) -> Response[bytes]:
    detail = "Some fields are not what they must be."
    if len(errors) == 1:
        detail = f"{errors[0].field}: {errors[0].message}"
    return respond(request, status=422, code="invalid", detail=detail, errors=errors)


def _field_error(entry: dict[str, Any]) -> FieldError:
    field = str(entry.get("key", ""))
    return FieldError(field="body" if field in ("", "data") else field, message=str(entry.get("message", "")))


def meant(name: str, known: list[str]) -> str:
    """`Did you mean …?` for a misspelt name, or what there is when there is little."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f" Did you mean `{close[0]}`?"
    return f" Known are: {', '.join(sorted(known))}." if 0 < len(known) <= 20 else ""
