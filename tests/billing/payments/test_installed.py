"""A running installation with the sandbox: its messages take the real route by themselves."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[2] / folder) for folder in ("conformance", "pki", "wire")]

from installation import installation

V1 = "/api/v1"
TOP_UP = {
    "mode": "top_up",
    "amount": {"minor_units": 2500, "currency": "EUR"},
    "owner": {"kind": "driver", "id": "driver-1"},
}


async def test_who_pays_on_the_page_is_seen_to_have_paid_a_moment_later(tmp_path: Path) -> None:
    async with installation(tmp_path, **{"payments.sandbox": True}) as site:
        (shown,) = (await site.api.get(f"{V1}/payment-providers")).json()["items"]
        assert (shown["name"], shown["enabled"]) == ("sandbox", True)
        payment = (await site.api.post(f"{V1}/payments", json=TOP_UP)).json()
        page = payment["next_action"]["page_url"]
        paid = await site.api.post(page, data={"does": "pay", "number": "4242424242424242"})
        assert "It is paid" in paid.text

        async def captured() -> str | None:
            found = (await site.api.get(f"{V1}/payments/{payment['id']}")).json()["payment"]
            return str(found["captured_at"]) if found["state"] == "captured" else None

        assert await site.eventually(captured)
        notices = (await site.api.get(f"{V1}/payment-notices")).json()["items"]
        assert [each["kind"] for each in notices] == ["payment.captured"]


async def test_without_being_asked_for_there_is_no_sandbox(tmp_path: Path) -> None:
    async with installation(tmp_path) as site:
        kinds = (await site.api.get(f"{V1}/payment-providers/kinds")).json()["items"]
        assert [kind["name"] for kind in kinds] == ["stripe", "razorpay", "mollie"]
        secrets = {"secrets": {"webhook_secret": "x"}}
        assert (await site.api.put(f"{V1}/payment-providers/sandbox", json=secrets)).status_code == 404
        assert (await site.api.get("/pay/sandbox/sb_1")).status_code == 404
        refused = await site.api.post(f"{V1}/payments", json=TOP_UP)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
