"""Addresses that let whoever has them read: signed as Cloud Storage checks it, short-lived, without a key file."""

import asyncio
import base64
import gzip
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import aiohttp
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.compute_engine import Credentials as MachineCredentials
from google.auth.exceptions import TransportError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as PersonCredentials
from google.oauth2.service_account import Credentials as KeyCredentials

from infra.gcp.storage import StorageLake
from infra.gcp.storage import signing as signing_module
from infra.gcp.storage.signing import Hurried, SigningByIam, signing
from schemas.stored_object import ObjectNameRefused, SigningFailed

ACCOUNT = "headrace@local.iam.gserviceaccount.com"
BODY = gzip.compress(b'{"n": 1}\n')
NAME = "crawls/t/ä b/records.ndjson.gz"
KEY = rsa.generate_private_key(65537, 2048)


def key_credentials() -> Any:
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    info = {"client_email": ACCOUNT, "private_key": pem, "token_uri": "http://127.0.0.1:9/"}
    return KeyCredentials.from_service_account_info(info)


def machine() -> Any:
    return MachineCredentials(universe_domain="googleapis.com")  # else its own server is asked for it


class Google:
    """The metadata server of a machine and IAM's signBlob, as far as signing needs them."""

    def __init__(self, *, status: int = 200) -> None:
        self.status = status
        self.asked: list[tuple[str, str]] = []

    def __call__(self, *, url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        self.asked.append((method, url))
        if url.endswith(":signBlob"):
            return self._answer(self.status, self._signed(json.loads(body)["payload"]))
        known = {"email": ACCOUNT, "scopes": ["https://www.googleapis.com/auth/cloud-platform"], "aliases": ["default"]}
        return self._answer(200, {"access_token": "t", "expires_in": 3600} if "token" in url else known)

    def _signed(self, payload: str) -> dict[str, str]:
        signature = KEY.sign(base64.b64decode(payload), padding.PKCS1v15(), hashes.SHA256())
        return {"keyId": "k", "signedBlob": base64.b64encode(signature).decode()}

    def _answer(self, status: int, content: object) -> Any:
        headers = {"content-type": "application/json", "metadata-flavor": "Google"}
        return SimpleNamespace(status=status, headers=headers, data=json.dumps(content).encode())


def checked(url: str) -> dict[str, str]:
    """The parameters of an address, after the check that Cloud Storage makes. Raises ``InvalidSignature``."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, strict_parsing=True))
    signature = bytes.fromhex(given.pop("X-Goog-Signature"))
    query = "&".join(f"{quote(name, safe='~')}={quote(given[name], safe='~')}" for name in sorted(given))
    canonical = "\n".join(["GET", parts.path, query, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD"])
    scope = given["X-Goog-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = "\n".join(["GOOG4-RSA-SHA256", given["X-Goog-Date"], scope, digest])
    KEY.public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return given


async def stream(body: bytes) -> AsyncIterator[bytes]:
    yield body


def lake(emulator: str, who: Any) -> StorageLake:
    return StorageLake("signed-suite", prefix=f"test-{uuid4().hex}", emulator=emulator, signing=who)


async def test_whoever_has_the_address_gets_the_stored_bytes_as_a_file(storage_emulator: str) -> None:
    at = lake(storage_emulator, key_credentials())
    await at.create(NAME, stream(BODY))
    url = await at.signed_url(NAME, seconds=60)
    async with aiohttp.ClientSession(auto_decompress=False) as http, http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, BODY)

    assert checked(url)["response-content-disposition"] == 'attachment; filename="records.ndjson.gz"'


@pytest.mark.parametrize(("asked", "given"), [(60, 60), (900, 900), (86_400, 900)])
async def test_an_address_lives_fifteen_minutes_at_most(storage_emulator: str, asked: float, given: int) -> None:
    url = await lake(storage_emulator, key_credentials()).signed_url(NAME, seconds=asked)

    assert int(checked(url)["X-Goog-Expires"]) == given


async def test_iam_signs_for_a_machine_without_a_key(storage_emulator: str) -> None:
    google = Google()
    who = signing(machine(), google)
    url = await lake(storage_emulator, who).signed_url(NAME, seconds=60)

    assert checked(url)["X-Goog-Credential"].startswith(f"{ACCOUNT}/")
    assert google.asked[-1][1].endswith(f"/serviceAccounts/{ACCOUNT}:signBlob")


async def test_control_another_object_is_not_what_was_signed(storage_emulator: str) -> None:
    url = await lake(storage_emulator, key_credentials()).signed_url(NAME, seconds=60)

    with pytest.raises(InvalidSignature):
        checked(url.replace("records", "secrets", 1))


async def test_where_iam_does_not_sign_the_role_that_is_missing_is_named(storage_emulator: str) -> None:
    who = signing(machine(), Google(status=403))

    assert isinstance(who, SigningByIam)
    with pytest.raises(SigningFailed) as told:
        await lake(storage_emulator, who).signed_url(NAME, seconds=60)
    assert "iam.serviceAccountTokenCreator" in told.value.recovery


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of somebody who listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_an_iam_that_does_not_answer_is_given_up_in_our_time(
    storage_emulator: str, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, sending = Google(), Request()

    def ask(*, url: str, **given: Any) -> Any:
        return sending(url=silent, **given) if url.endswith(":signBlob") else google(url=url, **given)

    monkeypatch.setattr(signing_module, "SECONDS", 0.3)
    at = lake(storage_emulator, signing(machine(), ask))

    async with asyncio.timeout(8):
        with pytest.raises(SigningFailed):
            await at.signed_url(NAME, seconds=60)


async def test_a_token_that_does_not_come_is_given_up_in_our_time(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_module, "SECONDS", 0.3)

    with pytest.raises(TransportError):
        Hurried(Request())(url=silent, timeout=120)


def test_a_person_does_not_sign() -> None:
    assert signing(PersonCredentials("token"), Google()) is None


async def test_an_emulator_alone_gives_no_addresses(storage_emulator: str) -> None:
    assert await lake(storage_emulator, None).signed_url(NAME, seconds=60) is None


async def test_no_address_leads_out_of_the_lake(storage_emulator: str) -> None:
    with pytest.raises(ObjectNameRefused):
        await lake(storage_emulator, key_credentials()).signed_url(".lake-id", seconds=60)
