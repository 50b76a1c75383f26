"""What happened, as a value: the base of every event in the journal."""

from datetime import datetime

import msgspec

from currant.kit.ids import TenantId


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="kind", omit_defaults=True):
    """A fact, told once it is durable. The class name is its kind, in the journal and in webhooks."""

    tenant_id: TenantId
    happened_at: datetime
