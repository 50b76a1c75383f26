"""Walls: what is one organisation's is nowhere to be found for any other, at every address that the API describes.

One of every noun is made in one organisation, at a running installation. Then the owner of another asks every
described route for them by their true ids; the routes are taken from the API's own description, so that a
new one is tried without anybody thinking of it.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# A whole installation and chargers that follow a script. At the end: each folder has a conftest.
sys.path += [str(Path(__file__).parent.parent / folder) for folder in ("conformance", "pki", "wire")]

from charger import ScriptedCharger, now
from installation import Site, installation

from currant.billing.payments.port import BalanceKind, BalanceLine
from currant.kit.clock import SystemClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

V1 = "/api/v1"
UID = "04AABBCCDD0011"
# A public key on P-256: what it could sign nobody needs.
METER_KEY = (
    "3059301306072a8648ce3d020106082a8648ce3d030107034200043aeeb45c392357820a58fdfb0857bd77ada31585c61c4305"
    "31dfa53b440afbfdd95ac887c658ea55260f808f55ca948df235c2108a0d6dc7d4ab1a5e1a7955be"
)

NOT_ASKED = {
    # Whose they are is said by the host name or by the word in the address, and nobody is asked who they are.
    "/driver/v1/": "drivers are tried in tests/drivers/test_apart.py",
    f"{V1}/branding/files/": "a brand's pictures are for everybody who sees its pages",
    f"{V1}/branding/{{kind}}": "a kind of picture, always one's own",
    f"{V1}/desired/pauses/": "an aspect is a word of ours, always one's own",
    f"{V1}/me/": "a key has no sign-ins and passkeys: see the people below",
    f"{V1}/login/oidc/": "providers are the installation's",
    f"{V1}/spot-prices/": "a market is a word, and everybody's prices of it are their own",
    f"{V1}/payment-providers/": "a provider is a word of ours, always one's own",
    f"{V1}/organisations/": "only who manages the installation has these at all",
}


def csr(identity: str, organisation: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, identity),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


class Organisation:
    """Somebody who may do everything in one organisation, and what was made there by the names in addresses."""

    def __init__(self, site: Site, api: httpx.AsyncClient) -> None:
        self.site = site
        self.api = api
        self.things: dict[str, list[str]] = {}
        self.station = ""

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.api.request(method, V1 + path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def tries(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask for what may be refused; more slowly when that is what is said."""
        while True:
            answer = await self.api.request(method, path, **more)
            if answer.status_code != 429:
                return answer
            await asyncio.sleep(float(answer.headers["retry-after"]))

    async def fill(self, charger: ScriptedCharger, person: str) -> None:
        """One of everything."""
        ask, station, things = self.ask, charger.identity, self.things
        self.station = station
        found = await ask("GET", f"/stations/{station}")
        location = found["location_id"]
        things["station"], things["location_id"], things["evse"] = [station, found["id"]], [location], ["1"]
        await charger.boot()
        for evse in (1, 2):
            await charger.status("Available", evse)
        account = await ask("POST", "/accounts", json={"name": "Somebody"})
        group = await ask("POST", "/groups", json={"name": "Some", "parent_uid": f"P-{station}"})
        policy = await ask("POST", "/policies", json={"name": "Any time"})
        token = await ask(
            "POST", "/tokens", json={"uid": UID, "account_id": account["id"], "policies": [policy["id"]]}
        )
        calendar = await ask("POST", "/holiday-calendars", json={"name": "Feasts"})
        things |= {
            "account_id": [account["id"]],
            "group_id": [group["id"]],
            "policy_id": [policy["id"]],
            "holder": ["accounts", "tokens"],
            "holder_id": [account["id"], token["id"]],
            "token": [token["id"]],
            "calendar_id": [calendar["id"]],
        }
        await self._declared()
        await self._charged(charger)
        await self._commanded(charger)
        await self._carried(charger)
        await self._priced(account["id"])
        await self._sold(charger, account["id"])
        await self._paid(account["id"])
        await self._billed(f"account:{account['id']}")
        await self._settled()
        note = await ask("POST", "/notes", json={"about": f"station:{station}", "text": "Look at the cable."})
        key = await ask("POST", "/keys", json={"name": "Another", "role": "read_only"})
        someone = await ask("POST", "/people", json={"login": person, "role": "operator"})
        things |= {
            "note": [note["id"]],
            "key_id": [key["key"]["id"]],
            "person_id": [someone["person"]["id"]],
        }

    async def _billed(self, owner: str) -> None:
        home = {"street": "Quay 1", "city": "Bremen", "postal_code": "28195", "country": "DE"}
        entity = await self.ask(
            "POST", "/legal-entities", json={"name": "Seller", "address": home, "currency": "EUR"}
        )
        await self.ask("PUT", f"/billing-profiles/{owner}", json={"name": "Somebody", "address": home})
        span = {"begin": "2026-01-01", "end": "2026-01-31"}
        statement = {
            "entity_id": entity["id"],
            "owner": owner,
            "period": span,
            "price_per_kwh": "0.34",
            "charges": [{"kwh": "10", "on": "2026-01-05"}],
        }
        document = await self.ask("POST", "/documents/reimbursement", json=statement)
        run = await self.ask("POST", "/documents/runs", json={"period": span})
        await self.ask("POST", f"/documents/runs/{run['id']}/stop")
        self.things |= {
            "entity_id": [entity["id"]],
            "document_id": [document["id"]],
            "run_id": [run["id"]],
            "form": ["pdf"],
            "owner": [owner],
        }

    async def _settled(self) -> None:
        """A line of a bank, one of a provider that fits nothing, and what a meter signed."""
        table = "booked_on,amount,currency,id\n2026-05-11,1.00,EUR,"
        answer = await self.api.post(
            f"{V1}/bank/statements",
            params={"account": "DE1"},
            content=table + self.station,
            headers={"Content-Type": "text/csv"},
        )
        assert answer.is_success, answer.text
        [line] = (await self.ask("GET", "/bank/lines"))["items"]
        entry = self.site.currant.directory.find(self.station)
        assert entry is not None
        odd = BalanceLine(
            id=f"odd line of {self.station}",
            kind=BalanceKind.ADJUSTMENT,
            currency="EUR",
            gross=1,
            fee=0,
            net=1,
            at=SystemClock().now(),
        )
        await self.site.currant.settlement._keep(entry.tenant_id, "sandbox", [odd])
        meter = {"key": METER_KEY, "meter_serial": self.station}
        key = await self.ask("POST", f"/stations/{self.station}/meter-keys", json=meter)
        session = self.things["session"][0]
        await self.ask("POST", f"/sessions/{session}/evidence")
        self.things |= {
            "bank_line": [line["id"]],
            "provider_line": [odd.id],
            "provider": ["sandbox"],
            "meter_key": [key["id"]],
        }

    async def _declared(self) -> None:
        group = await self.ask(
            "POST", "/station-groups", json={"name": f"Of {self.station}", "stations": [self.station]}
        )
        text = {"aspect": "display_messages", "key": "1", "value": {"texts": [{"text": "Hello"}]}}
        draft = {"scope": "group", "group": group["id"], **text}
        made = await self.ask("POST", "/desired/declarations", json={"declarations": [draft]})
        [declaration] = (await self.ask("GET", "/desired/declarations"))["items"]
        self.things |= {
            "group": [group["id"], group["name"]],
            "declaration": [declaration["id"]],
            "revision": [made["revision"]["id"]],
            "rollout": [made["rollout"]["id"]],
        }

    async def _priced(self, account: str) -> None:
        ask, prices = self.ask, {"currency": "EUR", "elements": [ENERGY]}
        made = await ask("POST", "/tariffs", json={"name": "Public", "currency": "EUR"})
        tariff = made["tariff"]["id"]
        await ask("POST", f"/tariffs/{tariff}/versions", json={"prices": prices})
        published = await ask("POST", f"/tariffs/{tariff}/versions/1/publish", json={})
        rule = await ask("POST", "/price-rules", json={"tariff_id": tariff})
        quarter = {"begin": "2026-01-31T12:00:00Z", "price": "0.1"}
        market = f"Market of {self.station}"
        await ask("PUT", f"/spot-prices/{market}", json={"prices": [quarter], "currency": "EUR"})
        code = {"code": f"Code{self.station}", "name": "Some", "terms": {"percent": "10"}}
        voucher = await ask("POST", "/vouchers", json=code)
        terms = {"currency": "EUR", "monthly_fee": "5"}
        plan = await ask("POST", "/subscription-plans", json={"name": "Plan", "terms": terms})
        begun = {"plan_id": plan["id"], "holder": f"account:{account}"}
        subscription = await ask("POST", "/subscriptions", json=begun)
        self.things |= {
            "tariff_id": [tariff],
            "version": [published["version"]["id"]],
            "price_rule": [rule["id"]],
            "market": [market],
            "voucher": [voucher["id"]],
            "plan": [plan["id"]],
            "subscription": [subscription["id"]],
        }

    async def _sold(self, charger: ScriptedCharger, account: str) -> None:
        """A session that an empty wallet was to pay."""
        await self.ask("PUT", f"/accounts/{account}/payment-terms", json={"pays_by": "wallet"})
        # Stations tell whole seconds, and the price holds only since a moment ago.
        await asyncio.sleep(1)
        asked = {"connectorId": 2, "idTag": UID, "meterStart": 0, "timestamp": now()}
        number = (await charger.call("StartTransaction", **asked))["transactionId"]
        ended = {"transactionId": number, "idTag": UID, "meterStop": 2_000, "timestamp": now()}
        await charger.call("StopTransaction", **ended)
        [charge] = (await self.ask("POST", f"/sessions/{number}/settle"))["items"]
        if charge["state"] == "review":
            charge = await self.ask("POST", f"/charges/{charge['id']}/release", json={})
        [owed] = (await self.ask("GET", "/receivables"))["items"]
        self.things |= {"charge": [charge["id"]], "receivable": [owed["id"]]}

    async def _paid(self, account: str) -> None:
        """A payment that waits for its payer, and a card about to be stored."""
        secret = {"secrets": {"webhook_secret": f"secret of {self.station}"}}
        await self.ask("PUT", "/payment-providers/sandbox", json=secret)
        owner = {"kind": "account", "id": account}
        amount = {"minor_units": 5000, "currency": "EUR"}
        payment = await self.ask(
            "POST", "/payments", json={"mode": "top_up", "amount": amount, "owner": owner}
        )
        method = await self.ask("POST", "/payment-methods", json={"owner": owner})
        given = {"amount": 100, "currency": "EUR", "reason": "A present"}
        booked = await self.ask("POST", f"/wallets/{account}/adjust", json=given)
        self.things |= {
            "payment_id": [payment["id"]],
            "method_id": [method["id"]],
            "wallet": [account],
            "entry_id": [booked["entry_id"]],
        }

    async def _charged(self, charger: ScriptedCharger) -> None:
        draft = {"token_uid": UID, "station": self.station, "evse": 2}
        booked = await self.ask("POST", "/reservations", json=draft)
        waits = await self.ask(
            "POST", "/waiting", json={"token_uid": UID, "location_id": self.things["location_id"][0]}
        )
        answer = await charger.call(
            "StartTransaction", connectorId=1, idTag=UID, meterStart=0, timestamp=now()
        )
        [session] = (await self.ask("GET", "/sessions", params={"station": self.station}))["items"]
        assert str(session["number"]) == str(answer["transactionId"])
        signed = {"value": "1B1B1B1B", "format": "SignedData", "context": "Transaction.Begin"}
        reading = {"timestamp": now(), "sampledValue": [signed]}
        number = answer["transactionId"]
        await charger.call("MeterValues", connectorId=1, transactionId=number, meterValue=[reading])
        self.things |= {
            "reservation": [booked["id"]],
            "waiting": [waits["waiting"]["id"]],
            "session": [session["id"], str(session["number"])],
        }

    async def _commanded(self, charger: ScriptedCharger) -> None:
        done = await self.ask("POST", f"/stations/{self.station}/commands", json={"command": "ClearCache"})
        many = {"stations": [self.station], "command": {"command": "ClearCache"}}
        batch = await self.ask("POST", "/command-batches", json=many)
        self.things |= {"command_id": [done["id"]], "batch_id": [batch["id"]]}
        request = csr(self.station, self.site.currant.settings.operator)
        assert (await charger.call("SignCertificate", csr=request))["status"] == "Accepted"

        async def signed() -> Any:
            return (await self.ask("GET", "/certificates", params={"station": self.station}))["items"]

        [certificate] = await self.site.eventually(signed)
        self.things["certificate"] = [certificate["id"]]

    async def _carried(self, charger: ScriptedCharger) -> None:
        image = await self.api.post(
            f"{V1}/firmware", params={"version": "1.2.3"}, content=b"an image of " + self.station.encode()
        )
        assert image.status_code == 201, image.text
        charger.answers["GetLog"] = {"status": "Accepted", "filename": "log.txt"}
        transfer = await self.ask("POST", f"/stations/{self.station}/logs", json={"kind": "diagnostics"})
        address = (await charger.asked_for("GetLog"))["log"]["remoteLocation"]
        async with httpx.AsyncClient() as carrier:
            kept = await carrier.put(address, content=b"what happened")
        assert kept.is_success, kept.text
        [file] = (await self.ask("GET", f"/stations/{self.station}/files"))["items"]
        self.things |= {
            "firmware_id": [image.json()["id"]],
            "transfer_id": [transfer["id"]],
            "file_id": [file["id"]],
        }

    @property
    def ids(self) -> set[str]:
        """What must not be told to others: every id that is nobody else's too."""
        each = {value for values in self.things.values() for value in values}
        return {
            value
            for value in each
            if len(value) > 12 and value not in (UID, "accounts", "tokens") and ":" not in value
        }


class Neighbours:
    """Two organisations: the installation's own, and one beside it."""

    def __init__(self, site: Site, host: Organisation, guest: Organisation, document: Any) -> None:
        self.site, self.host, self.guest, self.document = site, host, guest, document


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


async def filled(site: Site, api: httpx.AsyncClient, name: str) -> Organisation:
    made = Organisation(site, api)
    place = await made.ask("POST", "/locations", json={"name": f"Place of {name}"})
    evses = [{"number": number, "connectors": [{"number": 1}]} for number in (1, 2)]
    draft = {"identity": f"CP-OF-{name}", "location_id": place["id"], "evses": evses}
    await made.ask("POST", "/stations", json=draft)
    async with site.charger(f"CP-OF-{name}", "1.6") as charger:
        charger.answers["SignedUpdateFirmware"] = {"status": "Rejected"}
        await made.fill(charger, person=f"someone-of-{name.lower()}")
    await site.currant.delivery.settled()
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def neighbours(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Neighbours]:
    async with installation(tmp_path_factory.mktemp("walls"), **{"payments.sandbox": True}) as site:
        created = await site.ask("POST", "/organisations", json={"name": "Guest", "owner_login": "guest"})
        theirs = {"Currant-Tenant": created["organisation"]["id"]}
        clients = []
        for headers in ({}, theirs):
            key = await site.ask("POST", "/keys", json={"name": "all", "role": "owner"}, headers=headers)
            secret = {"Authorization": f"Bearer {key['secret']}"}
            clients.append(httpx.AsyncClient(base_url=site.currant.api_url, headers=secret, timeout=40))
        host = await filled(site, clients[0], "HOST")
        guest = await filled(site, clients[1], "GUEST")
        document = (await site.api.get(f"{V1}/openapi.json")).json()
        yield Neighbours(site, host, guest, document)
        for client in clients:
            await client.aclose()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def least(document: Any, schema: Any) -> Any:
    """The smallest value that fits a schema."""
    if "$ref" in schema:
        return least(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return least(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("examples"):
        return schema["examples"][0]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: least(document, properties[name]) for name in schema.get("required", ())}
    if kind == "array":
        return [least(document, schema["items"])] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return "2026-01-31T12:00:00Z"
    return "x" * max(1, schema.get("minLength", 1))


ENERGY = {"components": [{"dimension": "energy", "price": "0.39"}]}
IMAGE = {"url": "https://files.example/image.bin"}
PRICES = {"prices": {"currency": "EUR", "elements": [ENERGY]}}
BODIES = {
    "/firmware": IMAGE | {"version": "2"},
    "/published-firmware": IMAGE | {"checksum": "0" * 32},
    "/versions": PRICES,
    "/ocpi": {"currency": "EUR", "elements": [{"price_components": [{"type": "ENERGY", "price": 1}]}]},
}
"""Where more has to be said than a schema can."""


def asking(neighbours: Neighbours, path: str, operation: Any, who: Organisation) -> dict[str, Any]:
    """What a request needs beside its address: a body, and parameters that must be given."""
    document, more = neighbours.document, {}
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = least(document, content["application/json"]["schema"])
        more["json"] = next((b for end, b in BODIES.items() if path.endswith("}" + end)), body)
    elif content:
        more = {"content": b"\x89PNG\r\n\x1a\n", "headers": {"Content-Type": next(iter(content))}}
    given = {"until": "2026-01-31T13:00:00Z", "station": who.station}
    required = [p for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")]
    more["params"] = {p["name"]: given.get(p["name"], least(document, p["schema"])) for p in required}
    return more


def addresses(path: str, owner: Organisation) -> list[str]:
    """The path with the ids of what this organisation has; none where a word stands for something else."""
    names = re.findall(r"{(\w+)}", path)
    count = max((len(owner.things.get(name, ("1",))) for name in names), default=0)
    found = []
    for number in range(count):
        address = path
        for name in names:
            ids = owner.things.get(name, ["1"])
            address = address.replace(f"{{{name}}}", ids[min(number, len(ids) - 1)])
        found.append(address)
    return found


def is_asked(path: str) -> bool:
    return "{" in path and path.startswith(V1) and not any(path.startswith(each) for each in NOT_ASKED)


def both_ways(neighbours: Neighbours) -> list[tuple[Organisation, Organisation]]:
    host, guest = neighbours.host, neighbours.guest
    return [(host, guest), (guest, host)]


# Names in addresses of which nobody has one here: the rest of the address, or its word, is what is tried.
BARE = {"monitor_id", "profile_id", "number", "evse", "currency"}
OF_ONE_STREAM = {"stream_id"}


async def test_every_name_in_an_address_is_one_that_is_tried(neighbours: Neighbours) -> None:
    for _, path, _ in operations(neighbours.document):
        if is_asked(path):
            for name in re.findall(r"{(\w+)}", path):
                assert name in neighbours.host.things or name in BARE | OF_ONE_STREAM, (
                    f"{path}: make a {name} in `fill`, so that others can be seen not to reach it"
                )


async def test_what_is_anothers_is_not_there_at_any_address(neighbours: Neighbours) -> None:
    asked, answered = 0, []
    for whose, stranger in both_ways(neighbours):
        for method, path, operation in operations(neighbours.document):
            if not is_asked(path):
                continue
            for address in addresses(path, whose):
                answer = await stranger.tries(
                    method, address, **asking(neighbours, path, operation, stranger)
                )
                if answer.status_code != 404:
                    answered.append(f"{method} {address}: {answer.status_code} {answer.text[:300]}")
                asked += 1
    assert answered == [], "\n".join(answered)
    assert asked > 250


# What a session or station need not have; that it is not there is said in other words.
OF_ITS_OWN = ("/needs", "/security-upgrade")


async def test_the_same_addresses_lead_their_own_organisation_somewhere(neighbours: Neighbours) -> None:
    """Without this the test above would be right about ids that are nobody's, too."""
    reached, missing = 0, []
    for own, _ in both_ways(neighbours):
        for method, path, operation in operations(neighbours.document):
            if method != "GET" or not is_asked(path):
                continue
            if set(re.findall(r"{(\w+)}", path)) & (OF_ONE_STREAM | (BARE - {"evse"})):
                continue
            for address in addresses(path, own):
                answer = await own.tries(method, address, **asking(neighbours, path, operation, own))
                if answer.status_code == 404 and not path.endswith(OF_ITS_OWN):
                    missing.append(f"{address}: {answer.text[:200]}")
                reached += 1
    assert reached > 60
    assert missing == [], "\n".join(missing)


async def test_no_list_search_or_export_tells_of_anothers(neighbours: Neighbours) -> None:
    for whose, stranger in both_ways(neighbours):
        told_of_own = 0
        for method, path, operation in operations(neighbours.document):
            if method != "GET" or "{" in path or not path.startswith(V1) or "stream" in path:
                continue
            if path in (f"{V1}/live", f"{V1}/messages/follow", f"{V1}/openapi.json", f"{V1}/organisations"):
                continue
            more = asking(neighbours, path, operation, stranger)
            answer = await stranger.tries("GET", path, **more)
            for secret in whose.ids:
                assert secret not in answer.text, f"{path} tells {secret}"
            told_of_own += any(own in answer.text for own in stranger.ids)
            # And with each filter set to what is the other's.
            for parameter in operation.get("parameters", ()):
                for value in FILTERS.get(parameter["name"], lambda _: [])(whose.things):
                    answer = await stranger.tries(
                        "GET", path, params={**more["params"], parameter["name"]: value}
                    )
                    for secret in whose.ids - {value.rpartition(":")[2]}:
                        assert secret not in answer.text, f"{path}?{parameter['name']}={value} tells {secret}"
        assert told_of_own >= 15, "Lists are seen to tell what is one's own."


FILTERS: dict[str, Callable[[dict[str, list[str]]], list[str]]] = {
    "station": lambda things: things["station"],
    "location_id": lambda things: things["location_id"],
    "account_id": lambda things: things["account_id"],
    "token_id": lambda things: things["token"],
    "group_id": lambda things: [*things["group_id"], *things["group"]],
    "group": lambda things: things["group"],
    "firmware_id": lambda things: things["firmware_id"],
    "tariff_id": lambda things: things["tariff_id"],
    "plan": lambda things: things["plan"],
    "holder": lambda things: [f"account:{things['account_id'][0]}"],
    "batch": lambda things: things["batch_id"],
    "number": lambda things: things["session"][1:],
    "about": lambda things: [f"station:{things['station'][1]}", f"session:{things['session'][0]}"],
    "q": lambda things: [*things["station"], things["session"][1], "someone-of"],
    "search": lambda things: things["station"],
}


async def test_nothing_of_ones_own_is_tied_to_what_is_anothers(neighbours: Neighbours) -> None:
    for whose, own in both_ways(neighbours):
        theirs = {name: values[0] for name, values in whose.things.items()}
        text = {"aspect": "display_messages", "key": "9", "value": {"texts": [{"text": "Hello"}]}}
        own_price = {"tariff_id": own.things["tariff_id"][0]}
        tied: list[tuple[str, str, Any]] = [
            ("POST", "/stations", {"identity": "NEW-1", "location_id": theirs["location_id"]}),
            ("PATCH", f"/stations/{own.station}", {"location_id": theirs["location_id"]}),
            ("POST", "/onboarding", {"identity": "NEW-2", "location_id": theirs["location_id"]}),
            ("POST", "/station-groups", {"name": "Ours", "stations": [theirs["station"]]}),
            (
                "POST",
                f"/station-groups/{own.things['group'][0]}/stations/add",
                {"stations": whose.things["station"]},
            ),
            ("POST", "/tokens", {"uid": "CAFE01", "account_id": theirs["account_id"]}),
            ("POST", "/tokens", {"uid": "CAFE02", "group_id": theirs["group_id"]}),
            ("POST", "/tokens", {"uid": "CAFE03", "policies": [theirs["policy_id"]]}),
            ("POST", "/tokens", {"uid": "CAFE04", "stations": [whose.things["station"][1]]}),
            ("POST", "/policies", {"name": "New", "calendars": [theirs["calendar_id"]]}),
            ("POST", "/policies", {"name": "New", "station_groups": [theirs["group"]]}),
            ("PUT", f"/policies/{theirs['policy_id']}/tokens/{own.things['token'][0]}", None),
            ("PUT", f"/policies/{own.things['policy_id'][0]}/tokens/{theirs['token']}", None),
            ("PUT", f"/policies/{own.things['policy_id'][0]}/accounts/{theirs['account_id']}", None),
            ("POST", "/reservations", {"token_uid": UID, "station": theirs["station"], "evse": 1}),
            ("POST", "/reservations", {"token_uid": UID, "location_id": theirs["location_id"]}),
            ("POST", "/waiting", {"token_uid": UID, "location_id": theirs["location_id"]}),
            ("POST", "/sessions", {"station": theirs["station"], "token_uid": UID}),
            ("POST", "/notes", {"about": f"station:{whose.things['station'][1]}", "text": "Mine."}),
            ("POST", "/price-rules", {"tariff_id": theirs["tariff_id"]}),
            *(
                ("POST", "/price-rules", own_price | {"scope": scope, "about": about})
                for scope, about in (
                    ("token", whose.things["holder_id"][1]),
                    ("account", theirs["account_id"]),
                    ("group", theirs["group_id"]),
                    ("station", whose.things["station"][1]),
                    ("station_group", theirs["group"]),
                    ("location", theirs["location_id"]),
                )
            ),
            ("POST", "/tariffs/check", PRICES | {"location_ids": [theirs["location_id"]]}),
            ("POST", "/tariffs/picture", PRICES | {"location_id": theirs["location_id"]}),
            ("POST", "/tariffs/preview", PRICES | {"location_id": theirs["location_id"]}),
            ("POST", "/subscriptions", {"plan_id": theirs["plan"], "holder": "driver:anybody"}),
            (
                "POST",
                "/subscriptions",
                {"plan_id": own.things["plan"][0], "holder": f"account:{theirs['account_id']}"},
            ),
            (
                "POST",
                "/command-batches",
                {"stations": [theirs["station"]], "command": {"command": "ClearCache"}},
            ),
            ("POST", f"/stations/{own.station}/firmware", {"firmware_id": theirs["firmware_id"]}),
            (
                "POST",
                "/desired/declarations",
                {"declarations": [{"scope": "station", "station": theirs["station"], **text}]},
            ),
            (
                "POST",
                "/desired/declarations",
                {"declarations": [{"scope": "group", "group": theirs["group"], **text}]},
            ),
        ]
        for method, path, body in tied:
            answer = await own.tries(method, V1 + path, json=body)
            # The same with ids that nobody has: there is no difference by which to find out who has any.
            unknown = {each: f"{NOBODYS}{number:03}" for number, each in enumerate(sorted(whose.ids))}
            unknown |= {"CAFE0": "CAFE1", "New": "Anew"}
            nowhere = await own.tries(method, V1 + put(path, unknown), json=put(body, unknown))
            assert told(answer) == put(told(nowhere), {new: old for old, new in unknown.items()}), (
                path,
                body,
            )
            if answer.is_success:
                # What is not looked up is no more than a word that leads nowhere.
                assert path in ("/tokens", "/policies"), f"{path} {body}: {answer.text}"


NOBODYS = "00000000-0000-7000-8000-000000000"


def put(value: Any, words: dict[str, str]) -> Any:
    """The same with other words in it."""
    text = json.dumps(value)
    for old, new in words.items():
        text = text.replace(old, new)
    return json.loads(text)


def told(answer: httpx.Response) -> list[Any]:
    said = answer.json() if answer.content else {}
    return [answer.status_code, said.get("code"), said.get("detail"), said.get("errors")]


async def test_an_identity_is_taken_without_saying_by_whom(neighbours: Neighbours) -> None:
    for whose, own in both_ways(neighbours):
        answer = await own.api.post(f"{V1}/stations", json={"identity": whose.station})
        assert answer.status_code == 409
        assert not whose.ids - {whose.station} & set(re.findall(r"[\w-]+", answer.text))


async def person(organisation: Organisation, login: str) -> httpx.AsyncClient:
    """A browser in which somebody of an organisation has signed in."""
    made = await organisation.ask("POST", "/people", json={"login": login, "role": "owner"})
    browser = httpx.AsyncClient(base_url=organisation.site.currant.api_url, timeout=40)
    first = {"login": login, "password": made["one_time_password"]}
    me = (await browser.post(f"{V1}/login", json=first)).json()
    browser.headers["X-CSRF-Token"] = me["csrf_token"]
    change = {"current_password": made["one_time_password"], "new_password": "a long password of mine"}
    answer = await browser.post(f"{V1}/me/password", json=change)
    assert answer.is_success, answer.text
    browser.headers["X-CSRF-Token"] = (await browser.get(f"{V1}/me")).json()["csrf_token"]
    return browser


async def test_how_somebody_signs_in_is_nobody_elses_not_even_a_colleagues(neighbours: Neighbours) -> None:
    ada = await person(neighbours.host, "ada")
    colleague, stranger = await person(neighbours.host, "bob"), await person(neighbours.guest, "eve")
    try:
        [sign_in] = (await ada.get(f"{V1}/me/sign-ins")).json()["items"]
        for other in (colleague, stranger):
            assert sign_in["id"] not in (await other.get(f"{V1}/me/sign-ins")).text
            assert (await other.delete(f"{V1}/me/sign-ins/{sign_in['id']}")).status_code == 404
            assert (await other.post(f"{V1}/me/sign-ins/end-others")).is_success
        assert (await ada.get(f"{V1}/me")).status_code == 200
        assert (await ada.delete(f"{V1}/me/sign-ins/{sign_in['id']}")).is_success
    finally:
        for browser in (ada, colleague, stranger):
            await browser.aclose()


async def test_a_live_stream_takes_topics_from_nobody_but_whom_it_is_for(neighbours: Neighbours) -> None:
    async with neighbours.host.api.stream("GET", f"{V1}/live", params={"topics": "stations"}) as stream:
        lines, line = stream.aiter_lines(), ""
        while not (line.startswith("data:") and "stream_id" in line):
            line = await anext(lines)
        stream_id = json.loads(line.removeprefix("data:"))["stream_id"]
        path = f"{V1}/live/{stream_id}/topics"
        for stranger in (neighbours.guest.api, neighbours.site.api):
            assert (await stranger.post(path, json={"topics": ["sessions"]})).status_code == 404
        assert (await neighbours.host.api.post(path, json={"topics": ["sessions"]})).is_success
