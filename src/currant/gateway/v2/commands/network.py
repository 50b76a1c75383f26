"""Network connection profiles: worded in OCPP 2.x (B09)."""

from typing import Any

from currant.gateway.outcomes import Ask, Wording, outcome_of, refused
from currant.gateway.services import Caller
from currant.ocpp.catalogue import Version
from currant.stations.commanding.network import Apn, SetNetworkProfile, Vpn
from currant.stations.model import CommandOutcome

# 2.0.1 has one word for itself and its forerunner; 2.1 may leave it out and names itself.
VERSIONS = {"1.2": "OCPP12", "1.5": "OCPP15", "1.6": "OCPP16", "2.0": "OCPP20", "2.0.1": "OCPP20"}
VERSIONS_21 = {**VERSIONS, "2.0.1": "OCPP201", "2.1": "OCPP21"}


async def set_network_profile(command: SetNetworkProfile, caller: Caller, ask: Ask) -> CommandOutcome:
    types, profile = caller.types, command.profile
    old = caller.version is Version.V201
    version = (VERSIONS if old else VERSIONS_21).get(profile.version)
    if version is None:
        return refused(f"OCPP {caller.version} has no word for OCPP {profile.version} in a profile.")
    if old and profile.interface == "Any":
        return refused("OCPP 2.0.1 needs an interface to be named: Wired0 to Wireless3.")
    if old and profile.password is not None:
        return refused(
            "OCPP 2.0.1 carries no password in a connection profile: set BasicAuthPassword instead."
        )
    more: dict[str, Any] = {}
    if not old:
        # B09.FR.14: 2.1's profile may bring the identity and the password with it.
        more = {"identity": profile.identity, "basic_auth_password": profile.password}
    request = types.SetNetworkProfile(
        configuration_slot=command.slot,
        connection_data=types.NetworkConnectionProfileType(
            ocpp_version=version,
            ocpp_transport=profile.transport,
            ocpp_csms_url=profile.url,
            message_timeout=profile.message_timeout_s,
            security_profile=profile.security_profile,
            ocpp_interface=profile.interface,
            apn=None if profile.apn is None else _apn(types, profile.apn),
            vpn=None if profile.vpn is None else _vpn(types, profile.vpn),
            **more,
        ),
    )
    return outcome_of(await ask("SetNetworkProfile", request))


def _apn(types: Any, apn: Apn) -> Any:
    return types.APNType(
        apn=apn.apn,
        apn_authentication=apn.authentication,
        apn_user_name=apn.user,
        apn_password=apn.password,
        sim_pin=apn.sim_pin,
        preferred_network=apn.preferred_network,
        use_only_preferred_network=apn.only_preferred_network,
    )


def _vpn(types: Any, vpn: Vpn) -> Any:
    return types.VPNType(
        server=vpn.server, user=vpn.user, password=vpn.password, key=vpn.key, type=vpn.kind, group=vpn.group
    )


COMMANDS: dict[type, Wording] = {SetNetworkProfile: set_network_profile}
