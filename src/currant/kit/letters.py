"""Lays out a letter: plain text, and the same as simple HTML that every mail program shows.

No pictures, no styles from elsewhere, nothing that a reader's program would have to fetch.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from currant.kit.mail import Mail

LANGUAGES = ("en", "de", "hi", "ar")
RIGHT_TO_LEFT = frozenset({"ar"})


def language_of(wanted: str) -> str:
    """The language of letters that comes nearest to a tag such as `de-AT`; English when none does."""
    primary = wanted.replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else "en"


def letter(
    *,
    to: str,
    language: str,
    subject: str,
    paragraphs: Sequence[str],
    button: tuple[str, str] | None = None,
    after: Sequence[str] = (),
    signed: str,
    until: datetime | None = None,
) -> Mail:
    """A letter of `paragraphs`, a `button` (what it says, where it leads), what comes `after` it, and who signs."""
    subject = " ".join(subject.split())[:200]
    signed = " ".join(signed.split())
    lines = [*paragraphs, *([button[1]] if button else []), *after, signed]
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    parts = [_paragraph(text) for text in paragraphs]
    if button is not None:
        parts.append(
            '<p style="margin:24px 0"><a style="background:#1f4d3a;color:#fff;padding:12px 20px;'
            f'border-radius:6px;text-decoration:none" href="{escape(button[1])}">{escape(button[0])}</a></p>'
            # For programs that show no links; addresses are read from left to right in any language.
            f'<p dir="ltr" style="font-size:12px;color:#555;word-break:break-all">{escape(button[1])}</p>'
        )
    parts += [_paragraph(text) for text in after]
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>"
        '<body style="font:16px/1.5 system-ui,sans-serif;color:#111;max-width:560px;margin:24px auto;padding:0 16px">'
        f'{"".join(parts)}<p style="margin-top:32px;color:#555">{escape(signed)}</p></body></html>'
    )
    return Mail(
        to=to,
        subject=subject,
        text="\n\n".join(lines) + "\n",
        html=html,
        sender_name=signed,
        until=until,
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"
