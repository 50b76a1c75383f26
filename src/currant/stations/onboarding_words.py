"""What to do at the charger, problem by problem: English for everybody who has no translation.

A problem may have variants (`facts["variant"]`), where more is known of what went wrong; pages
translate `onboarding.problem.<code>` and `onboarding.problem.<code>.<variant>`.
"""

from string import Formatter

from currant.stations.onboarding_model import Facts, Trouble

T = Trouble

TEXTS: dict[Trouble, str] = {
    T.TLS_FAILED: "The encrypted connection could not be set up ({detail}). Check the charger's date and time, and "
    "that this server's root certificate is installed in it as the CSMS root.",
    T.TLS_TOO_OLD: "The charger speaks only TLS versions that are no longer safe. Update its firmware; until then it "
    "can connect without encryption (security profile 1) inside a private network.",
    T.TLS_NO_SHARED_CIPHER: "The charger offers no cipher suite that OCPP prescribes. Update its firmware, or set its "
    "TLS options to the suites of the OCPP security profiles (ECDHE or RSA with AES-GCM).",
    T.TLS_UNTRUSTED: "The charger does not trust this server's certificate. Install this server's root certificate in "
    "it as the CSMS root certificate, enter the server by its name (not its number), and check the charger's clock.",
    T.PLAIN_TO_TLS: "The charger spoke without encryption to the port that takes only TLS. Write the address with "
    "wss:// instead of ws://, or enter the port for connections without encryption.",
    T.TLS_TO_PLAIN: "The charger began TLS on the port without it. Write the address with ws:// instead of wss://, or "
    "enter the TLS port.",
    T.CERTIFICATE_WRONG: "The charger's own certificate is not accepted ({detail}). Have it make a new one, or install "
    "one that this operator's authority signed for its identity or serial number.",
    T.NOT_HTTP: "What came is neither a WebSocket nor TLS. Check that the charger is set to OCPP-J (JSON), not to "
    "another protocol, and that the port is right.",
    T.NOT_WEBSOCKET: "The charger asked for a web page instead of opening a WebSocket ({detail}). Set it to OCPP-J "
    "(JSON over WebSocket) instead of SOAP, and write the address with ws:// or wss://. A proxy on the way must let "
    "WebSockets through.",
    T.WRONG_PATH: "The address the charger used ({path}) names no station. It has to end in /ocpp/ and the identity, "
    "as shown here; some chargers append the identity themselves, others do not.",
    T.UNKNOWN_IDENTITY: "No station is known as {identity}. Enter the identity exactly as it is shown here, with the "
    "same capital letters, or register the station under this one.",
    T.TOO_MANY_ATTEMPTS: "The charger tried wrong passwords so often that it has to wait. Correct the password; it is "
    "let in again after a minute without attempts.",
    T.NO_ROOM: "The server takes no more connections just now. Nothing is to be done at the charger: it will try again.",
    T.NOT_ADMITTED: "This station is {admission} here, so it is not let in. Accept it if it shall take part.",
    T.NO_PASSWORD: "The charger sent no user name and password. Set its security profile to {profile} and enter the "
    "password (in OCPP 1.6 the key AuthorizationKey, in 2.x BasicAuthPassword).",
    T.PASSWORD_NOT_SET: "No password is set here for this station, and it may not connect without one. Make a password "
    "and enter it at the charger.",
    T.WRONG_USER: "The charger came with the user name {user}. The user name has to be the identity, {identity}: enter "
    "it there, or leave the user name empty so that the charger uses its identity.",
    T.WRONG_PASSWORD: "The password is wrong. Enter the one shown when it was made, letter by letter; if it is lost, "
    "make a new one here.",
    T.NO_CERTIFICATE: "This station has to show its own certificate (security profile 3), and showed none. Install one, "
    "or set the station to security profile 2 until it has one.",
    T.WRONG_SECURITY_PROFILE: "The charger came with security profile {came}, and is registered for profile {wanted}. "
    "Change the address and security profile at the charger, or the profile it is registered with.",
    T.PROFILE_0_OFF: "This station is registered to connect without a password, and this installation does not allow "
    "that. Register it with security profile 1 or 2 and give it a password.",
    T.NO_SUBPROTOCOL: "The charger named no OCPP version (WebSocket subprotocol). Update its firmware or choose OCPP 1.6 "
    "or 2.0.1 in its settings; if it cannot, set the version to assume in the station's settings here.",
    T.UNKNOWN_SUBPROTOCOL: "The charger offers only {offered}. Choose OCPP 1.6 (JSON), 2.0.1 or 2.1 in its settings.",
}

VARIANTS: dict[tuple[Trouble, str], str] = {
    (
        T.TLS_FAILED,
        "broken_off",
    ): "The charger broke the encrypted connection off without saying why. Most often it "
    "does not trust this server's certificate: install this server's root certificate in it as the CSMS root, enter "
    "the server by its name, and check the charger's clock.",
    (
        T.TLS_FAILED,
        "timeout",
    ): "The encrypted connection took too long to be set up. Check the charger's network (SIM "
    "card, signal, MTU) and that no firewall holds packets back.",
    (
        T.TLS_UNTRUSTED,
        "expired",
    ): "The charger believes that this server's certificate has ended. Check the charger's "
    "date and time first: without a network time it often stands in the past or future.",
    (
        T.CERTIFICATE_WRONG,
        "expired",
    ): "The charger's own certificate has ended or is not valid yet. Check the charger's "
    "clock, and have it make a new certificate.",
    (T.CERTIFICATE_WRONG, "revoked"): "The charger's certificate has been revoked. Install a new one.",
    (
        T.CERTIFICATE_WRONG,
        "another",
    ): "The charger's certificate belongs to another station ({names}). It has to carry "
    "this station's identity or serial number as common name.",
    (
        T.CERTIFICATE_WRONG,
        "organisation",
    ): "The charger's certificate names another organisation ({organisations}) than "
    "this operator. Have it sign a new one here.",
    (
        T.UNKNOWN_IDENTITY,
        "similar",
    ): "The charger calls itself {identity}, and {expected} is waited for. Enter the "
    "identity exactly as it is shown here, with the same capital letters.",
    (
        T.WRONG_PASSWORD,
        "as_hex",
    ): "The password is right, but it came as hexadecimal digits. Enter it at the charger as "
    "text; where its AuthorizationKey takes only hexadecimal digits, make a password of such digits.",
    (
        T.WRONG_PASSWORD,
        "as_base64",
    ): "The password is right, but it came encoded once more (Base64). Enter it at the "
    "charger as it is shown.",
    (
        T.WRONG_PASSWORD,
        "spaces",
    ): "The password is right, but a space or line end came with it. Enter it again without.",
    (
        T.WRONG_PASSWORD,
        "quotes",
    ): "The password is right, but quotation marks came with it. Enter it again without.",
    (
        T.WRONG_PASSWORD,
        "with_user",
    ): "The password is right, but the user name stands before it. Enter the password alone.",
    (
        T.WRONG_PASSWORD,
        "url_encoded",
    ): "The password is right, but came with %-signs for some letters. Enter it as text, "
    "not within the address.",
    (T.WRONG_PASSWORD, "old"): "The charger still has its password from before. Enter the new one.",
    (T.WRONG_PASSWORD, "empty"): "The charger sent its user name and an empty password. Enter the password.",
    (T.WRONG_PASSWORD, "identity"): "The charger sent its identity as the password too. Enter the password.",
    (
        T.WRONG_USER,
        "swapped",
    ): "The charger sent the password where the user name belongs. Exchange the two: the user "
    "name is the identity, {identity}.",
    (
        T.WRONG_USER,
        "password_right",
    ): "The password is right, but the user name is {user}. It has to be the identity, "
    "{identity}: enter it there, or leave the user name empty.",
    (
        T.WRONG_USER,
        "spelling",
    ): "The user name {user} is nearly the identity: it has to be {identity}, with the same "
    "capital letters and no spaces.",
    (
        T.NO_PASSWORD,
        "unreadable",
    ): "The charger sent a log-in that cannot be read. Set it to HTTP Basic authentication "
    "(security profile 1 or 2) and enter the password.",
    (T.NOT_WEBSOCKET, "soap"): "The charger speaks OCPP over SOAP. Set it to OCPP-J (JSON over WebSocket).",
    (
        T.NOT_WEBSOCKET,
        "proxy",
    ): "A WebSocket was begun, but the headers that open it did not arrive. A proxy or gateway "
    "on the way must let WebSockets through.",
}

NOTES: dict[str, str] = {
    "with_identity": "The whole address: for chargers that take it in one field.",
    "without_identity": "For chargers that append their identity themselves, or have a field of its own for it.",
    "certificate_first": "The charger needs a certificate of its own before it can connect here; connect it with "
    "security profile 2 first, and it can be moved from there.",
}


class _Gaps(Formatter):
    """Fills in what is known; what is not known stands as a dash."""

    def get_value(self, key: int | str, args: object, kwargs: object) -> str:
        assert isinstance(kwargs, dict)
        value = kwargs.get(key)
        return "–" if value is None or value == "" else str(value)


def in_words(problem: Trouble, facts: Facts, *, identity: str = "", path: str = "") -> str:
    """What went wrong, and what to do about it."""
    variant = facts.get("variant")
    text = VARIANTS.get((problem, str(variant)), "") if variant else ""
    values = {**facts, "path": path or facts.get("path"), "identity": facts.get("own_identity") or identity}
    return _Gaps().vformat(text or TEXTS[problem], (), values)
