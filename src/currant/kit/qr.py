"""QR codes as drawings that stand in any page, light or dark, and are printed as they are."""

from io import BytesIO

import segno

TEXT_MAX = 1_000
"""What a code of a size that phones still read holds."""


def svg_of(text: str, *, error: str = "m", mask: int | None = None) -> str:
    """An SVG of the text's QR code: no references, no script, and its own white ground and quiet zone.

    The quiet zone is white too, because readers look for a dark code on a light ground, also where the
    page around it is dark. `error` is how much may be dirty: l, m, q or h.
    With a `mask` (0 to 7) the best one is not looked for, which takes most of the time: for many at once.
    """
    assert 0 < len(text) <= TEXT_MAX, "A QR code holds 1 to 1,000 characters."
    drawn = BytesIO()
    segno.make(text, error=error, micro=False, mask=mask).save(
        drawn,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return drawn.getvalue().decode()
