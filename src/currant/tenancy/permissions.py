"""Which role may do what: one table, read from top to bottom.

A role is what somebody is, a permission is what a route needs, and nothing else decides.
"""

from currant.tenancy.model import Permission, Role

P = Permission

_LOOK = frozenset(
    {
        P.LOCATIONS_READ,
        P.STATIONS_READ,
        P.COMMANDS_READ,
        P.SESSIONS_READ,
        P.TARIFFS_READ,
        P.FINDINGS_READ,
        P.EVENTS_READ,
        P.ORGANISATION_READ,
        P.SELF,
    }
)
# Tokens name drivers, and messages hold what drivers presented: support needs them, a wall display does not.
_HELP = _LOOK | {
    P.TOKENS_READ,
    P.BILLING_READ,
    P.MESSAGES_READ,
    P.FILES_READ,
    P.COMMANDS_GIVE,
    P.SESSIONS_WRITE,
    P.NOTES_WRITE,
}
_RUN = _HELP | {
    P.LOCATIONS_WRITE,
    P.STATIONS_WRITE,
    P.STATIONS_ADMIT,
    P.DESIRED_WRITE,
    P.TOKENS_WRITE,
    P.TARIFFS_WRITE,
    P.BILLING_WRITE,
    P.SECURITY_READ,
    P.PEOPLE_READ,
}
# The audit log says where and when colleagues work: that is for those alone who answer for them.
_OWN = _RUN | {P.PEOPLE_MANAGE, P.KEYS_MANAGE, P.ORGANISATION_WRITE, P.AUDIT_READ}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _OWN,
    Role.OPERATOR: _RUN,
    Role.SUPPORT: _HELP,
    Role.READ_ONLY: _LOOK,
    # A program of the organisation: it does what an operator does with things, and nothing with people.
    Role.INTEGRATION: (_RUN - {P.PEOPLE_READ}),
}


def permissions_of(role: Role, *, host: bool = False) -> frozenset[Permission]:
    """What a role may do; owners of the installation's own organisation also make further ones."""
    given = PERMISSIONS[role]
    return given | {P.TENANTS_MANAGE} if host and role is Role.OWNER else given


def may_grant(giver: frozenset[Permission], role: Role) -> bool:
    """Whether somebody with these permissions may give `role` away: nobody gives more than they have."""
    return PERMISSIONS[role] <= giver
