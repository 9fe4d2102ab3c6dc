"""Firecrawl's webhooks: signed, taken once, and never more than a hint."""

import dataclasses
import gzip
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from services.crawling.clean_up import clean_up
from services.crawling.providers.firecrawl import webhook
from tests.contract.http.house import serving
from tests.flow.crawling.firecrawl.conftest import face_of
from tests.flow.crawling.firecrawl.fire import SECRET, Fire, ended, signed
from tests.flow.crawling.orders import again

WAITING = "ready_after:never,notify:off"


@pytest.fixture
async def crawl_id(fire: Fire) -> UUID:
    return await fire.submitted(WAITING)


@pytest.fixture
async def job_id(fire: Fire, crawl_id: UUID) -> str:
    del crawl_id
    return str((await fire.bought())[0]["id"])


@pytest.fixture
async def unsigned(fire: Fire) -> AsyncIterator[Fire]:
    """The same, where a Firecrawl that signs nothing is allowed."""
    settings = fire.runtime.settings.but(firecrawl_unsigned_webhooks=True)
    async with serving(face_of(dataclasses.replace(fire.runtime, settings=settings))) as port:
        yield dataclasses.replace(fire, port=port)


@pytest.mark.parametrize("secret", [SECRET, "the-next-one"], ids=["old", "next"])
async def test_a_signed_end_makes_the_crawl_due_at_once(fire: Fire, crawl_id: UUID, job_id: str, secret: str) -> None:
    body = json.dumps(ended(job_id)).encode()

    assert await fire.is_due(crawl_id) is False
    assert await fire.tell(body, signature=signed(body, secret)) == 200
    assert await fire.is_due(crawl_id) is True


@pytest.mark.parametrize("what", ["crawl.started", "crawl.page"])
async def test_what_is_no_end_makes_nothing_due(fire: Fire, crawl_id: UUID, job_id: str, what: str) -> None:
    assert await fire.tell(ended(job_id, what=what)) == 200
    assert await fire.is_due(crawl_id) is False


def forgeries(body: bytes) -> dict[str, str]:
    good = signed(body)
    return {
        "none": "",
        "empty": "sha256=",
        "other secret": signed(body, "guess"),
        "both secrets as one": signed(body, f"the-next-one,{SECRET}"),
        "other body": signed(body + b" "),
        "cut": good[:-1],
        "longer": good + "0",
        "upper case": "sha256=" + good[7:].upper(),
        "other algorithm": "sha1=" + good[7:],
        "bare": good[7:],
        "no hex": "sha256=" + "z" * 64,
        "not ascii": "sha256=\u00e9\u00e9",
    }


@pytest.mark.parametrize("kind", list(forgeries(b"")))
async def test_a_forged_signature_changes_nothing(fire: Fire, crawl_id: UUID, job_id: str, kind: str) -> None:
    body = json.dumps(ended(job_id)).encode()

    assert await fire.tell(body, signature=forgeries(body)[kind]) == 401
    assert await fire.is_due(crawl_id) is False


async def test_without_a_secret_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert webhook.is_signed(b"x", signed(b"x", ""), webhook.secrets_of(None)) is False


@pytest.mark.parametrize("times", [2, 5])
async def test_a_repeated_delivery_has_no_effect_and_a_new_one_has(
    fire: Fire, crawl_id: UUID, job_id: str, times: int
) -> None:
    told = ended(job_id)
    await fire.tell(told)
    await fire.sql("UPDATE polls SET due_at = now() + interval '1 h'")

    assert {await fire.tell(told) for _ in range(times)} == {200}
    repeated = await fire.is_due(crawl_id)
    await fire.tell(ended(job_id))

    assert (repeated, await fire.is_due(crawl_id)) == (False, True)


async def test_deliveries_are_remembered_for_thirty_days(fire: Fire, crawl_id: UUID, job_id: str) -> None:
    del crawl_id
    for days in (29, 31):
        await fire.tell(ended(job_id, delivery=f"{days} days"))
        await fire.sql(
            "UPDATE webhook_deliveries SET received_at = now() - $2 * interval '1 day' WHERE delivery_id = $1",
            f"{days} days",
            days,
        )
    context = fire.context
    await clean_up(database=context.database, lake=context.lake, warehouse=context.warehouse)

    assert [row[0] for row in await fire.rows("SELECT delivery_id FROM webhook_deliveries")] == ["29 days"]


async def test_a_hint_about_a_job_of_nobody_is_unknown(fire: Fire, crawl_id: UUID) -> None:
    assert await fire.tell(ended(str(uuid4()))) == 404
    assert await fire.tell(ended(str(uuid4()), metadata={"headrace_crawl_id": str(crawl_id)})) == 404
    assert await fire.tell(b"[]") == 404
    assert await fire.tell(b'{"id": "\\u0000", "type": "crawl.completed"}') == 404
    assert await fire.tell(b"no json") == 404


async def test_a_webhook_that_unpacks_to_very_much_is_refused(fire: Fire, crawl_id: UUID, job_id: str) -> None:
    packed = gzip.compress(json.dumps(ended(job_id)).encode())
    bomb = gzip.compress(b" " * (webhook.MAX_UNPACKED + 1))

    assert await fire.tell(bomb, Content_Encoding="gzip") == 413
    assert await fire.is_due(crawl_id) is False
    assert await fire.tell(packed, Content_Encoding="gzip") == 200
    assert await fire.is_due(crawl_id) is True


@pytest.mark.parametrize("what", ["crawl.started", "crawl.completed"])
async def test_an_order_of_unknown_fate_is_adopted_by_the_job_that_names_it(fire: Fire, what: str) -> None:
    crawl_id = await fire.submitted("ready_after:0,notify:off,fault:submit.drop@1")
    (job,) = await fire.bought()
    await again(fire)
    unknown = (await fire.status(crawl_id))["snapshot_id"]

    told = ended(job["id"], what=what, metadata={"headrace_crawl_id": str(crawl_id)})
    assert await fire.tell(told) == 200
    await again(fire)

    assert (unknown, (await fire.status(crawl_id))["snapshot_id"]) == (None, job["id"])
    assert (await fire.finish(crawl_id))["pipeline_status"] == "completed"


async def test_a_named_job_that_the_provider_does_not_know_is_not_adopted(fire: Fire) -> None:
    crawl_id = await fire.submitted("ready_after:0,notify:off,fault:submit.drop@1")
    await fire.tell(ended(str(uuid4()), metadata={"headrace_crawl_id": str(crawl_id)}))
    await again(fire)

    status = await fire.status(crawl_id)
    assert (status["pipeline_status"], status["snapshot_id"]) == ("submitting", None)


async def test_a_firecrawl_that_signs_nothing_is_known_by_the_crawls_token(
    unsigned: Fire, crawl_id: UUID, job_id: str
) -> None:
    told = ended(job_id)

    assert await unsigned.tell(told, signature="") == 401
    assert await unsigned.tell(told, signature="", Authorization="Bearer guess") == 401
    assert await unsigned.tell(told, signature=signed(b"other"), Authorization="Bearer hook") == 401
    assert await unsigned.is_due(crawl_id) is False
    assert await unsigned.tell(told, signature="", Authorization="Bearer hook") == 200
    assert await unsigned.is_due(crawl_id) is True


async def test_control_where_that_is_not_allowed_the_token_alone_is_refused(
    fire: Fire, crawl_id: UUID, job_id: str
) -> None:
    assert await fire.tell(ended(job_id), signature="", Authorization="Bearer hook") == 401
    assert await fire.is_due(crawl_id) is False


@pytest.mark.parametrize("manner", ["once", "twice", "late_start"])
async def test_the_simulators_own_webhooks_end_the_wait(fire: Fire, manner: str) -> None:
    fire.adjust(webhook_base=f"http://127.0.0.1:{fire.port}", poll_interval=3600.0)
    crawl_id = await fire.submitted(f"ready_after:0.3,notify:{manner}")

    assert await fire.comes_due(crawl_id)


@pytest.mark.parametrize("manner", ["forged", "unsigned"])
async def test_control_forged_webhooks_of_the_simulator_do_not(fire: Fire, manner: str) -> None:
    fire.adjust(webhook_base=f"http://127.0.0.1:{fire.port}", poll_interval=3600.0)
    crawl_id = await fire.submitted(f"ready_after:0.1,notify:{manner}")

    assert not await fire.comes_due(crawl_id, within=1.0)
