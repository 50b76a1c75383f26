"""What a provider of single sign-on is asked, and whether what it answers holds (OpenID Connect Core 1.0).

Authorization code with PKCE (RFC 7636). The id token has to be signed by a key that the provider
publishes, with an algorithm of public keys, and to be for us, for this visit, and of now.
"""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from currant.kit.clock import Clock
from currant.kit.errors import Invalid
from currant.kit.http import Answer, Outbound, RequestFailed, check_url
from currant.tenancy.model import Role

T = TypeVar("T")

DEADLINE_S = 10.0
METADATA_KEPT_S = 3600.0
KEYS_ASKED_AGAIN_S = 30.0
LEEWAY_S = 60
ANSWER_MAX_BYTES = 200_000
# Of public keys alone: with a shared secret as key, whoever knows our client secret could sign.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
STRONG_METHODS = frozenset({"mfa", "otp", "hwk"})
"""Words of `amr` (RFC 8176, 2) that say that more than a password was asked for."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of single sign-on, as it is set (docs/signing-in.md)."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    organisation: str = ""
    create: bool = False
    link_by_email: bool = False
    role: Role | None = None
    role_claim: str = ""
    roles: Mapping[str, Role] = {}
    second_factor: bool = False


class ProviderFailed(Exception):
    """The provider cannot be used now, or what it said does not hold; `code` is for the page."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str
    access_token: str = ""


class Asked:
    """One provider, asked over `outbound`; what it publishes is kept for a while."""

    def __init__(self, provider: Provider, outbound: Outbound, clock: Clock) -> None:
        self.provider = provider
        self._outbound = outbound
        self._clock = clock
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[KeySet, float] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def address(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        metadata = await self._described()
        try:
            check_url(
                metadata.authorization_endpoint,
                allow_private=self._outbound.allow_private,
                field="authorization_endpoint",
            )
        except Invalid as error:
            raise ProviderFailed("provider_wrong", f"Its sign-in page: {error.message}") from None
        return str(
            prepare_grant_uri(
                metadata.authorization_endpoint,
                self.provider.client_id,
                "code",
                redirect_uri=redirect_uri,
                scope=list(dict.fromkeys(("openid", *self.provider.scopes))),
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    async def claims(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> dict[str, Any]:
        """What the provider says of who signed in there, checked; ProviderFailed when it does not hold."""
        metadata = await self._described()
        tokens = await self._tokens(metadata, code=code, redirect_uri=redirect_uri, verifier=verifier)
        claims = await self._checked(metadata, tokens, nonce)
        if "email" not in claims and metadata.userinfo_endpoint and tokens.access_token:
            told = _json(
                await self._ask(
                    "GET",
                    metadata.userinfo_endpoint,
                    headers={"Authorization": f"Bearer {tokens.access_token}"},
                ),
                dict[str, Any],
            )
            # Core 1.0, 5.3.2: otherwise it may be about somebody else.
            if told.get("sub") != claims["sub"]:
                raise ProviderFailed("not_verified", "Its user information is about somebody else.")
            claims = {**told, **claims}
        return claims

    async def _described(self) -> Metadata:
        async with self._one_at_a_time:
            now = self._clock.monotonic()
            if self._metadata is not None and now - self._metadata[1] < METADATA_KEPT_S:
                return self._metadata[0]
            issuer = self.provider.issuer
            url = str(get_well_known_url(issuer, external=True))
            metadata = _json(await self._ask("GET", url), Metadata)
            if metadata.issuer.rstrip("/") != issuer.rstrip("/"):
                # Discovery 1.0, 4.3: exactly the one that was asked for, or it speaks for another.
                raise ProviderFailed("provider_wrong", f"It says that it is {metadata.issuer}, not {issuer}.")
            self._metadata = (metadata, now)
            return metadata

    async def _tokens(self, metadata: Metadata, *, code: str, redirect_uri: str, verifier: str) -> _Tokens:
        provider = self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        methods = metadata.token_endpoint_auth_methods_supported
        if provider.client_secret and (
            "client_secret_basic" in methods or "client_secret_post" not in methods
        ):
            # RFC 6749, 2.3.1: encoded as in a form before it is encoded as a header.
            pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = provider.client_id
            if provider.client_secret:
                form["client_secret"] = provider.client_secret
        answer = await self._ask(
            "POST", metadata.token_endpoint, headers=headers, content=urlencode(form).encode()
        )
        return _json(answer, _Tokens)

    async def _checked(self, metadata: Metadata, tokens: _Tokens, nonce: str) -> dict[str, Any]:
        provider = self.provider
        told = ALGORITHMS & set(metadata.id_token_signing_alg_values_supported)
        try:
            try:
                token = jwt.decode(tokens.id_token, await self._key_set(metadata), algorithms=sorted(told))
            except (JoseError, ValueError):
                # It may have changed its keys since they were fetched.
                fresh = await self._key_set(metadata, again=True)
                token = jwt.decode(tokens.id_token, fresh, algorithms=sorted(told))
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": metadata.issuer},
                    "aud": {"essential": True, "value": provider.client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                params={
                    "nonce": nonce,
                    "client_id": provider.client_id,
                    "access_token": tokens.access_token,
                },
            )
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderFailed("not_verified", f"Its id token does not hold: {error}") from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise ProviderFailed("not_verified", "Its id token names nobody.")
        return dict(claims)

    async def _key_set(self, metadata: Metadata, *, again: bool = False) -> KeySet:
        async with self._one_at_a_time:
            now = self._clock.monotonic()
            if self._keys is not None:
                age = now - self._keys[1]
                # A bad token must not make us ask for the keys as often as somebody likes.
                if age < (KEYS_ASKED_AGAIN_S if again else METADATA_KEPT_S):
                    return self._keys[0]
            found = _json(await self._ask("GET", metadata.jwks_uri), dict[str, Any])
            keys = KeySet.import_key_set({"keys": _usable(found.get("keys"))})
            self._keys = (keys, now)
            return keys

    async def _ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        try:
            answer = await self._outbound.request(
                method,
                url,
                deadline_s=DEADLINE_S,
                headers=headers,
                content=content,
                most_bytes=ANSWER_MAX_BYTES,
            )
        except RequestFailed as error:
            raise ProviderFailed("provider_unreachable", str(error)) from error
        except Invalid as error:
            raise ProviderFailed("provider_wrong", error.message) from error
        if not answer.ok:
            # Its error page may say what is set wrong; it holds no secret of ours.
            said = answer.body[:300].decode(errors="replace")
            raise ProviderFailed("provider_refused", f"It answered {answer.status} to {method} {url}: {said}")
        return answer


def is_strong(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that more than a password was asked for."""
    told = claims.get("amr")
    return isinstance(told, list) and any(each in STRONG_METHODS for each in told if isinstance(each, str))


def verified_email(claims: Mapping[str, Any]) -> str:
    """The address that the provider answers for, in lower case; empty when there is none."""
    email = claims.get("email")
    known = claims.get("email_verified") in (True, "true")
    return email.strip().casefold() if isinstance(email, str) and known else ""


def role_of(claims: Mapping[str, Any], provider: Provider) -> Role | None:
    """The role that follows from the claim that is set: the first one of `roles` that it holds; else `role`."""
    if provider.role_claim:
        value: Any = claims
        for part in provider.role_claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        held = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        for name, role in provider.roles.items():
            if name in held:
                return role
    return provider.role


def _usable(keys: Any) -> list[Any]:
    # One strange key among a provider's must not make all of them useless.
    if not isinstance(keys, list):
        return []
    kinds = ("RSA", "EC", "OKP")
    return [key for key in keys[:50] if isinstance(key, dict) and key.get("kty") in kinds]


def _json(answer: Answer, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=wanted)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProviderFailed(
            "provider_wrong", f"It answered something else than expected: {error}"
        ) from error
