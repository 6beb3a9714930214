"""Tokens of an identity provider: made with keys of our own, published by a provider of our own on this machine."""

import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from api_fakes import NOON
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

from api.access.tokens import KEPT_SECONDS, LEEWAY_SECONDS, PAUSE_SECONDS, Issuer, Tokens, fetched, looks_like_token
from graph.errors import BadInput

URL, AUDIENCE = "https://id.example", "renmai"
PRIVATE = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
STRANGER = rsa.generate_private_key(65537, 2048)


def published(*algorithms: str) -> dict[str, Any]:
    keys = []
    for name in algorithms:
        told = get_default_algorithms()[name].to_jwk(PRIVATE[name].public_key(), as_dict=True)
        keys.append({**told, "kid": f"key of {name}", "use": "sig"})
    return {"keys": keys}


@dataclass
class Provider:
    """Answers addresses out of a table, and counts."""

    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        page = self.pages.get(address, OSError(f"{address} answers 404"))
        if isinstance(page, Exception):
            raise page
        return page if isinstance(page, bytes) else json.dumps(page).encode()


@pytest.fixture
def provider() -> Provider:
    configuration = {"issuer": URL, "jwks_uri": f"{URL}/keys"}
    return Provider({f"{URL}/.well-known/openid-configuration": configuration, f"{URL}/keys": published(*PRIVATE)})


@pytest.fixture
def tokens(provider: Provider) -> Tokens:
    return Tokens(Issuer(URL, AUDIENCE), provider)


def token(algorithm: str = "RS256", *, key: Any = None, kid: str | None = None, **given: Any) -> str:
    at = int(NOON.timestamp())
    claims = {"iss": URL, "aud": AUDIENCE, "sub": "till-7", "iat": at, "exp": at + 300, "scope": "orders:read"} | given
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"kid": kid or f"key of {algorithm}"}
    return jwt.encode(claims, key or PRIVATE[algorithm], algorithm=algorithm, headers=headers)


@pytest.mark.parametrize("algorithm", list(PRIVATE))
async def test_a_token_of_the_provider_opens(tokens: Tokens, algorithm: str):
    caller = await tokens.verify(token(algorithm), now=NOON)

    assert caller is not None
    assert (caller.name, caller.scopes, caller.owner) == ("till-7", frozenset({"orders:read"}), f"{URL} till-7")
    assert not caller.is_anonymous


@pytest.mark.parametrize(
    "given",
    [
        {"iss": "https://other.example"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"sub": None}, {"exp": None},
        {"exp": "soon"}, {"exp": True}, {"nbf": "later"}, {"sub": ["a"]}, {"aud": [1]},
    ],
)  # fmt: skip
async def test_a_token_for_others_or_without_what_it_must_say_opens_nothing(tokens: Tokens, given: dict[str, Any]):
    assert await tokens.verify(token(**given), now=NOON) is None


@pytest.mark.parametrize(("seconds", "opens"), [(0, True), (299, True), (329, True), (330, False), (900, False)])
async def test_a_token_ends_with_a_little_leeway(tokens: Tokens, seconds: int, opens: bool):
    found = await tokens.verify(token(), now=NOON + timedelta(seconds=seconds))

    assert (found is not None) == opens
    assert LEEWAY_SECONDS == 30


@pytest.mark.parametrize(("ahead", "opens"), [(30, True), (31, False)])
async def test_a_token_begins_with_a_little_leeway(tokens: Tokens, ahead: int, opens: bool):
    assert (await tokens.verify(token(nbf=NOON.timestamp() + ahead), now=NOON) is not None) == opens


async def test_only_the_provider_s_own_signature_counts(tokens: Tokens):
    assert await tokens.verify(token(key=STRANGER), now=NOON) is None
    head, body, signature = token().split(".")
    assert await tokens.verify(f"{head}.{body}.{signature[:-4]}AAAA", now=NOON) is None
    assert await tokens.verify(f"{head}.{token(sub='root').split('.')[1]}.{signature}", now=NOON) is None


async def test_no_shared_secret_and_no_signature_is_taken_for_one(tokens: Tokens):
    """The public key as a shared secret, `none`, and a key of another kind than the algorithm's."""
    public = PRIVATE["RS256"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    forged = [
        _shared("HS256", public),
        _unsigned(),
        token("ES256", kid="key of RS256"),
        token("RS256", kid="key of EdDSA"),
        token("RS512", key=PRIVATE["RS256"], kid="key of RS256"),
    ]

    for one in forged:
        assert await tokens.verify(one, now=NOON) is None


def _shared(algorithm: str, secret: bytes) -> str:
    """Signed by hand: PyJWT refuses to sign with a public key."""
    head = jwt.utils.base64url_encode(json.dumps({"alg": algorithm, "kid": "key of RS256"}).encode()).decode()
    signed = f"{head}.{token().split('.')[1]}"
    signature = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{jwt.utils.base64url_encode(signature).decode()}"


def _unsigned() -> str:
    _, body, _ = token().split(".")
    none = jwt.utils.base64url_encode(json.dumps({"alg": "none", "kid": "key of RS256"}).encode()).decode()
    return f"{none}.{body}."


@pytest.mark.parametrize("text", ["ey..", "eyJhIjoxfQ.e30.", "ey.ey.ey", "ey" + "a" * 20_000 + ".b.c", "eyA=.€.x"])
async def test_what_is_no_token_opens_nothing_and_asks_nobody(tokens: Tokens, provider: Provider, text: str):
    assert await tokens.verify(text, now=NOON) is None
    assert provider.asked == []


async def test_keys_are_asked_for_once_and_again_after_a_while(tokens: Tokens, provider: Provider):
    for seconds in (0, 1, KEPT_SECONDS - 1):
        assert await tokens.verify(token(exp=2**40), now=NOON + timedelta(seconds=seconds))
    assert len(provider.asked) == 2

    assert await tokens.verify(token(exp=2**40), now=NOON + timedelta(seconds=KEPT_SECONDS))
    assert len(provider.asked) == 4


async def test_a_new_key_is_found_and_strangers_cannot_make_us_ask_often(tokens: Tokens, provider: Provider):
    provider.pages[f"{URL}/keys"] = published("RS256")
    assert await tokens.verify(token(), now=NOON)
    provider.pages[f"{URL}/keys"] = published("ES256", "RS256")

    for _ in range(50):
        assert await tokens.verify(token("ES256"), now=NOON + timedelta(seconds=PAUSE_SECONDS - 1)) is None
    assert len(provider.asked) == 2
    assert await tokens.verify(token("ES256"), now=NOON + timedelta(seconds=PAUSE_SECONDS))
    assert len(provider.asked) == 4


@pytest.mark.parametrize(
    "page",
    [OSError("down"), b"<html>", [], {"issuer": "https://other.example", "jwks_uri": f"{URL}/keys"}, {"issuer": URL},
     {"issuer": URL, "jwks_uri": "http://169.254.169.254/keys"}],
)  # fmt: skip
async def test_a_provider_that_makes_no_sense_opens_nothing(tokens: Tokens, provider: Provider, page: Any):
    provider.pages[f"{URL}/.well-known/openid-configuration"] = page

    assert await tokens.verify(token(), now=NOON) is None
    assert provider.asked == [f"{URL}/.well-known/openid-configuration"]


async def test_known_keys_stay_while_the_provider_is_away(tokens: Tokens, provider: Provider):
    later = NOON + timedelta(seconds=KEPT_SECONDS)
    assert await tokens.verify(token(exp=2**40), now=NOON)
    provider.pages.clear()

    assert await tokens.verify(token(exp=2**40), now=later)


async def test_symmetric_and_odd_keys_are_left_out(provider: Provider):
    odd = [{"kty": "oct", "kid": "key of RS256", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "x"}, {"kty": "RSA", "kid": 7}]
    provider.pages[f"{URL}/keys"] = {"keys": [*odd, *published("ES256")["keys"]]}
    tokens = Tokens(Issuer(URL, AUDIENCE), provider)

    assert await tokens.verify(token("ES256"), now=NOON)
    assert await tokens.verify(token(), now=NOON) is None


@pytest.mark.parametrize(
    ("mapping", "claims", "scopes"),
    [
        ({}, {"scope": "orders:read openid nothing"}, {"orders:read"}),
        ({}, {"scope": None, "scp": ["read", 7]}, {"read"}),
        ({}, {"scope": None, "scp": "write *"}, {"write", "*"}),
        ({}, {"scope": 7}, set()),
        ({"crm": ("customers:read", "orders:read")}, {"scope": "crm read"}, {"customers:read", "orders:read"}),
    ],
)
async def test_scopes_are_ours_or_mapped(
    provider: Provider, mapping: dict[str, tuple[str, ...]], claims: dict[str, Any], scopes: set[str]
):
    tokens = Tokens(Issuer(URL, AUDIENCE, scopes=mapping), provider)

    caller = await tokens.verify(token(**claims), now=NOON)

    assert caller is not None
    assert caller.scopes == scopes
    assert caller.view is None


@pytest.mark.parametrize(
    "given",
    [("http://id.example", AUDIENCE), (URL, ""), (URL, AUDIENCE, "ftp://x"), (URL, AUDIENCE, None, {"a": ("b",)})],
)
def test_an_issuer_that_is_not_safe_is_refused(given: tuple[Any, ...]):
    with pytest.raises(BadInput):
        Issuer(*given)


def test_keys_are_told_from_tokens():
    assert looks_like_token(token())
    assert not looks_like_token("rk_12345678_abc")


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        large = self.path == "/large"
        self.send_response({"/keys": 200, "/large": 200, "/elsewhere": 302}.get(self.path, 404))
        self.send_header("Location", "/keys")
        self.end_headers()
        self.wfile.write(b"x" * 1_100_000 if large else json.dumps(published("ES256")).encode())

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    serving.join()


async def test_keys_are_fetched_over_http(address: str):
    tokens = Tokens(Issuer(address, AUDIENCE, f"{address}/keys"))

    assert await tokens.verify(token("ES256", iss=address), now=NOON)


@pytest.mark.parametrize("path", ["/nothing", "/elsewhere", "/large"])
async def test_what_is_no_plain_small_answer_is_not_read(address: str, path: str):
    with pytest.raises(OSError, match="answers"):
        await fetched(f"{address}{path}")


async def test_a_provider_that_is_not_there_is_told():
    with pytest.raises(OSError, match="cannot be reached"):
        await fetched("http://127.0.0.1:9/keys")


@pytest.mark.parametrize("scopes", ["read", ""])
def test_a_token_is_a_bearer_like_any_other(serve: Any, provider: Provider, scopes: str):
    api = serve(tokens=Tokens(Issuer(URL, AUDIENCE), provider))

    answer = api.client.post(
        "/graphql",
        json={"query": '{ customer(key: "ann") { name } }'},
        headers={"Authorization": f"Bearer {token(scope=scopes)}"},
    )

    assert answer.status_code == (200 if scopes else 403)
