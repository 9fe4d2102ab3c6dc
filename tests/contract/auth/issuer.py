"""A Google of our own: it signs identity tokens, and serves the keys to check them with over a real socket."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "https://headrace.example"
_TIMES = {"iat", "exp", "nbf"}
ACCOUNT = "push@project.iam.gserviceaccount.com"


def signer() -> rsa.RSAPrivateKey:
    """A key pair that nobody else has."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


OURS, FORGER = signer(), signer()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says, changed; what is None is left out. Times are in seconds from now."""
    good = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "sub": "1",
        "iat": 0,
        "exp": 3600,
        "email": ACCOUNT,
        "email_verified": True,
    }
    said = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return {name: time.time() + value if name in _TIMES else value for name, value in said.items()}


def token(*, key: rsa.RSAPrivateKey = OURS, kid: str = "1", **changes: Any) -> str:
    """A token of Google's form."""
    return jwt.encode(claims(**changes), key, algorithm="RS256", headers={"kid": kid})


def unsigned(**changes: Any) -> str:
    """A token that says that it needs no signature."""
    return jwt.encode(claims(**changes), "", algorithm="none", headers={"kid": "1"})


def signed_with_what_is_public(**changes: Any) -> str:
    """A token whose shared secret is the public key: who takes any algorithm believes it."""
    secret = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "1"}, claims(**changes)]
    said = ".".join(_text(json.dumps(part).encode()) for part in parts)
    return f"{said}.{_text(hmac.new(secret, said.encode(), hashlib.sha256).digest())}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Google:
    """``keys`` are served by their ids; None instead: the server is in trouble."""

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] | None = field(default_factory=lambda: {"1": OURS})
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "public, max-age=100"})
    asked: int = 0

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.keys is None:
            return web.Response(status=500)
        algorithm = jwt.algorithms.RSAAlgorithm
        told = {kid: json.loads(algorithm.to_jwk(key.public_key())) for kid, key in self.keys.items()}
        listed = [{**key, "kid": kid, "alg": "RS256", "use": "sig"} for kid, key in told.items()]
        return web.json_response({"keys": listed}, headers=self.headers)


@asynccontextmanager
async def google() -> AsyncIterator[Google]:
    """One that runs during the block."""
    made = Google()
    app = web.Application()
    app.router.add_get("/certs", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/certs"
    try:
        yield made
    finally:
        await runner.cleanup()
