"""Alerts on their way to people: what arrives, what is tried again, and what is not."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from functions import deliver_alert as function
from infra.runtime.runtime import Runtime, open_runtime
from infra.runtime.settings import Settings, SettingsRefused, read_settings
from services.jobs.alerts.channels import Channels, channels
from services.jobs.alerts.deliver_alert import ChannelUnset, deliver_alert
from services.jobs.alerts.mail import Mail, MailNotTaken, MailRefused, Server
from services.jobs.alerts.notice import Notice
from services.jobs.alerts.webhook import AlertNotTaken, AlertRefused, Webhook
from services.jobs.job import Done, Job
from tests.contract.jobs.mailbox import Mailbox, mailbox
from tests.contract.jobs.rig import Desk
from tests.contract.jobs.test_watch import look, nobody_works, raised, seen

SECRET = "whsec_" + base64.b64encode(b"a secret of the operator").decode()
OTHER = "whsec_" + base64.b64encode(b"a secret of somebody else").decode()
WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOTICE = Notice(
    change="raised",
    alert_id=UUID(int=7),
    rule="failure_rate",
    subject="drill",
    level="warning",
    message="High failure rate: 15% (drill)",
    value=0.15,
    raised_at=WHEN,
)


class Endpoint:
    """Keeps what it was sent, and answers as told."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.headers: dict[str, str] = {}
        self.had: list[tuple[dict[str, str], str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.had.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made, app = Endpoint(), web.Application()
    app.router.add_post("/hook", made.take)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/hook"))
    yield made
    await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def mails() -> AsyncIterator[Mailbox]:
    async with mailbox(users={"us er": "p@ss"}) as made:
        yield made


def verified(secret: str, headers: dict[str, str], body: str) -> Any:
    return Verifier(secret).verify(body, {name.lower(): value for name, value in headers.items()})


async def push(endpoint: Endpoint, session: aiohttp.ClientSession, *, at: datetime | None = None) -> None:
    await Webhook(endpoint.url, SECRET).tell(NOTICE, message_id="job-1", session=session, now=at or datetime.now(UTC))


async def test_an_alert_arrives_signed(endpoint: Endpoint, session: aiohttp.ClientSession) -> None:
    await push(endpoint, session)

    [(headers, body)] = endpoint.had
    told = verified(SECRET, headers, body)
    assert (told["type"], told["timestamp"]) == ("alert.raised", "2026-05-01T12:00:00Z")
    assert told["data"]["message"] == "High failure rate: 15% (drill)"
    assert headers["webhook-id"] == "job-1"


async def test_control_another_secret_a_changed_body_and_an_old_signature_are_refused(
    endpoint: Endpoint, session: aiohttp.ClientSession
) -> None:
    await push(endpoint, session)
    await push(endpoint, session, at=WHEN)

    (headers, body), (old, same) = endpoint.had
    for secret, their, text in ((OTHER, headers, body), (SECRET, headers, body + " "), (SECRET, old, same)):
        with pytest.raises(WebhookVerificationError):
            verified(secret, their, text)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_passes_is_tried_again(endpoint: Endpoint, session: aiohttp.ClientSession, status: int) -> None:
    endpoint.status, endpoint.headers = status, {"Retry-After": "17"}

    with pytest.raises(AlertNotTaken) as caught:
        await push(endpoint, session)

    assert caught.value.retryable
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
async def test_what_will_not_change_is_not(endpoint: Endpoint, session: aiohttp.ClientSession, status: int) -> None:
    endpoint.status, endpoint.headers = status, {"Location": endpoint.url}

    with pytest.raises(AlertRefused) as caught:
        await push(endpoint, session)

    assert not caught.value.retryable
    assert len(endpoint.had) == 1


async def test_nobody_there_is_tried_again(endpoint: Endpoint, session: aiohttp.ClientSession) -> None:
    endpoint.url = "http://127.0.0.1:1/hook"

    with pytest.raises(AlertNotTaken):
        await push(endpoint, session)


async def mail(box: Mailbox, *, user: str = "us%20er:p%40ss@", notice: Notice = NOTICE) -> None:
    made = Mail(
        Server.parse(f"smtp://{user}127.0.0.1:{box.port}"), "headrace@a.example", ["ops@a.example", "b@a.example"]
    )
    await asyncio.to_thread(made.tell, notice, message_id="job-1")


async def test_an_alert_arrives_as_mail(mails: Mailbox) -> None:
    await mail(mails)

    [message] = mails.messages
    assert message["Subject"] == "[Headrace] warning raised: High failure rate: 15% (drill)"
    assert message["Message-ID"] == "<job-1@headrace>"
    assert message["To"] == "ops@a.example, b@a.example"
    assert mails.recipients == ["ops@a.example", "b@a.example"]
    assert "AUTH" in mails.said


async def test_without_a_user_nobody_logs_in(mails: Mailbox) -> None:
    await mail(mails, user="")

    assert "AUTH" not in mails.said
    assert len(mails.messages) == 1


async def test_the_end_of_an_alert_says_when(mails: Mailbox) -> None:
    over = NOTICE.model_copy(update={"change": "cleared", "cleared_at": datetime(2026, 5, 1, 13, tzinfo=UTC)})
    await mail(mails, notice=over)

    [message] = mails.messages
    assert "warning cleared" in message["Subject"]
    assert "Cleared: 2026-05-01T13:00:00+00:00" in str(message.get_payload())


async def test_a_wrong_password_is_refused_and_not_repeated(mails: Mailbox) -> None:
    with pytest.raises(MailRefused) as caught:
        await mail(mails, user="us%20er:CANARY@")

    assert not caught.value.retryable
    assert "CANARY" not in str(caught.value)
    assert mails.messages == []


@pytest.mark.parametrize(
    ("word", "reply", "problem"),
    [
        ("RCPT", "550 nobody here", MailRefused),
        ("RCPT", "451 later", MailNotTaken),
        ("MAIL", "554 never", MailRefused),
        ("DATA", "452 full", MailNotTaken),
        ("DATA", "552 too much", MailRefused),
    ],
)
async def test_refusals_for_now_are_tried_again_and_final_ones_are_not(
    mails: Mailbox, word: str, reply: str, problem: type[Exception]
) -> None:
    mails.replies[word] = reply

    with pytest.raises(problem):
        await mail(mails)

    assert mails.messages == []


async def test_no_mail_server_is_tried_again() -> None:
    with pytest.raises(MailNotTaken):
        await mail(Mailbox(port=1))


async def test_a_password_is_not_sent_in_the_clear_over_a_network(
    mails: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.jobs.alerts.mail.LOOPBACK", {"elsewhere"})

    with pytest.raises(MailRefused, match="no TLS"):
        await mail(mails)

    assert "AUTH" not in mails.said


async def test_where_tls_is_offered_nothing_is_said_without_it(mails: Mailbox) -> None:
    mails.offers_tls, mails.replies["STARTTLS"] = True, "454 not now"

    with pytest.raises(MailNotTaken):
        await mail(mails)

    assert "STARTTLS" in mails.said
    assert not {"AUTH", "MAIL", "DATA"} & {*mails.said}


async def test_a_message_goes_to_its_channel_and_an_unset_one_is_a_dead_letter(mails: Mailbox) -> None:
    server = Server.parse(f"smtp://127.0.0.1:{mails.port}")
    only_mail = Channels(email=Mail(server, "headrace@a.example", ["ops@a.example"]))

    async def deliver(channel: str) -> object:
        payload = {"channel": channel, "notice": NOTICE.model_dump(mode="json")}
        job = cast("Job", SimpleNamespace(id=UUID(int=1), payload=payload))
        session = cast("aiohttp.ClientSession", None)
        return await deliver_alert(job, channels=only_mail, session=session, now=lambda: WHEN)

    assert isinstance(await deliver("email"), Done)
    with pytest.raises(ChannelUnset):
        await deliver("webhook")


def made_of(**changes: Any) -> Channels:
    secrets = {
        name: SecretStr(value) for name, value in changes.items() if name in {"alert_webhook_secret", "smtp_url"}
    }
    settings = Settings.model_construct(**{**changes, **secrets})
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
    desk: Desk, endpoint: Endpoint, mails: Mailbox, database_dsn: str, tmp_path: Any
) -> None:
    endpoint.status = 503
    given = {
        "alert_webhook_url": endpoint.url,
        "alert_webhook_secret": SECRET,
        "smtp_url": f"smtp://127.0.0.1:{mails.port}",
        "alert_email_from": "headrace@a.example",
        "alert_email_to": "ops@a.example",
        "retry_base_seconds": 0.01,
    }
    await nobody_works(desk)
    await raised(desk.database, ("webhook", "email"))
    await seen(desk.database)
    for seconds in (50, 61):
        await look(desk.database, seconds, ("webhook", "email"))

    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path, **given)) as runtime:
        worker = function.main.worker(runtime)
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
