"""Who is asked, and as whom."""

import pytest

from infra.gcp.pubsub.clients import Clients
from infra.gcp.pubsub.trouble import BusRefused


async def test_an_emulator_is_used_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    clients = Clients("p", emulator="127.0.0.1:9")

    await clients.open()

    assert clients.topic("crawl.failed") == "projects/p/topics/crawl.failed"
    assert clients.subscription("load") == "projects/p/subscriptions/load"
    await clients.close()


async def test_control_google_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")  # the profile decides, not what lies in the environment

    with pytest.raises(BusRefused, match="nowhere"):
        await Clients("p", emulator=None).open()


async def test_google_is_asked_with_the_credentials_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415  # stands for an account

    given = AnonymousCredentials()  # type: ignore[no-untyped-call]
    monkeypatch.setattr("google.auth.default", lambda **_: (given, "p"))
    clients = Clients("p", emulator=None)

    await clients.open()

    assert clients.publisher.transport._credentials is given
    assert clients.subscriber.transport._host == "pubsub.googleapis.com:443"
    await clients.close()
