"""Alerts on their way to people: by the ways that are set up, through the engine."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import aiohttp
import pytest
from msgspec import to_builtins

from functions import deliver_alert as function
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings, SettingsRefused, read_settings
from infra.runtime.runtime import Runtime, open_runtime
from services.jobs.alerts.channels import Channels, channels
from services.jobs.alerts.deliver_alert import ChannelUnset, deliver_alert
from services.jobs.alerts.mail import Mail, Server
from services.jobs.job import Done, Job
from tests.contract.jobs.alarms import look, nobody_works, raised, seen
from tests.contract.jobs.mailbox import mailbox
from tests.contract.jobs.receiving import NOTICE, SECRET, WHEN, receiving, verified
from tests.contract.jobs.rig import Desk


async def test_a_message_goes_to_its_channel_and_an_unset_one_is_a_dead_letter() -> None:

    async def deliver(channel: str) -> object:
        payload = {"channel": channel, "notice": to_builtins(NOTICE)}
        job = cast("Job", SimpleNamespace(id=UUID(int=1), payload=payload))
        session = cast("aiohttp.ClientSession", None)
        return await deliver_alert(job, channels=only_mail, session=session, now=lambda: WHEN)

    async with mailbox() as mails:
        server = Server.parse(f"smtp://127.0.0.1:{mails.port}")
        only_mail = Channels(email=Mail(server, "headrace@a.example", ["ops@a.example"]))
        assert isinstance(await deliver("email"), Done)
        with pytest.raises(ChannelUnset):
            await deliver("webhook")


def made_of(**changes: Any) -> Channels:
    secrets = {name: Secret(value) for name, value in changes.items() if name in {"alert_webhook_secret", "smtp_url"}}
    settings = Settings(**{**changes, **secrets})
    return channels(cast("Runtime", SimpleNamespace(settings=settings)))


WEBHOOK = {"alert_webhook_url": "http://127.0.0.1/hook", "alert_webhook_secret": SECRET}
EMAIL = {"smtp_url": "smtp://mail", "alert_email_from": "a@b.example", "alert_email_to": "c@d.example, e@f.example"}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ()),
        (WEBHOOK, ("webhook",)),
        (EMAIL, ("email",)),
        (WEBHOOK | EMAIL, ("webhook", "email")),
        ({"alert_webhook_url": "http://127.0.0.1/hook"}, ()),
        ({"alert_webhook_secret": SECRET}, ()),
        ({**EMAIL, "alert_email_to": " , "}, ()),
    ],
)
def test_a_channel_is_set_up_when_all_its_settings_are(given: dict[str, Any], names: tuple[str, ...]) -> None:
    assert made_of(**given).names == names


def test_recipients_are_separated_by_commas() -> None:
    made = made_of(**EMAIL).email

    assert made is not None
    assert made.recipients == ["c@d.example", "e@f.example"]
    assert (made.server.host, made.server.port, made.server.tls) == ("mail", 587, False)


@pytest.mark.parametrize(("url", "port", "tls"), [("smtps://h", 465, True), ("smtp://h:25", 25, False)])
def test_a_mail_server_is_read_off_its_url(url: str, port: int, *, tls: bool) -> None:
    made = Server.parse(url)

    assert (made.port, made.tls, made.user) == (port, tls, None)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("HEADRACE_SMTP_URL", "http://CANARY@mail"),
        ("HEADRACE_SMTP_URL", "smtp://u:CANARY@mail:notaport"),
        ("HEADRACE_SMTP_URL", "CANARY"),
        ("HEADRACE_ALERT_WEBHOOK_SECRET", "not base64: CANARY"),
    ],
)
def test_a_wrong_secret_setting_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)

    with pytest.raises(SettingsRefused, match=f"^{name} is ") as caught:
        read_settings()

    assert "CANARY" not in caught.value.detail


async def test_a_raised_and_a_cleared_alert_reach_both_ways_through_the_engine(
    desk: Desk, database_dsn: str, tmp_path: Any
) -> None:
    await nobody_works(desk)
    await raised(desk.database, ("webhook", "email"))
    await seen(desk.database)
    for seconds in (50, 61):
        await look(desk.database, seconds, ("webhook", "email"))

    async with receiving() as endpoint, mailbox() as mails:
        given = {**EMAIL, "alert_webhook_secret": SECRET, "alert_webhook_url": endpoint.url, "retry_base_seconds": 0.01}
        given |= {"smtp_url": f"smtp://127.0.0.1:{mails.port}", "database_url": database_dsn, "data_dir": tmp_path}
        async with open_runtime(read_settings(**given)) as runtime:
            worker = function.main.function.worker(runtime)
            endpoint.status = 503
            await worker.drain(asyncio.Event())
            assert len(mails.messages) == 2
            assert {verified(SECRET, *had)["type"] for had in endpoint.had} == {"alert.raised", "alert.cleared"}
            endpoint.status = 204
            await desk.wake()
            await worker.drain(asyncio.Event())

    ids = [headers["webhook-id"] for headers, _ in endpoint.had]
    assert (len(ids), len(set(ids))) == (4, 2)
    states = await desk.database.pool.fetch("SELECT state FROM jobs WHERE kind = 'alert'")
    assert [row["state"] for row in states] == ["completed"] * 4
