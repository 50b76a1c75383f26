"""A receipt as a page to print: plain HTML that stands alone, in the driver's language."""

import base64
import hashlib
import html
from datetime import datetime

from currant.drivers import nearby
from currant.drivers.model import Receipt
from currant.drivers.words import RECEIPT, in_language
from currant.kit.letters import RIGHT_TO_LEFT

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#111;"
    "background:#fff}h1{font-size:1.4rem;margin:0 0 .25rem}table{border-collapse:collapse;width:100%;"
    "margin-top:1rem}th,td{text-align:start;padding:.4rem .2rem;border-bottom:1px solid #ccc;"
    "vertical-align:top}th{font-weight:400;color:#444;width:45%}.sum td,.sum th{font-weight:700;color:#111}"
    "p{color:#444}@media print{body{margin:0}}"
)
POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; frame-ancestors 'none'"
)
"""The Content-Security-Policy under which the page looks as it should and does nothing."""


def page(receipt: Receipt, language: str) -> str:
    """The receipt in HTML."""

    def word(name: str) -> str:
        return html.escape(in_language(RECEIPT[name], language))

    rows = [
        ("number", str(receipt.number), ""),
        ("place", _lines(receipt.place.name, receipt.place.address), ""),
        ("evse", html.escape(receipt.evse_code), ""),
        ("began", _time(receipt.started_at, receipt.time_zone), ""),
        ("ended", _time(receipt.ended_at, receipt.time_zone), ""),
        ("duration", _span(receipt.duration_s), ""),
    ]
    if receipt.idle_s:
        rows.append(("idle", _span(receipt.idle_s), ""))
    if receipt.meter_start_wh is not None and receipt.meter_stop_wh is not None:
        rows.append(("meter_start", _kwh(receipt.meter_start_wh), ""))
        rows.append(("meter_stop", _kwh(receipt.meter_stop_wh), ""))
    if receipt.token:
        rows.append(("token", html.escape(receipt.token), ""))
    rows.append(("energy", _kwh(receipt.energy_wh), "sum"))
    if receipt.cost is not None:
        rows.append(("cost", html.escape(receipt.cost.text), "sum"))
    told = [(word(name), value, kind) for name, value, kind in rows if value]
    # What a sum is made of stands before it.
    at = len(told) - 1 if receipt.cost is not None else len(told)
    told[at:at] = [(html.escape(each.text), _amount(each.amount), "") for each in receipt.lines]
    table = "".join(
        f'<tr{" class=" + kind if kind else ""}><th scope="row">{name}</th><td>{value}</td></tr>'
        for name, value, kind in told
    )
    note = "" if receipt.certain else f"<p>{word('uncertain')}</p>"
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html><html lang="{html.escape(language)}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{word('title')} {receipt.number}</title><style>{STYLE}</style></head><body>"
        f"<h1>{word('title')}</h1><div>{html.escape(receipt.organisation)}</div>"
        f"<table>{table}</table>{note}</body></html>"
    )


def kwh(wh: float) -> str:
    """An amount of energy in kWh, as a number with three digits."""
    return f"{wh / 1000:.3f}"


def _amount(text: str) -> str:
    return f'<bdi dir="ltr">{html.escape(text)}</bdi>'


def _kwh(wh: int) -> str:
    return f'<bdi dir="ltr">{kwh(wh)} kWh</bdi>'


def _time(at: datetime, zone: str) -> str:
    here = nearby.here(at, zone)
    return f'<bdi dir="ltr">{here:%Y-%m-%d %H:%M:%S} {html.escape(here.tzname() or "")}</bdi>'


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f'<bdi dir="ltr">{hours}:{rest // 60:02d}:{rest % 60:02d}</bdi>'


def _lines(*texts: str) -> str:
    return "<br>".join(html.escape(text) for text in texts if text)
