"""Journeys of people who sign in: the first start, second factors, mailed links, single sign-on, ended sessions."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import oidc_provider_mock
import pytest
from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, NewSite, OpenPage, SignedIn, watch_of
from tests.browser.signing_in import (
    NOT_SIGNED_IN,
    choose_password,
    fill_in,
    give_finger,
    link_in_mail,
    set_up_totp,
    shown_by_app,
    sign_out,
    type_code,
)

NEW = "another password altogether"


async def lands_on(page: Page, path: str) -> None:
    await page.wait_for_url(f"**/console{path}")
    await page.get_by_role("navigation", name="Menu").first.wait_for()


async def test_the_first_start_leads_to_the_first_charger(
    new_site: NewSite, open_page: OpenPage, axe: Axe
) -> None:
    site = await new_site(furnished=False, specs=())
    first = site.currant.first_login
    assert first is not None
    page = await open_page(site)
    watch_of(page).allow(NOT_SIGNED_IN)
    await page.goto("/console/")
    await page.get_by_text("First start?").wait_for()
    assert await axe(page) == []
    await fill_in(page, first.login, first.password)
    await page.get_by_role("heading", name="A password of your own").wait_for()
    assert await axe(page) == []
    await page.get_by_label("One-time password").fill(first.password)
    await choose_password(page, NEW)
    await page.get_by_role("button", name="Set the password").click()
    await page.get_by_label("Name of the organisation").fill("Hafen Strom")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("heading", name="Protect your account").wait_for()
    assert await axe(page) == []
    await page.get_by_role("button", name="Not now").click()
    await page.get_by_role("link", name="Connect a charger").click()
    await lands_on(page, "/onboarding")
    assert (await site.ask("GET", "/organisation"))["name"] == "Hafen Strom"


async def test_a_wrong_password_is_told_and_the_right_one_opens(site: Bed, browser_page: Page) -> None:
    await site.add_person("support", "wrong@bed.example")
    watch_of(browser_page).allow(NOT_SIGNED_IN)
    await browser_page.goto("/console/stations?state=faulted")
    await fill_in(browser_page, "wrong@bed.example", "not the password")
    await browser_page.get_by_role("alert").wait_for()
    await fill_in(browser_page, "wrong@bed.example")
    # And one comes to the page one had wanted.
    await lands_on(browser_page, "/stations?state=faulted")


async def test_an_authenticator_app_is_asked_for_from_then_on(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    await site.add_person("operator", "totp@bed.example")
    page = await signed_in(login="totp@bed.example")
    await page.goto("/console/me")
    secret = await set_up_totp(page)
    codes = await page.get_by_role("dialog").get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    assert await axe(page) == []
    done = page.get_by_role("button", name="Done")
    await expect(done).to_be_disabled()
    await page.get_by_label("I have kept the codes.").check()
    await done.click()
    await page.get_by_text("protected by a second factor").wait_for()
    watch_of(page).allow(NOT_SIGNED_IN)
    await sign_out(page)

    await fill_in(page, "totp@bed.example")
    await page.get_by_role("heading", name="One more step").wait_for()
    assert await axe(page) == []
    await type_code(page, shown_by_app(secret, steps_later=1))
    await lands_on(page, "/")
    await sign_out(page)

    await fill_in(page, "totp@bed.example")
    await page.get_by_role("button", name="Use a recovery code").click()
    await page.get_by_label("Recovery code").fill(codes[0])
    await page.get_by_role("button", name="Continue").click()
    await lands_on(page, "/")


async def test_a_passkey_is_made_and_opens_without_a_password(site: Bed, signed_in: SignedIn) -> None:
    await site.add_person("operator", "passkey@bed.example")
    page = await signed_in(login="passkey@bed.example")
    finger = await give_finger(page)
    await page.goto("/console/me")
    await page.get_by_role("button", name="Add a passkey").click()
    # The dialog's own name: the page has another, and shows the dialog a moment later.
    await page.get_by_role("dialog").get_by_label("Name", exact=True).fill("A test's finger")
    await page.get_by_role("button", name="Make the passkey").click()
    await page.get_by_label("I have kept the codes.").check()
    await page.get_by_role("button", name="Done").click()
    await page.get_by_text("A test's finger").wait_for()
    assert len(await finger.kept()) == 1

    # Nobody touches the finger while the browser only offers: the button is what is meant here.
    await finger.touches(False)
    watch_of(page).allow(NOT_SIGNED_IN)
    await sign_out(page)
    button = page.get_by_role("button", name="Sign in with a passkey")
    await button.wait_for()
    await finger.touches(True)
    if await button.is_visible():
        await button.click()
    await lands_on(page, "/")
    ways = await page.evaluate("fetch('/api/v1/me/sign-ins').then((answer) => answer.json())")
    assert next(each["way"] for each in ways["items"] if each["current"]) == "passkey"


async def test_somebody_invited_by_mail_comes_in(
    new_site: NewSite, signed_in: SignedIn, open_page: OpenPage, tmp_path: Path, axe: Axe
) -> None:
    mail = tmp_path / "mail"
    site = await new_site(specs=(), furnished=False, **{"mail.url": f"file:{mail}"})
    await site.add_person("owner", "owner@bed.example")
    page = await signed_in("owner", at=site)
    await page.goto("/console/people")
    await page.get_by_role("button", name="Add somebody").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Signs in as").fill("ada@bed.example")
    await dialog.get_by_label("Name", exact=True).fill("Ada")
    await dialog.get_by_role("radio", name="Support").check()
    await dialog.get_by_role("button", name="Invite").click()
    await page.get_by_text("Invited", exact=True).wait_for()

    theirs = await open_page(site)
    await theirs.goto(await link_in_mail(site, mail, "/console/invitation"))
    await expect(theirs.get_by_label("E-mail or name")).to_have_value("ada@bed.example")
    await expect(theirs.get_by_label("Name", exact=True)).to_have_value("Ada")
    assert "token" not in theirs.url
    assert await axe(theirs) == []
    await choose_password(theirs, NEW, label="Password")
    await theirs.get_by_role("button", name="Accept and sign in").click()
    await lands_on(theirs, "/")


async def test_a_forgotten_password_is_set_anew_by_mail(
    new_site: NewSite, open_page: OpenPage, tmp_path: Path, axe: Axe
) -> None:
    mail = tmp_path / "mail"
    site = await new_site(specs=(), furnished=False, **{"mail.url": f"file:{mail}"})
    await site.add_person("operator", "lost@bed.example")
    person = next(
        each for each in (await site.ask("GET", "/people/"))["items"] if each["login"] == "lost@bed.example"
    )
    await site.ask("PATCH", f"/people/{person['id']}", json={"email": "lost@bed.example"})
    page = await open_page(site)
    await page.goto("/console/sign-in")
    await page.get_by_role("link", name="Forgotten your password?").click()
    await page.get_by_label("E-mail or name").fill("lost@bed.example")
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_text("Look into your mailbox").wait_for()
    await page.goto(await link_in_mail(site, mail, "/console/reset"))
    await page.get_by_role("heading", name="A new password").wait_for()
    assert await axe(page) == []
    await choose_password(page, NEW)
    await page.get_by_role("button", name="Set the password and sign in").click()
    await lands_on(page, "/")


async def test_who_is_signed_out_elsewhere_comes_back_to_the_same_page(
    site: Bed, signed_in: SignedIn
) -> None:
    await site.add_person("owner", "ended@bed.example")
    page = await signed_in(login="ended@bed.example")
    await page.goto("/console/audit?kind=KeyMade")
    await page.get_by_role("heading", name="Audit log").wait_for()
    other = await signed_in(login="ended@bed.example")
    await other.goto("/console/me")
    await other.get_by_role("button", name="Sign out everywhere else").click()
    await other.get_by_text("Signed out everywhere else").wait_for()

    watch_of(page).allow(NOT_SIGNED_IN)
    await page.get_by_role("link", name="People").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
    await fill_in(page, "ended@bed.example")
    await lands_on(page, "/people")


@pytest.fixture
def issuer() -> Iterator[str]:
    """A real OpenID provider; who signs in there is whoever they say they are."""
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


async def test_single_sign_on_opens_and_says_when_it_does_not(
    new_site: NewSite, open_page: OpenPage, issuer: str
) -> None:
    provider = {
        "id": "work",
        "name": "Work",
        "issuer": issuer,
        "client_id": "currant",
        "client_secret": "a secret",
        "create": True,
        "role_claim": "role",
        "roles": {"helper": "support"},
    }
    site = await new_site(
        specs=(),
        furnished=False,
        **{"sign_in.providers": [provider], "outbound.allow_private_addresses": True},
    )
    async with httpx.AsyncClient() as there:
        ada = {"email": "ada@work.example", "email_verified": True, "name": "Ada", "role": "helper"}
        (await there.put(f"{issuer}/users/ada", json=ada)).raise_for_status()
        (await there.put(f"{issuer}/users/eve", json={"email": "eve@work.example"})).raise_for_status()
    page = await open_page(site)
    watch_of(page).accept(issuer)
    watch_of(page).allow(NOT_SIGNED_IN)
    watch_of(page).allow(issuer)
    # The provider's page would be dressed by somebody else; it is not let.
    watch_of(page).allow("picocss")
    await page.goto("/console/sessions")
    await page.get_by_role("link", name="Sign in with Work").click()
    await page.locator("input[name=sub]").fill("eve")
    await page.locator("input[name=sub]").press("Enter")
    await page.get_by_text("Single sign-on did not work").wait_for()

    await page.get_by_role("link", name="Sign in with Work").click()
    await page.locator("input[name=sub]").fill("ada")
    await page.locator("input[name=sub]").press("Enter")
    await lands_on(page, "/")
    me = await page.evaluate("fetch('/api/v1/me').then((answer) => answer.json())")
    assert (me["name"], me["role"]) == ("Ada", "support")


async def test_a_required_second_factor_stands_before_everything(
    new_site: NewSite, signed_in: SignedIn, axe: Axe
) -> None:
    site = await new_site(specs=(), furnished=False)
    for role in ("owner", "support"):
        await site.add_person(role, f"{role}@bed.example")
    owner = await signed_in("owner", at=site)
    await owner.goto("/console/organisation")
    switch = owner.get_by_role("switch", name="Require a second factor")
    # Who has none would lock themselves out, and is led to set one up.
    await switch.click()
    await owner.get_by_role("button", name="Set one up").click()
    await set_up_totp(owner)
    await owner.get_by_label("I have kept the codes.").check()
    await owner.get_by_role("button", name="Done").click()
    await owner.get_by_role("link", name="Organisation").click()
    await switch.click()
    await owner.get_by_role("button", name="Require it").click()
    await expect(switch).to_be_checked()

    page = await signed_in("support", at=site)
    await page.goto("/console/sessions")
    await page.get_by_role("heading", name="A second factor, please").wait_for()
    assert await axe(page) == []
    await page.get_by_role("button", name="Authenticator app").click()
    secret = (await page.locator("pre").inner_text()).replace(" ", "").strip()
    await type_code(page, shown_by_app(secret))
    await page.get_by_label("I have kept the codes.").check()
    await page.get_by_role("button", name="Done").click()
    await lands_on(page, "/")
