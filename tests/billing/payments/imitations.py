"""Small servers that answer as providers' servers do: what tests of adapters talk to over real sockets.

Mollie's and Razorpay's are our own, written by what is known of their APIs; they know just what the
adapters use, and refuse what those references say is refused. Stripe's is `localstripe`, a program of its
own, with what it lacks put right on the way: it forgets idempotency keys, captures what was cancelled, and takes the
part of a hold that was not captured for a refund.
"""

import base64
import hashlib
import hmac
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Any]


class Imitation:
    """A server on loopback; `seen` is what it was asked, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.fails: list[int] = []
        """Statuses that the next requests are answered with, whatever they ask."""
        self.loses = False
        """Whether the next answer gets lost after the work was done."""
        self.lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner._serve(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        raise NotImplementedError

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        parts = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self.lock:
            self.seen.append((request.command, request.path, headers, body))
            if self.fails:
                status, value = self.fails.pop(0), {"error": {"message": "not now"}}
            else:
                status, value = self.answer(request.command, parts.path, query, headers, body)
            lost, self.loses = self.loses, False
        if lost:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = b"" if value is None else json.dumps(value).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)


class LocalStripe(Imitation):
    """localstripe behind a door that knows idempotency keys."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, Answer]] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.inner = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until, "localstripe did not start"
                time.sleep(0.05)
        super().__init__()

    def close(self) -> None:
        super().close()
        self._process.kill()
        self._process.wait(10)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Answer:
        """Ask localstripe itself, as a payer's browser does."""
        return self._forward(method, path, {"authorization": "Bearer sk_test_of_the_shop"}, _form(form or {}))

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        key = headers.get("idempotency-key", "")
        whole = self.seen[-1][1]
        if method == "POST" and key:
            if key in self._kept:
                known, kept = self._kept[key]
                if known != whole.encode() + body:
                    return 400, {"error": {"type": "idempotency_error", "message": "Other parameters."}}
                return kept
            found = self._put_right(path, headers, self._asked(path, whole, headers, body))
            self._kept[key] = (whole.encode() + body, found)
            return found
        status, value = self._forward(method, whole, headers, body)
        if path == "/v1/refunds" and method == "GET" and status == 200:
            value["data"] = [each for each in value["data"] if each["metadata"]]
        return self._put_right(path, headers, (status, value))

    def _asked(self, path: str, whole: str, headers: dict[str, str], body: bytes) -> Answer:
        if path.endswith("/capture"):
            _, intent = self._forward("GET", path.removesuffix("/capture"), headers, b"")
            if intent.get("status") != "requires_capture":
                told = {"code": "payment_intent_unexpected_state", "message": "It cannot be captured."}
                return 400, {"error": {"type": "invalid_request_error", **told}}
        return self._forward("POST", whole, headers, body)

    def _put_right(self, path: str, headers: dict[str, str], found: Answer) -> Answer:
        """An intent with what was really taken: without the part that was never captured."""
        status, value = found
        if status != 200 or not path.startswith("/v1/payment_intents") or value.get("status") != "succeeded":
            return found
        _, refunds = self._forward("GET", f"/v1/refunds?payment_intent={value['id']}&limit=100", headers, b"")
        released = sum(each["amount"] for each in refunds["data"] if not each["metadata"])
        return status, value | {"amount_received": value["amount"] - released}

    def _forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        sent = {
            "Authorization": headers.get("authorization", ""),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        request = urllib.request.Request(
            self.inner + path, data=body if method == "POST" else None, headers=sent, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                raw = answer.read()
                return answer.status, json.loads(raw) if raw else None
        except urllib.error.HTTPError as error:
            raw = error.read()
            return error.code, json.loads(raw) if raw else {}


class MollieServer(Imitation):
    """Payments that are held or taken, captured, released, refunded; customers with mandates."""

    def __init__(self) -> None:
        self.payments: dict[str, Json] = {}
        self.mandates: dict[str, Json] = {}
        self._kept: dict[str, tuple[bytes, Answer]] = {}
        self._number = 0
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        if headers.get("authorization") != "Bearer test_key":
            return 401, {"status": 401, "title": "Unauthorized Request", "detail": "Missing authentication"}
        key = headers.get("idempotency-key", "")
        if key and key in self._kept:
            known, kept = self._kept[key]
            return kept if known == path.encode() + body else (400, {"detail": "Key was used otherwise."})
        found = self._do(method, path, query, json.loads(body) if body else {})
        if key and found[0] < 500:
            self._kept[key] = (path.encode() + body, json.loads(json.dumps(found)))
        return found

    def pay(self, reference: str, *, good: bool) -> None:
        """The payer does what there is to do on Mollie's page."""
        payment = self.payments[reference]
        if not good:
            payment |= {"status": "failed", "statusReason": {"code": "insufficient_funds", "message": "No."}}
        elif payment["captureMode"] == "manual":
            payment |= {"status": "authorized", "captureBefore": "2026-12-31T12:00:00+00:00"}
        else:
            payment["status"] = "paid"
        payment["details"] = {"cardNumber": "4242", "cardLabel": "Visa"}
        if good and payment.get("sequenceType") == "first":
            mandate = f"mdt_{reference[3:]}"
            payment["mandateId"] = mandate
            self.mandates[mandate] = {
                "id": mandate,
                "status": "valid",
                "details": {"cardNumber": "4242", "cardLabel": "Visa", "cardExpiryDate": "2029-04-30"},
            }

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_{self._number:08d}"

    def _do(self, method: str, path: str, query: dict[str, str], body: Json) -> Answer:
        if (method, path) == ("POST", "/v2/payments"):
            return self._begin(body)
        if (method, path) == ("GET", "/v2/payments"):
            return 200, {"_embedded": {"payments": list(self.payments.values())[::-1]}}
        if (method, path) == ("POST", "/v2/customers"):
            return 201, {"resource": "customer", "id": self._id("cst")}
        if found := re.fullmatch(r"/v2/customers/cst_\d+/mandates/(mdt_\d+)", path):
            mandate = self.mandates.get(found[1])
            if mandate is None:
                return 404, {"status": 404, "title": "Not Found", "detail": "No mandate exists."}
            if method == "DELETE":
                del self.mandates[found[1]]
                return 204, None
            return 200, mandate
        if path == "/v2/balances/primary/transactions":
            return 200, self._balance()
        found = re.fullmatch(r"/v2/payments/(tr_\d+)(/[a-z-]+)?", path)
        payment = None if found is None else self.payments.get(found[1])
        if found is None or payment is None:
            return 404, {"status": 404, "title": "Not Found", "detail": "No payment exists with this token."}
        return self._on(method, payment, found[2] or "", body)

    def _begin(self, body: Json) -> Answer:
        value = body["amount"]["value"]
        assert re.fullmatch(r"\d+\.\d\d", value), "Mollie wants two digits."
        recurring = body.get("sequenceType") == "recurring"
        if not recurring and not body.get("redirectUrl"):
            return 422, {"status": 422, "detail": "The redirect URL is invalid", "field": "redirectUrl"}
        if recurring and body["mandateId"] not in self.mandates:
            return 422, {"status": 422, "detail": "The mandate is invalid", "field": "mandateId"}
        reference = self._id("tr")
        payment = {
            "resource": "payment",
            "id": reference,
            "status": "open",
            "amount": body["amount"],
            "captureMode": body.get("captureMode", "automatic"),
            "metadata": body.get("metadata"),
            "sequenceType": body.get("sequenceType", "oneoff"),
            "customerId": body.get("customerId"),
            "_embedded": {"refunds": [], "captures": [], "chargebacks": []},
            "_links": {"checkout": {"href": f"https://www.mollie.com/checkout/{reference}"}},
        }
        self.payments[reference] = payment
        if recurring:
            good = self.mandates[body["mandateId"]]["status"] == "valid"
            self.pay(reference, good=good)
        return 201, payment

    def _on(self, method: str, payment: Json, what: str, body: Json) -> Answer:
        status = payment["status"]
        whole = _cents(payment["amount"])
        if what == "" and method == "GET":
            return 200, payment
        if what == "" and method == "DELETE":
            if status != "open":
                return 422, {"status": 422, "detail": "The payment cannot be canceled"}
            payment["status"] = "canceled"
            return 200, payment
        if what == "/captures":
            if status != "authorized" or not 0 < _cents(body["amount"]) <= whole:
                return 422, {"status": 422, "detail": "The payment cannot be captured", "field": "amount"}
            payment |= {"status": "paid", "amountCaptured": body["amount"]}
            payment["_embedded"]["captures"].append({"id": self._id("cpt"), "amount": body["amount"]})
            return 201, payment["_embedded"]["captures"][-1]
        if what == "/release-authorization":
            if status != "authorized":
                return 422, {"status": 422, "detail": "There is nothing to release"}
            payment["status"] = "canceled"
            return 202, None
        if what == "/refunds":
            taken = _cents(payment.get("amountCaptured") or payment["amount"]) if status == "paid" else 0
            back = sum(_cents(each["amount"]) for each in payment["_embedded"]["refunds"])
            if back + _cents(body["amount"]) > taken:
                return 422, {
                    "status": 422,
                    "detail": "The amount is higher than the maximum",
                    "field": "amount",
                }
            refund = {
                "id": self._id("re"),
                "amount": body["amount"],
                "status": "refunded",
                "metadata": body.get("metadata"),
            }
            payment["_embedded"]["refunds"].append(refund)
            return 201, refund
        return 404, {"status": 404, "detail": "Not Found"}

    def _balance(self) -> Json:
        rows = []
        for payment in self.payments.values():
            if payment["status"] == "paid":
                amount = payment.get("amountCaptured") or payment["amount"]
                less = {"currency": "EUR", "value": f"{(_cents(amount) - 25) / 100:.2f}"}
                rows.append(
                    {
                        "id": f"baltr_{payment['id']}",
                        "type": "payment",
                        "resultAmount": less,
                        "initialAmount": amount,
                        "createdAt": "2026-03-01T12:00:00+00:00",
                        "context": {"payment": {"paymentId": payment["id"]}},
                    }
                )
        return {"_embedded": {"balance_transactions": rows[::-1]}, "_links": {"next": None}}


class RazorpayServer(Imitation):
    """QR codes, payment links and orders, the payments on them, and their refunds."""

    def __init__(self) -> None:
        self.things: dict[str, Json] = {}
        self.on: dict[str, list[Json]] = {}
        self.refunds: dict[str, list[Json]] = {}
        self._refund_keys: dict[str, Json] = {}
        self._number = 0
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        pair = base64.b64encode(b"rzp_test:secret").decode()
        if headers.get("authorization") != f"Basic {pair}":
            return 401, {"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}}
        return self._do(method, path, query, headers, json.loads(body) if body else {})

    def pay(self, reference: str, *, good: bool) -> None:
        """The payer answers in their app, or pays on Razorpay's page."""
        thing = self.things[reference]
        amount = thing.get("payment_amount") or thing["amount"]
        payment = {
            "id": self._id("pay"),
            "entity": "payment",
            "amount": amount,
            "currency": "INR",
            "status": "captured" if good else "failed",
            "method": "upi",
            "vpa": "driver@upi",
            "amount_refunded": 0,
            "refund_status": None,
            "error_reason": None if good else "payment_cancelled",
            "error_description": None if good else "The payer declined.",
        }
        order = thing.get("order_id") or reference
        self.on.setdefault(order, []).append(payment)
        if good:
            thing["status"] = "closed" if reference.startswith("qr_") else "paid"

    def signed(self, event: str, reference: str) -> tuple[dict[str, str], bytes]:
        """A message of Razorpay's with its signature."""
        kind = {"qr": "qr_code", "plink": "payment_link", "order": "order"}[reference.partition("_")[0]]
        body = json.dumps(
            {
                "entity": "event",
                "event": event,
                "contains": [kind],
                "payload": {kind: {"entity": self.things[reference]}},
                "created_at": 1_772_366_400,
            }
        ).encode()
        told = hmac.new(b"webhook secret", body, hashlib.sha256).hexdigest()
        return {"x-razorpay-signature": told, "x-razorpay-event-id": "evt_1"}, body

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_{self._number:08d}"

    def _do(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Json
    ) -> Answer:
        made = {
            "/v1/payments/qr_codes": ("qr", "active"),
            "/v1/payment_links": ("plink", "created"),
            "/v1/orders": ("order", "created"),
        }
        if method == "POST" and path in made:
            kind, status = made[path]
            reference = self._id(kind)
            thing = {**body, "id": reference, "status": status}
            if kind == "plink":
                thing |= {"order_id": self._id("order"), "short_url": f"https://rzp.io/i/{reference}"}
            if kind == "qr":
                thing |= {
                    "image_url": f"https://rzp.io/i/{reference}",
                    "image_content": f"upi://pay?pa=shop@bank&am={body['payment_amount'] / 100:.2f}&cu=INR",
                }
            self.things[reference] = thing
            return 200, thing
        if (method, path) == ("POST", "/v1/payments/create/upi"):
            assert body["upi"]["flow"] == "collect"
            self.pay(body["order_id"], good=body["upi"]["vpa"] != "failure@razorpay")
            return 200, {"razorpay_payment_id": self.on[body["order_id"]][-1]["id"]}
        if method == "GET" and path in made:
            return 200, self._listed(path, made[path][0], query)
        for pattern, work in self._routes(headers, body):
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return work(found[1])
        return 404, {"error": {"code": "BAD_REQUEST_ERROR", "description": "The requested URL was not found"}}

    def _routes(self, headers: dict[str, str], body: Json) -> list[tuple[str, Callable[[str], Answer]]]:
        return [
            (r"GET /v1/payments/qr_codes/(qr_\d+)", self._thing),
            (r"GET /v1/payment_links/(plink_\d+)", self._thing),
            (r"GET /v1/orders/(order_\d+)", self._thing),
            (r"GET /v1/payments/qr_codes/(qr_\d+)/payments", self._tried),
            (r"GET /v1/orders/(order_\d+)/payments", self._tried),
            (r"POST /v1/payments/qr_codes/(qr_\d+)/close", lambda each: self._end(each, "closed")),
            (r"POST /v1/payment_links/(plink_\d+)/cancel", lambda each: self._end(each, "cancelled")),
            (r"POST /v1/payments/(pay_\d+)/refund", lambda each: self._refund(each, headers, body)),
            (
                r"GET /v1/payments/(pay_\d+)/refunds",
                lambda each: (200, {"items": self.refunds.get(each, [])}),
            ),
        ]

    def _thing(self, reference: str) -> Answer:
        thing = self.things.get(reference)
        if thing is None:
            return 400, {"error": {"code": "BAD_REQUEST_ERROR", "description": "The id does not exist"}}
        return 200, thing

    def _tried(self, reference: str) -> Answer:
        return 200, {"items": self.on.get(reference, [])}

    def _end(self, reference: str, status: str) -> Answer:
        self.things[reference]["status"] = status
        return self._thing(reference)

    def _refund(self, payment_id: str, headers: dict[str, str], body: Json) -> Answer:
        key = headers.get("x-refund-idempotency", "")
        if key in self._refund_keys:
            return 200, self._refund_keys[key]
        payment = next(each for tried in self.on.values() for each in tried if each["id"] == payment_id)
        if payment["amount_refunded"] + body["amount"] > payment["amount"]:
            text = "The total refund amount is greater than the refund payment amount"
            return 400, {"error": {"code": "BAD_REQUEST_ERROR", "description": text}}
        payment["amount_refunded"] += body["amount"]
        payment["refund_status"] = "partial" if payment["amount_refunded"] < payment["amount"] else "full"
        refund = {
            "id": self._id("rfnd"),
            "amount": body["amount"],
            "status": "processed",
            "notes": body["notes"],
        }
        self.refunds.setdefault(payment_id, []).append(refund)
        self._refund_keys[key] = refund
        return 200, refund

    def _listed(self, path: str, kind: str, query: dict[str, str]) -> Json:
        mine = [each for each in self.things.values() if each["id"].startswith(f"{kind}_")]
        for name in ("reference_id", "receipt"):
            if name in query:
                mine = [each for each in mine if each.get(name) == query[name]]
        return {"payment_links" if kind == "plink" else "items": mine[::-1]}


def _cents(amount: Json) -> int:
    return round(float(amount["value"]) * 100)


def _form(values: dict[str, str]) -> bytes:
    return urllib.parse.urlencode(values).encode()
