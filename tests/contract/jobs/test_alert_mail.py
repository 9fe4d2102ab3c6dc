"""Alerts by e-mail: what arrives, what is tried again, and what is never said in the clear."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
import structlog
from msgspec.structs import replace

from services.jobs.alerts.mail import Mail, MailNotTaken, MailRefused, Server
from services.jobs.alerts.notice import Notice
from tests.contract.jobs.mailbox import Mailbox, mailbox
from tests.contract.jobs.receiving import NOTICE


@pytest.fixture
async def mails() -> AsyncIterator[Mailbox]:
    async with mailbox(users={"us er": "p@ss"}) as made:
        yield made


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


async def test_who_has_a_name_of_any_letters_is_told_by_a_server_that_knows_ascii_only(mails: Mailbox) -> None:
    server = Server.parse(f"smtp://127.0.0.1:{mails.port}")
    named = Mail(server, "Wächter <headrace@a.example>", ["Jürgen <j@a.example>", '"Ops, all" <ops@a.example>'])
    await asyncio.to_thread(named.tell, NOTICE, message_id="job-1")

    [message] = mails.messages
    assert mails.recipients == ["j@a.example", "ops@a.example"]
    assert str(make_header(decode_header(message["From"]))) == "Wächter <headrace@a.example>"


async def test_without_a_user_nobody_logs_in(mails: Mailbox) -> None:
    await mail(mails, user="")

    assert "AUTH" not in mails.said
    assert len(mails.messages) == 1


async def test_the_end_of_an_alert_says_when(mails: Mailbox) -> None:
    over = replace(NOTICE, change="cleared", cleared_at=datetime(2026, 5, 1, 13, tzinfo=UTC))
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


async def test_who_is_refused_while_others_are_told_is_counted_in_the_log(mails: Mailbox) -> None:
    mails.refused = {"b@a.example"}

    with structlog.testing.capture_logs() as said:
        await mail(mails)

    assert len(mails.messages) == 1
    assert [(line["event"], line["refused"]) for line in said] == [("an alert was not mailed to everybody", 1)]


async def test_control_where_everybody_is_told_nothing_is_logged(mails: Mailbox) -> None:
    with structlog.testing.capture_logs() as said:
        await mail(mails)

    assert said == []


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
