"""What holds for every route: a permission, a description, problems as documents."""

import asyncio
import base64
import json
import logging

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from served import LOCAL_KEY, Api, MakeApi

from currant.api.application import create_app
from currant.api.authentication import PUBLIC
from currant.tenancy.model import Permission, Role
from currant.tenancy.permissions import permissions_of

OPEN = {
    "/api/v1/branding/files/{file}",
    "/api/v1/branding/public",
    "/health/live",
    "/health/ready",
    "/api/v1/version",
    "/api/v1/sign-in",
    "/api/v1/login",
    "/api/v1/login/totp",
    "/api/v1/login/recovery-code",
    "/api/v1/login/passkey",
    "/api/v1/login/passkey/options",
    "/api/v1/login/forgotten",
    "/api/v1/login/reset",
    "/api/v1/login/invitation",
    "/api/v1/login/invitation/look",
    "/api/v1/login/oidc/{provider}/start",
    "/api/v1/login/oidc/{provider}/return",
    "/api/v1/openapi.json",
    "/api/docs",
    "/pki/crl.der",
    "/pki/root.pem",
    "/files/up/{word}",
    "/files/up/{word}/{name}",
    "/files/down/{word}",
    "/files/down/{word}/{name}",
    "/pay/{provider}/webhook",
    "/pay/{provider}/webhook/{hook}",
    "/pay/sandbox/{reference}",
    "/pay/sandbox/webhook/{hook}",
}


def handlers(api: Api) -> list[tuple[str, str, object]]:
    return [
        (route.path_format, method, handler.opt["permission"])
        for route in api.app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


async def test_every_route_names_a_permission_and_only_a_few_are_open(api: Api) -> None:
    found = handlers(api)
    assert len(found) > 70
    # Drivers are no callers of the operators' API: who may do what there tests/drivers/test_apart.py shows.
    found = [each for each in found if not each[0].startswith("/driver/v1/")]
    assert {path for path, _, permission in found if permission == PUBLIC} == OPEN
    assert all(isinstance(permission, Permission) for path, _, permission in found if path not in OPEN)


async def test_an_application_with_a_route_without_permission_does_not_start(api: Api) -> None:
    from litestar import get

    @get("/api/v1/forgotten")
    async def forgotten() -> None:
        return None

    with pytest.raises(RuntimeError, match="/api/v1/forgotten"):
        create_app(api.app.state.services, more_routes=(forgotten,))


async def test_no_closed_route_answers_a_stranger(api: Api) -> None:
    client = api.client()
    for path, method, permission in handlers(api):
        if permission == PUBLIC:
            continue
        address = path.replace("{", "").replace("}", "")
        answer = await client.request(method, address, json={})
        assert answer.status_code == 401, f"{method} {path} answered a stranger with {answer.status_code}"
        assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_is_let_in_where_the_table_says_so_and_nowhere_else(api: Api, role: Role) -> None:
    client = api.client(await api.key(role))
    for path, method, permission in handlers(api):
        if permission == PUBLIC or "stream" in path or "follow" in path or path == "/api/v1/live":
            continue
        # A name that nobody has: whoever is let in gets as far as a 404 or 422.
        address = path.replace("{", "no-").replace("}", "")
        answer = await client.request(method, address, json={"unknown": 1})
        refused = answer.status_code == 403 and answer.json()["code"] == "not_allowed"
        assert refused == (permission not in permissions_of(role, host=True)), (
            f"{role} {method} {path}: {answer.text}"
        )


async def test_the_description_is_valid_openapi(api: Api) -> None:
    answer = await api.client().get("/api/v1/openapi.json")
    document = answer.json()
    problems = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
        for e in OpenAPIV31SpecValidator(document).iter_errors()
    ]
    assert problems == []
    again = await api.client().get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_every_operation_is_described(api: Api) -> None:
    document = (await api.client().get("/api/v1/openapi.json")).json()
    operations = [o for path in document["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["tags"], operation["operationId"]
        assert len(operation["summary"]) > 4, operation["operationId"]
        assert operation["x-permission"] in operation["description"] or operation["x-permission"] == PUBLIC
        for parameter in operation.get("parameters", []):
            assert "schema" in parameter
    for name in ("Station", "StationView", "SessionView", "Location", "Token", "Problem"):
        assert document["components"]["schemas"][name]["examples"], name
    station = document["components"]["schemas"]["StationView"]["properties"]
    assert station["connected_at"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert "0 to 3" in station["security_profile"]["description"]


async def test_the_documentation_page_needs_nothing_from_elsewhere(api: Api) -> None:
    page = await api.client().get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text.split("<body>")[0].replace("http://www.w3.org/2000/svg", "").replace(
        "//%3C", ""
    )
    assert "src=" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'sha256-" in policy


async def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:currant:problem:{code}"
    assert problem["status"] == status
    assert len(str(problem["detail"])) > 10
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


async def test_what_is_nested_too_deeply_is_refused_like_any_other_nonsense(
    api: Api, owner: httpx.AsyncClient
) -> None:
    json_type = {"Content-Type": "application/json"}
    deep = b"[" * 100_000
    await problem_of(
        await owner.post("/api/v1/tokens", content=deep, headers=json_type), 400, "malformed_json"
    )
    await problem_of(
        await owner.post("/api/v1/stations/import", content=deep, headers=json_type), 422, "invalid"
    )
    cursor = base64.urlsafe_b64encode(b"[" * 3_000).decode()
    answer = await owner.get("/api/v1/stations", params={"cursor": cursor})
    assert answer.status_code in (400, 422), answer.text


async def test_whatever_goes_wrong_is_a_problem_document(api: Api, owner: httpx.AsyncClient) -> None:
    json_type = {"Content-Type": "application/json"}
    await problem_of(await owner.get("/api/v1/nowhere"), 404, "not_found")
    await problem_of(await owner.get("/api/v1/stations/nobody"), 404, "not_found")
    refused = await owner.put("/api/v1/stations")
    await problem_of(refused, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(refused.headers["allow"].split(", "))
    await problem_of(
        await owner.post("/api/v1/tokens", content=b"{", headers=json_type), 400, "malformed_json"
    )
    await problem_of(
        await owner.post("/api/v1/tokens", content=b"\xff", headers=json_type), 400, "malformed_json"
    )
    await problem_of(
        await owner.post("/api/v1/tokens", content=b"<a/>", headers={"Content-Type": "text/xml"}),
        415,
        "unsupported_media_type",
    )
    await problem_of(
        await owner.post("/api/v1/tokens", content=b" " * 1_100_000, headers=json_type), 413, "body_too_large"
    )
    await problem_of(await owner.get("/api/v1/stations?limit=501"), 422, "invalid")
    await problem_of(await owner.get("/api/v1/sessions?since=yesterday"), 422, "invalid")
    await problem_of(await owner.get("/api/v1/sessions?since=2026-01-31T12:00:00"), 422, "invalid")
    await problem_of(await owner.get("/api/v1/stations?cursor=made-up"), 422, "invalid")
    await problem_of(await owner.get("/api/v1/people?cursor=%F0%9F%8D%92"), 422, "invalid")
    await problem_of(await owner.get("/api/v1/sessions/99999999999"), 404, "not_found")


async def test_what_breaks_inside_is_told_without_its_inside(api: Api, owner: httpx.AsyncClient) -> None:
    await api.database.close()
    answer = await owner.get("/api/v1/stations")
    problem = await problem_of(answer, 503, "store_unavailable")
    assert "Traceback" not in str(problem)


async def test_who_hangs_up_within_a_body_is_no_error_of_ours(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
    head = f"POST /api/v1/locations HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {LOCAL_KEY}\r\n"
    writer.write((head + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{").encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(20):
        while not (told := [each for each in caplog.records if "/locations 400" in each.getMessage()]):
            await asyncio.sleep(0.01)
    assert [each.levelname for each in told] == ["INFO"]
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_misspelt_fields_and_parameters_are_told_with_what_was_meant(owner: httpx.AsyncClient) -> None:
    answer = await owner.post("/api/v1/locations", json={"name": "x", "latitde": 3})
    assert answer.json()["errors"] == [
        {"field": "latitde", "message": "There is no field `latitde` here. Did you mean `latitude`?"}
    ]
    body = {"identity": "A", "evses": [{"number": 1, "connectors": [{"number": 1, "standart": "MCS"}]}]}
    answer = await owner.post("/api/v1/stations", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "evses[0].connectors[0].standart"
    assert "`standard`" in answer.json()["errors"][0]["message"]
    answer = await owner.post("/api/v1/stations", json={"identity": "A", "evses": [{"number": "one"}]})
    assert answer.json()["errors"] == [{"field": "evses[0].number", "message": "Expected int, got str."}]
    answer = await owner.get("/api/v1/stations?conected=true")
    assert "`connected`" in answer.json()["detail"]
    assert answer.status_code == 422


async def test_answers_carry_security_headers_and_a_request_id(api: Api, owner: httpx.AsyncClient) -> None:
    for path in ("/api/v1/me", "/api/v1/nowhere", "/health/live"):
        headers = (await owner.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers
    mine = await owner.get("/api/v1/me", headers={"X-Request-ID": "my-request-0001"})
    assert mine.headers["x-request-id"] == "my-request-0001"
    forged = await owner.get("/api/v1/me", headers={"X-Request-ID": "a\tb forged line"})
    assert forged.headers["x-request-id"] != "a\tb forged line"


async def test_big_answers_are_compressed_and_secrets_are_not(owner: httpx.AsyncClient) -> None:
    big = await owner.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert big.headers["content-encoding"] == "gzip"
    assert json.loads(big.text)["openapi"] == "3.1.0"
    me = await owner.get("/api/v1/me", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in me.headers


async def test_other_origins_may_use_the_api_only_when_allowed(make_api: MakeApi) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    closed = await make_api()
    answer = await closed.client().options("/api/v1/me", headers=asked)
    assert "access-control-allow-origin" not in answer.headers
    opened = await make_api(allowed_origins=("https://app.example",))
    answer = await opened.client().options("/api/v1/me", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"


async def test_who_asks_too_often_is_told_when_to_come_back(make_api: MakeApi) -> None:
    api = await make_api(requests_per_second=0.5, requests_burst=3)
    client = api.client()
    answers = [await client.get("/health/live") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await api.client(await api.key(Role.SUPPORT)).get("/api/v1/me")).status_code == 200
