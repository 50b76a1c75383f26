"""India's states and union territories: the two digits of a GSTIN, and their letters (ISO 3166-2:IN)."""

_STATES = """
01 JK|02 HP|03 PB|04 CH|05 UT UK|06 HR|07 DL|08 RJ|09 UP|10 BR|11 SK|12 AR|13 NL|14 MN|15 MZ|16 TR|17 ML|18 AS
19 WB|20 JH|21 OR OD|22 CT CG|23 MP|24 GJ|26 DH DN DD|27 MH|29 KA|30 GA|31 LD|32 KL|33 TN|34 PY|35 AN|36 TG TS
37 AP|38 LA
"""

DIGITS = {
    letters: parts[0]
    for parts in (entry.split() for entry in _STATES.replace("\n", "|").split("|") if entry)
    for letters in parts[1:]
}
_KNOWN = frozenset(DIGITS.values())

# Without a parliament of their own: UTGST in place of SGST (UTGST Act, 2017).
WITHOUT_LEGISLATURE = frozenset({"04", "26", "31", "35", "38"})

OTHER_COUNTRY = "96"
OTHER_TERRITORY = "97"


def digits_of(state: str) -> str:
    """The two digits of a state, given by them or by its letters; empty when it is neither."""
    state = state.strip().upper().removeprefix("IN-")
    if state in _KNOWN or state in (OTHER_COUNTRY, OTHER_TERRITORY):
        return state
    return DIGITS.get(state, "")


def state_of_gstin(gstin: str) -> str:
    """A GSTIN's first two digits, where they are a state's."""
    return digits_of(gstin[:2])
