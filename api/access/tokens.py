"""Bearer tokens of an identity provider: JWTs, checked against the keys that the provider publishes (OpenID Connect).

RFC 7519 and RFC 8725: only the listed asymmetric algorithms, a key that fits its algorithm, issuer, audience and times.
https://openid.net/specs/openid-connect-discovery-1_0.html says where the keys are.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import structlog

from api.access.scopes import EVERYTHING, SCOPES, Needs, Scope
from api.graphql.context import Caller
from graph.errors import BadInput

log = structlog.get_logger("renmai.tokens")

ALGORITHMS: Mapping[str, str] = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Algorithm → the type of key that it takes. No `none`, and nothing with a shared secret."""
LEEWAY_SECONDS = 30.0
KEPT_SECONDS = 900.0
"""The provider's keys are asked for again after so long,"""
PAUSE_SECONDS = 30.0
"""and for a key that is not among them at most so often, whatever strangers send."""
FETCH_SECONDS = 5.0
LARGEST_ANSWER = 1_000_000
LONGEST_TOKEN = 16_384
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

Fetch = Callable[[str], Awaitable[bytes]]
"""The body of an address; OSError where there is none."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are taken, for whom they must be meant, and what their scopes mean here."""

    url: str
    audience: str
    jwks: str | None = None
    """Where the keys are; found by discovery if absent."""
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """A scope of the provider → ours. Empty: the provider's scopes are named as ours."""

    def __post_init__(self) -> None:
        """BadInput for an address that is not safe to fetch keys from, and for unknown scopes."""
        for address in (self.url, self.jwks or self.url):
            parts = urlsplit(address)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
                raise BadInput(f"The identity provider's address must begin with https://, not {address}.")
        if not self.audience:
            raise BadInput("RENMAI_OIDC_AUDIENCE is needed beside RENMAI_OIDC_ISSUER: for whom its tokens are meant.")
        ours = {scope for several in self.scopes.values() for scope in several}
        if unknown := ours - SCOPES - set(Scope) - {EVERYTHING}:
            raise BadInput(f"RENMAI_OIDC_SCOPES names scopes that there are not: {', '.join(sorted(unknown))}.")

    def granted(self, claims: Mapping[str, Any]) -> Needs:
        """Our scopes out of the claim `scope` (words) or `scp` (words or a list); others mean nothing."""
        given = claims.get("scope", claims.get("scp", ""))
        words = given.split() if isinstance(given, str) else cast("list[object]", given)
        theirs = [word for word in words if isinstance(word, str)] if isinstance(given, (str, list)) else []
        if self.scopes:
            return frozenset(ours for word in theirs for ours in self.scopes.get(word, ()))
        return frozenset(theirs) & (SCOPES | set(Scope) | {EVERYTHING})


class Tokens:
    """Checks tokens of one issuer; keeps its keys for a while."""

    def __init__(self, issuer: Issuer, fetch: Fetch | None = None) -> None:
        """`fetch` reads an address: over HTTP if absent."""
        self._issuer = issuer
        self._fetch = fetch or fetched
        self._keys: dict[str, Any] = {}  # PyJWT's key objects by key id
        self._fetched: float | None = None
        self._tried: float | None = None
        self._lock = asyncio.Lock()

    async def verify(self, token: str, *, now: datetime) -> Caller | None:
        """Whose token it is; None for one that is not the issuer's, not for us, not valid now or not well made."""
        import jwt

        try:
            header = jwt.get_unverified_header(token) if len(token) <= LONGEST_TOKEN else {}
            algorithm, id = str(header.get("alg")), header.get("kid")
            if algorithm not in ALGORITHMS or not isinstance(id, str):
                return None
            key = await self._key(id, now.timestamp())
            if key is None or key.key_type != ALGORITHMS[algorithm]:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._issuer.audience,
                issuer=self._issuer.url,
                options={"require": ["exp", "iss", "aud", "sub"], "verify_exp": False, "verify_nbf": False,
                         "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return None
        if not _is_current(claims, now.timestamp()):
            return None
        subject = str(claims["sub"])
        return Caller(subject, self._issuer.granted(claims), key=f"{self._issuer.url} {subject}", is_token=True)

    async def _key(self, id: str, now: float) -> Any:  # PyJWT's key, or None
        if id in self._keys and self._fetched is not None and now - self._fetched < KEPT_SECONDS:
            return self._keys[id]
        async with self._lock:
            stale = self._fetched is None or now - self._fetched >= KEPT_SECONDS
            if (stale or id not in self._keys) and (self._tried is None or now - self._tried >= PAUSE_SECONDS):
                self._tried = now
                await self._renew(now)
        return self._keys.get(id)

    async def _renew(self, now: float) -> None:
        """The provider's keys anew; those that are known stay where it does not answer."""
        try:
            address = self._issuer.jwks or await self._discovered()
            self._keys = _signing_keys(_mapping(await self._fetch(address)))
            self._fetched = now
        except (OSError, ValueError, BadInput) as error:
            log.warning("keys of tokens cannot be fetched", issuer=self._issuer.url, failure=str(error)[:200])

    async def _discovered(self) -> str:
        url = self._issuer.url.rstrip("/")
        found = _mapping(await self._fetch(f"{url}/.well-known/openid-configuration"))
        address = found.get("jwks_uri")
        if found.get("issuer") != self._issuer.url or not isinstance(address, str):
            raise ValueError("the provider's configuration is of another issuer, or names no jwks_uri")
        return Issuer(self._issuer.url, self._issuer.audience, address).jwks or address


def looks_like_token(secret: str) -> bool:
    """Three parts between dots that begin as a JSON object does: a JWT, which none of our own keys is."""
    return secret.count(".") == 2 and secret.startswith("ey")


async def fetched(address: str) -> bytes:
    """The body of an answer with status 200, at most a megabyte; OSError for anything else."""
    import httpx2

    try:
        async with (
            httpx2.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False) as client,
            client.stream("GET", address, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:
                raise OSError(f"{address} answers {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise OSError(f"{address} answers more than {LARGEST_ANSWER:,} bytes")
            return body
    except httpx2.HTTPError as error:
        raise OSError(f"{address} cannot be reached: {error}") from error


def _is_current(claims: Mapping[str, Any], now: float) -> bool:
    """By our own clock, which is passed in: PyJWT would read the machine's."""
    expires, begins = claims["exp"], claims.get("nbf", 0)
    if isinstance(expires, bool) or not all(isinstance(one, (int, float)) for one in (expires, begins)):
        return False
    return begins - LEEWAY_SECONDS <= now < expires + LEEWAY_SECONDS


def _mapping(body: bytes) -> Mapping[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")
    return cast("dict[str, Any]", found)


def _signing_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The published keys that we can check with, by id; private and symmetric ones are not for publishing."""
    import jwt

    found: dict[str, Any] = {}
    for one in cast("list[dict[str, Any]]", jwks.get("keys") or []):
        if one.get("kty") in ALGORITHMS.values() and one.get("use", "sig") == "sig" and isinstance(one.get("kid"), str):
            try:
                found[one["kid"]] = jwt.PyJWK(one)
            except jwt.PyJWTError:
                log.warning("a published key cannot be used", kid=str(one["kid"])[:60])
    return found
