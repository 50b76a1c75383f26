"""How an organisation looks: by host name, to everybody; and what may not be set."""

import pytest
from served import Api

from currant.kit.clock import SystemClock
from currant.kit.errors import Conflict
from currant.kit.ids import TenantId
from currant.tenancy.branding import Brandings
from currant.tenancy.branding_model import BrandingChanged, BrandingDraft
from currant.tenancy.model import Role
from pictures import png

PNG = png()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="url(#a)" d="M0 0h9v9z"/></svg>'


async def second_organisation(api: Api) -> str:
    owner = await api.owner()
    organisation, _ = await api.tenancy.organisations.create(
        name="City of Ulm", owner_login="ulm@example.com", by=owner
    )
    return organisation.id


async def test_every_host_name_shows_its_own_organisation(api: Api) -> None:
    ulm = await second_organisation(api)
    host = api.client("local_key-of-this-machine")
    answer = await host.put(f"/api/v1/organisations/{ulm}/hosts", json={"hosts": ["Laden.ULM.example"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["hosts"] == ["laden.ulm.example"]
    theirs = api.client("local_key-of-this-machine", **{"Currant-Tenant": ulm})
    draft = {"product_name": "Ulm lädt", "primary_colour": "#1F6F3D", "hosts": ["laden.ulm.example"]}
    assert (await theirs.put("/api/v1/branding", json=draft)).status_code == 200
    stranger = api.client()
    seen = (await stranger.get("/api/v1/branding/public", headers={"Host": "laden.ulm.example:8443"})).json()
    assert (seen["tenant"], seen["name"], seen["product_name"]) == ("City of Ulm", "City of Ulm", "Ulm lädt")
    assert seen["primary_colour"] == "#1f6f3d"
    assert "hosts" not in seen
    elsewhere = (await stranger.get("/api/v1/branding/public")).json()
    assert elsewhere["tenant"] == elsewhere["product_name"] == "Test network"


async def test_a_page_that_knows_the_branding_is_told_that_it_did_not_change(api: Api) -> None:
    stranger = api.client()
    first = await stranger.get("/api/v1/branding/public")
    again = await stranger.get("/api/v1/branding/public", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    await api.client("local_key-of-this-machine").put("/api/v1/branding", json={"name": "Volt & Co"})
    anew = await stranger.get("/api/v1/branding/public", headers={"If-None-Match": first.headers["etag"]})
    assert anew.status_code == 200
    assert anew.json()["product_name"] == "Volt & Co"


async def test_host_names_are_given_by_the_operator_and_to_one_organisation_alone(api: Api) -> None:
    ulm = await second_organisation(api)
    host = api.client("local_key-of-this-machine")
    theirs = await api.tenancy.caller_of_secret(
        "local_key-of-this-machine", remote_address="127.0.0.1", tenant_id=ulm
    )
    assert theirs is not None
    key = await api.tenancy.keys.make(theirs.tenant_id, name="ulm", role=Role.OWNER, by=theirs)
    ours = api.client(key.secret)
    refused = await ours.put("/api/v1/branding", json={"hosts": ["charge.rival.example"]})
    assert refused.status_code == 403
    assert "has to be given by the operator" in refused.json()["detail"]
    assert (await host.put("/api/v1/branding", json={"hosts": ["charge.example"]})).status_code == 200
    taken = await host.put(f"/api/v1/organisations/{ulm}/hosts", json={"hosts": ["charge.example"]})
    own = await host.put(f"/api/v1/organisations/{ulm}/hosts", json={"hosts": ["currant.example"]})
    assert (taken.status_code, own.status_code) == (409, 409)
    assert "installation's own name" in own.json()["detail"]
    assert (await ours.put(f"/api/v1/organisations/{ulm}/hosts", json={"hosts": []})).status_code == 403
    # Given back, a name is free for others.
    assert (await host.put("/api/v1/branding", json={"hosts": []})).status_code == 200
    free = await host.put(f"/api/v1/organisations/{ulm}/hosts", json={"hosts": ["charge.example"]})
    assert free.status_code == 200
    # And stays when the organisation sets the rest.
    assert (await ours.put("/api/v1/branding", json={"hosts": ["charge.example"]})).status_code == 200


async def test_an_organisations_pictures_are_served_for_ever_and_alone(api: Api) -> None:
    owner = api.client("local_key-of-this-machine")
    set_ = await owner.put("/api/v1/branding/logo", content=SVG, headers={"Content-Type": "image/svg+xml"})
    assert set_.status_code == 200, set_.text
    url = set_.json()["logo_url"]
    served = await api.client().get(url)
    assert served.content == SVG
    assert served.headers["content-type"] == "image/svg+xml"
    assert "immutable" in served.headers["cache-control"]
    assert "sandbox" in served.headers["content-security-policy"]
    assert (await api.client().get("/api/v1/branding/public")).json()["logo_url"] == url
    assert (await api.client().get(url.replace(".svg", ".png"))).status_code == 404
    named = {"Content-Type": "image/svg+xml"}
    icon = (await owner.put("/api/v1/branding/icon", content=PNG, headers=named)).json()["icon_url"]
    assert icon.endswith(".png"), "What it is follows from its bytes."
    gone = await owner.delete("/api/v1/branding/logo")
    assert gone.json()["logo_url"] is None
    assert (await owner.put("/api/v1/branding/poster", content=PNG, headers=named)).status_code == 404
    assert (await owner.put("/api/v1/branding/logo", content=PNG)).status_code == 415
    big = PNG + bytes(600_000)
    assert (await owner.put("/api/v1/branding/logo", content=big, headers=named)).status_code == 413
    assert (await owner.put("/api/v1/branding/logo", content=b"GIF89a", headers=named)).status_code == 422


async def test_a_picture_that_two_places_use_stays_until_both_are_done_with_it(api: Api) -> None:
    owner, named = api.client("local_key-of-this-machine"), {"Content-Type": "image/png"}
    url = (await owner.put("/api/v1/branding/logo", content=PNG, headers=named)).json()["logo_url"]
    await owner.put("/api/v1/branding/icon", content=PNG, headers=named)
    await owner.delete("/api/v1/branding/logo")
    await owner.put("/api/v1/branding/dark_logo", content=SVG, headers=named)
    assert (await api.client().get(url)).status_code == 200


async def test_another_node_shows_a_change_as_soon_as_it_hears_of_it(api: Api) -> None:
    other = Brandings(api.database, api.tenancy.organisations, SystemClock())
    await other.start()
    tenant_id = api.tenancy.host_tenant_id
    draft = BrandingDraft(name="Volt", hosts=("volt.example",))
    await api.brandings.change(tenant_id, draft, by="a test", may_name_hosts=True)
    assert not other.is_branded("volt.example")
    await other.follow(
        BrandingChanged(tenant_id=tenant_id, happened_at=api.clock.now(), what=("name",), by="a test")
    )
    assert other.public(tenant_id).name == "Volt"
    assert other.is_branded("VOLT.example.:443")
    with pytest.raises(Conflict):
        await other.set_hosts(TenantId(await second_organisation(api)), ["volt.example"], by="a test")
