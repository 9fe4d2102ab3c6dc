"""A site whose certificate nobody vouches for is not captured: the browser warns, and so does the capture."""

import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.contract.intake.capturing.studio import Studio


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    place = folder / "own.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[str]:
    """Where the site listens."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<title>Trust me</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_certificate(tmp_path)).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("config", [{}, {"respect_robots": False}])
async def test_a_site_with_an_untrusted_certificate_is_not_captured(
    studio: Studio, secure: str, config: dict[str, bool]
) -> None:
    studio.allow |= {secure.removeprefix("https://")}
    row = await studio.capture(f"{secure}/", rounds=5, **config)

    assert (row["state"], row["error_code"], row["tries"]) == ("failed", "CAPTURE_TLS", 0)
    assert row["error_recovery"]
    assert [name async for name in studio.lake.list("captures/")] == []


async def test_control_the_same_site_is_taken_without_tls(studio: Studio) -> None:
    assert (await studio.capture("/about", respect_robots=False))["state"] == "completed"
