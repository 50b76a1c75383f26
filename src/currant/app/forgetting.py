"""What is kept how long: the table of every row that goes by itself.

What is not named here is bounded by what there is (stations, tokens, declarations and their revisions), is
kept for good (sessions, certificates), or is removed by its own service.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from currant.db.retention import Keep, remove_older, trim_journal
from currant.db.tables import metadata

if TYPE_CHECKING:
    from currant.app.container import Currant


async def forget_old(currant: "Currant") -> None:
    """Remove what was kept for as long as `[retention]` says."""
    keep, database, clock = currant.settings.retention, currant.database, currant.clock
    now = clock.now()
    await currant.messages.trim(
        keep_for=timedelta(days=keep.messages_days), keep_bytes=keep.messages_mb * 1_000_000
    )
    await trim_journal(database, age=timedelta(days=keep.journal_days), now=now)
    for table, column, days in (
        ("status_history", "received_at", keep.status_history_days),
        ("commands", "id", keep.commands_days),
        ("command_batches", "id", keep.commands_days),
        ("transfers", "id", keep.commands_days),
        ("reservations", "ended_at", keep.reservations_days),
        ("waiting_drivers", "ended_at", keep.reservations_days),
        ("battery_swaps", "id", keep.settlements_days),
        ("terminal_settlements", "id", keep.settlements_days),
        ("payment_notices", "id", keep.settlements_days),
        ("sandbox_keys", "at", 2),
        ("session_needs", "session_id", keep.status_history_days),
        ("station_password_offers", "ended_at", keep.security_events_days),
        ("security_events", "id", keep.security_events_days),
        ("audit_log", "at", keep.security_events_days),
        ("station_der_alarms", "id", keep.status_history_days),
        ("findings", "last_at", keep.findings_days),
        ("component_events", "id", keep.component_events_days),
        ("stream_values", "at", keep.component_events_days),
    ):
        await remove_older(database, Keep(metadata.tables[table], column, timedelta(days=days)), now=now)
    await currant.charging.thin_readings(
        before=now - timedelta(days=keep.readings_full_days),
        keep_every_s=keep.readings_thinned_minutes * 60,
    )
    await currant.desired.rollouts.forget(keep_for=timedelta(days=keep.commands_days))
    await currant.tenancy.forget_expired()
    await currant.access.counting.forget_old()
    await currant.files.tidy()
