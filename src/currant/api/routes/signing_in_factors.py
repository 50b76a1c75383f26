"""One's own second factors: an authenticator app, and codes for the day it is lost."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import JSONBody

from currant.api.authentication import ApiRequest
from currant.api.routes.common import Body, caller_of, services_of
from currant.api.routes.welcome import person_of
from currant.tenancy.factors import RecoveryCodes, SecondFactorsView, TotpDraft
from currant.tenancy.model import Permission

SELF = {"permission": Permission.SELF, "never_compressed": True}


class FactorCode(Body, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["123456"])]


class Password(Body, frozen=True, kw_only=True):
    """One's password once more. Who has none (single sign-on) leaves it out and must have signed in just now."""

    password: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/me/second-factors", opt=SELF)
async def my_second_factors(request: ApiRequest) -> SecondFactorsView:
    """What one signs in with beside the password."""
    caller = caller_of(request)
    person_of(caller)
    return await services_of(request).tenancy.factors.overview(caller)


@post("/me/totp", status_code=201, opt=SELF)
async def begin_my_totp(request: ApiRequest) -> TotpDraft:
    """Set up an authenticator app: what it scans. It counts once `/me/totp/confirm` has seen a code of it."""
    caller = caller_of(request)
    person_of(caller)
    return await services_of(request).tenancy.factors.begin_totp(caller)


@post("/me/totp/confirm", status_code=200, opt=SELF)
async def confirm_my_totp(request: ApiRequest, data: JSONBody[FactorCode]) -> RecoveryCodes:
    """The app shows this code: from now on signing in asks for one.

    With the first second factor come ten codes for the day it is lost, shown this once.
    """
    caller = caller_of(request)
    tenancy = services_of(request).tenancy
    tenancy.guesses.count(person=f"totp of {person_of(caller)}")
    codes = await tenancy.factors.confirm_totp(caller, data.code)
    tenancy.guesses.right(person=f"totp of {caller.id}")
    await tenancy.mail_links.tell(caller.tenant_id, person_of(caller), "second_factor_added")
    return codes


@delete("/me/totp", opt=SELF)
async def remove_my_totp(request: ApiRequest, data: JSONBody[Password]) -> None:
    """Remove the authenticator app. It takes the password."""
    caller = caller_of(request)
    person_of(caller)
    tenancy = services_of(request).tenancy
    await tenancy.proofs.check(caller, data.password, fresh_is_enough=False)
    await tenancy.factors.remove_totp(caller)
    await tenancy.mail_links.tell(caller.tenant_id, person_of(caller), "second_factor_removed")


@post("/me/recovery-codes", status_code=201, opt=SELF)
async def new_recovery_codes(request: ApiRequest, data: JSONBody[Password]) -> RecoveryCodes:
    """Ten new codes for the day the second factor is lost, shown this once; the old ones end to work."""
    caller = caller_of(request)
    person_of(caller)
    tenancy = services_of(request).tenancy
    await tenancy.proofs.check(caller, data.password, fresh_is_enough=False)
    codes = await tenancy.factors.new_recovery_codes(caller)
    await tenancy.mail_links.tell(caller.tenant_id, person_of(caller), "recovery_codes")
    return codes


router = Router(
    "/api/v1",
    tags=["Signing in"],
    route_handlers=[
        my_second_factors,
        begin_my_totp,
        confirm_my_totp,
        remove_my_totp,
        new_recovery_codes,
    ],
)
