"""Where drivers' browsers take messages while the app is closed; sealing and sending is notices' business."""

import base64
import binascii
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.drivers import store
from currant.drivers.model import Driver, KeptSubscription, SignedInDriver
from currant.kit.clock import Clock, micros
from currant.kit.errors import Invalid
from currant.kit.http import check_url
from currant.kit.ids import AccountId, TenantId, new_id

SUBSCRIPTIONS_MAX = 5
ENDPOINT_MAX = 1_000
KEPT = timedelta(days=365)


class PushKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A browser's keys (PushSubscriptionJSON.keys), base64url."""

    p256dh: str
    auth: str


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `PushSubscription.toJSON()` gives in a browser."""

    endpoint: str
    keys: PushKeys
    expiration_time: float | None = None


class Subscriptions:
    """Who wants to be told, and where."""

    def __init__(self, database: Database, clock: Clock, *, allow_private: bool) -> None:
        self._database = database
        self._clock = clock
        self._allow_private = allow_private

    async def put(self, signed_in: SignedInDriver, subscription: PushSubscription) -> None:
        """Send messages for this driver there; the oldest of more than `SUBSCRIPTIONS_MAX` goes."""
        endpoint, keys = subscription.endpoint, subscription.keys
        if len(endpoint) > ENDPOINT_MAX:
            raise Invalid("This address is too long.", field="subscription.endpoint")
        check_url(endpoint, allow_private=self._allow_private, field="subscription.endpoint")
        # An uncompressed point of P-256, and 16 random bytes (RFC 8291, 2 and 3.2).
        _check_key(keys.p256dh, 65, "subscription.keys.p256dh")
        _check_key(keys.auth, 16, "subscription.keys.auth")
        driver, now = signed_in.driver, self._clock.now()
        tenant_id = driver.tenant_id

        def put(conn: Connection, changes: ChangeSet) -> None:
            # A browser has one endpoint: whoever used it before has left it.
            changes.write(store.DELETE_ENDPOINT, (tenant_id, endpoint))
            known = [
                each for each in store.subscriptions(conn, tenant_id, driver.id) if each.endpoint != endpoint
            ]
            for old in known[: max(0, len(known) - SUBSCRIPTIONS_MAX + 1)]:
                changes.write(store.DELETE_SUBSCRIPTION, (tenant_id, old.id))
            row = (
                *(new_id(), tenant_id, driver.id, endpoint, keys.p256dh, keys.auth),
                *(signed_in.digest, micros(now)),
            )
            changes.write(store.PUT_SUBSCRIPTION, row)

        await self._database.decide(put, tenant_id)

    async def remove(self, signed_in: SignedInDriver) -> None:
        """Tell this browser nothing any more."""
        changes = ChangeSet(signed_in.driver.tenant_id)
        changes.write(store.DELETE_SUBSCRIPTIONS_OF_SIGN_IN, (signed_in.driver.tenant_id, signed_in.digest))
        await self._database.commit(changes)

    async def drop(self, subscription: KeptSubscription) -> None:
        """Forget a subscription that its browser's service says is gone."""
        changes = ChangeSet(subscription.tenant_id)
        changes.write(store.DELETE_SUBSCRIPTION, (subscription.tenant_id, subscription.id))
        await self._database.commit(changes)

    async def of_account(
        self, tenant_id: TenantId, account_id: AccountId
    ) -> tuple[Driver, list[KeptSubscription]] | None:
        """The driver of an account and where they take messages; None where it is no driver's."""

        def look(conn: Connection) -> tuple[Driver, list[KeptSubscription]] | None:
            driver = store.driver_by_account(conn, tenant_id, account_id)
            if driver is None:
                return None
            return driver, store.subscriptions(conn, tenant_id, driver.id)

        return await self._database.read(look)

    async def of_driver(
        self, tenant_id: TenantId, driver_id: str
    ) -> tuple[Driver, list[KeptSubscription]] | None:
        """A driver and where they take messages; None where there is no such driver."""

        def look(conn: Connection) -> tuple[Driver, list[KeptSubscription]] | None:
            driver = store.driver(conn, tenant_id, driver_id)
            if driver is None:
                return None
            return driver, store.subscriptions(conn, tenant_id, driver.id)

        return await self._database.read(look)


def _check_key(text: str, length: int, field: str) -> None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != length:
        raise Invalid("This is not the key of a push subscription.", field=field)
