"""What a variable is across the network, answered from the store for all stations at once."""

from typing import Any

from currant.db.engine import Database
from currant.kit.clock import instant
from currant.kit.errors import NotFound
from currant.kit.ids import TenantId
from currant.stations import paging
from currant.stations.commanding.variables import Variable
from currant.stations.device import mapping16, naming, store
from currant.stations.device.model import Fleet, FleetValue, ValueCount, VariableKind
from currant.stations.model import Page

COUNTED_MAX = 1_000
ATTRIBUTE_NUMBERS = {attribute: number for number, attribute in enumerate(naming.ATTRIBUTES)}
"""Attributes as rows name them."""


class FleetQuestions:
    """Questions about one variable of many stations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kinds(
        self,
        tenant_id: TenantId,
        *,
        component: str | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[VariableKind]:
        """The variables that stations of the network have, by name."""
        limit = paging.bounded(limit)
        after = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.fleet.names(
                conn, tenant_id, component=component, text=text, after=after, limit=limit + 1
            )
        )
        page = paging.page(rows, limit, lambda row: paging.encode(row.folded))
        return Page(items=tuple(map(_kind, page.items)), next_cursor=page.next_cursor)

    async def fleet_values(
        self,
        tenant_id: TenantId,
        variable: Variable,
        fleet: Fleet,
        *,
        attribute: str | None = None,
        value: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[FleetValue]:
        """What stations have of a variable, by identity. An instance or place that is not named may be any."""
        limit = paging.bounded(limit)
        after: Any = None if cursor is None else paging.decode(cursor, str, int, int, int, int)
        names = await self._named(tenant_id, variable)
        rows = await self._database.read(
            lambda conn: store.fleet.values(
                conn,
                tenant_id,
                list(names),
                fleet,
                evse=variable.evse,
                attribute=_attribute(attribute),
                value=value,
                after=after,
                limit=limit + 1,
            )
        )
        page = paging.page(
            rows,
            limit,
            lambda row: paging.encode(row.identity, row.variable, row.evse, row.connector, row.attribute),
        )
        return Page(
            items=tuple(
                FleetValue(
                    station_id=row.id,
                    identity=row.identity,
                    vendor=row.vendor,
                    model=row.model,
                    key=naming.text_of(
                        naming.placed(
                            names[row.variable],
                            evse=row.evse,
                            connector=row.connector,
                            attribute=naming.ATTRIBUTES[row.attribute],
                        )
                    ),
                    value=row.value,
                    pending=row.pending,
                    known_since=instant(row.known_at),
                )
                for row in page.items
            ),
            next_cursor=page.next_cursor,
        )

    async def value_counts(
        self, tenant_id: TenantId, variable: Variable, fleet: Fleet, *, attribute: str | None = None
    ) -> list[ValueCount]:
        """The values that a variable has across stations, the most frequent first, a thousand at most."""
        names = await self._named(tenant_id, variable)
        rows = await self._database.read(
            lambda conn: store.fleet.counts(
                conn,
                tenant_id,
                list(names),
                fleet,
                evse=variable.evse,
                attribute=_attribute(attribute),
                limit=COUNTED_MAX,
            )
        )
        return [
            ValueCount(
                key=naming.text_of(
                    naming.placed(
                        names[row.variable], evse=0, connector=0, attribute=naming.ATTRIBUTES[row.attribute]
                    )
                ),
                value=row.value,
                count=row.amount,
                stations=row.stations,
            )
            for row in rows
        ]

    async def _named(self, tenant_id: TenantId, variable: Variable) -> dict[int, Variable]:
        """The variables that a name means: all of its instances when it names none."""
        wanted = mapping16.in_model(variable)
        rows = await self._database.read(
            lambda conn: store.fleet.names(
                conn,
                tenant_id,
                component=wanted.component,
                component_instance=wanted.component_instance,
                name=wanted.name,
                instance=wanted.instance,
                limit=500,
            )
        )
        if not rows:
            raise NotFound(
                f"No station is known to have {naming.name_of(wanted)}: look at the list of variables.",
                field="variable",
            )
        return {row.number: _variable(row) for row in rows}


def _variable(row: Any) -> Variable:
    return Variable(
        component=row.component,
        component_instance=row.component_instance,
        name=row.name,
        instance=row.instance,
    )


def _kind(row: Any) -> VariableKind:
    variable = _variable(row)
    return VariableKind(
        key=naming.name_of(variable),
        component=row.component,
        component_instance=row.component_instance,
        name=row.name,
        instance=row.instance,
        ocpp16_key=mapping16.key_of(variable),
    )


def _attribute(word: str | None) -> int | None:
    return None if word is None else ATTRIBUTE_NUMBERS[naming.attribute_named(word)]
