"""Passkeys (WebAuthn level 3): what a browser is asked, and whether what it answers holds.

Pure but for the randomness of a challenge: whoever asks keeps the challenge for `TIMEOUT_S`, uses it
once, and keeps what `verify_registration` returns. Bytes are bytes here and base64url only in JSON.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from currant.kit.errors import Invalid

TIMEOUT_S = 300
"""How long somebody may take to find their finger, and a challenge is worth keeping."""
CREDENTIAL_ID_MAX = 1_023
CREDENTIAL_MAX_BYTES = 16_000


class PasskeyWrong(Invalid):
    """What the browser answered does not hold."""

    code = "passkey_wrong"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser is asked: `options` go to it as they are, `challenge` stays here."""

    challenge: bytes
    options: dict[str, Any]


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept of a passkey just made. `verified`: its owner was recognised, not only present."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    verified: bool = False
    backed_up: bool = False
    """It lives in its owner's cloud and on several devices."""


class UsedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that proved itself; `sign_count` is to be kept."""

    credential_id: bytes
    sign_count: int
    verified: bool = False


def registration_options(
    *,
    rp_id: str,
    rp_name: str,
    user_id: bytes,
    user_name: str,
    user_display_name: str = "",
    exclude: Sequence[bytes] = (),
    discoverable: bool = True,
    user_verification: bool = False,
) -> Challenge:
    """Ask a browser to make a passkey. `rp_id` is our host without a port, `user_id` opaque and at most
    64 bytes, `exclude` the credential ids that its owner has already. `user_verification` demands it."""
    made = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=user_id,
        user_name=user_name,
        user_display_name=user_display_name or user_name,
        timeout=TIMEOUT_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED
            if discoverable
            else ResidentKeyRequirement.PREFERRED,
            user_verification=_verification(user_verification),
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in exclude],
    )
    return Challenge(challenge=made.challenge, options=msgspec.json.decode(webauthn.options_to_json(made)))


def verify_registration(
    credential: Mapping[str, Any],
    *,
    challenge: bytes,
    rp_id: str,
    origin: str | Sequence[str],
    user_verification: bool = False,
) -> NewPasskey:
    """What to keep of the passkey that a browser made (`credential` is its toJSON()); PasskeyWrong otherwise."""
    try:
        found = webauthn.verify_registration_response(
            credential=_fit(credential),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin if isinstance(origin, str) else list(origin),
            require_user_verification=user_verification,
        )
    except PasskeyWrong:
        raise
    except _UNREADABLE:
        raise PasskeyWrong("This passkey could not be read: try again.", field="credential") from None
    if len(found.credential_id) > CREDENTIAL_ID_MAX:
        raise PasskeyWrong("This passkey could not be read: its id is too long.", field="credential")
    return NewPasskey(
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        verified=found.user_verified,
        backed_up=found.credential_backed_up,
    )


def authentication_options(
    *, rp_id: str, allow: Sequence[bytes] = (), user_verification: bool = False
) -> Challenge:
    """Ask a browser to prove a passkey: one of `allow`, or any it knows for our host when that is empty."""
    made = webauthn.generate_authentication_options(
        rp_id=rp_id,
        timeout=TIMEOUT_S * 1000,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in allow],
        user_verification=_verification(user_verification),
    )
    return Challenge(challenge=made.challenge, options=msgspec.json.decode(webauthn.options_to_json(made)))


def credential_id_of(credential: Mapping[str, Any]) -> bytes:
    """Which passkey an answer claims to come from, so that its key can be looked up; PasskeyWrong if none."""
    told = credential.get("id")
    if not isinstance(told, str) or not 0 < len(told) <= CREDENTIAL_ID_MAX * 2:
        raise PasskeyWrong("This is no answer of a passkey.", field="credential")
    try:
        return bytes(base64url_to_bytes(told))
    except ValueError:
        raise PasskeyWrong("This is no answer of a passkey.", field="credential") from None


def verify_authentication(
    credential: Mapping[str, Any],
    *,
    challenge: bytes,
    rp_id: str,
    origin: str | Sequence[str],
    public_key: bytes,
    sign_count: int,
    user_verification: bool = False,
) -> UsedPasskey:
    """That the passkey with this key answered this challenge on our pages; PasskeyWrong otherwise.

    A counter that did not grow, where there is one, is a copied passkey and does not hold.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=_fit(credential),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin if isinstance(origin, str) else list(origin),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=user_verification,
        )
    except PasskeyWrong:
        raise
    except _UNREADABLE:
        raise PasskeyWrong("This passkey does not fit: try again.", field="credential") from None
    return UsedPasskey(
        credential_id=found.credential_id, sign_count=found.new_sign_count, verified=found.user_verified
    )


# Besides its own exceptions the library lets those of its readers (CBOR, base64, keys) through.
_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)


def _verification(required: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if required else UserVerificationRequirement.PREFERRED


def _fit(credential: Mapping[str, Any]) -> dict[str, Any]:
    if len(msgspec.json.encode(credential)) > CREDENTIAL_MAX_BYTES:
        raise PasskeyWrong("This is no answer of a passkey: it is too long.", field="credential")
    return dict(credential)
