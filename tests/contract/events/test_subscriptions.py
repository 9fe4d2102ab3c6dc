"""/api/v1/events/subscriptions."""

import base64

import pytest

from infra.postgres.database import Database
from schemas.catalogue import event_types
from tests.contract.events.house import House, open_house

HOOK = {"topic": "crawl.failed", "push_url": "https://team.example/hook?x=1"}


async def test_a_subscription_is_answered_with_its_secret_once(house: House) -> None:
    status, made = await house.post("/subscriptions", HOOK)
    _, listed = await house.get("/subscriptions")

    assert status == 201
    assert set(made) == {"id", "topic", "push_url", "secret", "created_at"}
    assert {name: made[name] for name in HOOK} == HOOK
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) == 32
    [seen] = listed["items"]
    assert {name: seen[name] for name in ("id", *HOOK)} == {"id": made["id"], **HOOK}
    assert (seen["waiting"], seen["given_up"], seen["last_error"]) == (0, 0, None)
    assert made["secret"] not in str(listed)
    assert "secret" not in seen


async def test_secrets_differ(house: House) -> None:
    secrets = {(await house.post("/subscriptions", HOOK))[1]["secret"] for _ in range(3)}

    assert len(secrets) == 3


async def test_a_deleted_subscription_is_gone(house: House) -> None:
    _, made = await house.post("/subscriptions", HOOK)

    assert await house.delete(f"/subscriptions/{made['id']}") == 204
    assert (await house.get("/subscriptions"))[1] == {"items": []}
    assert await house.delete(f"/subscriptions/{made['id']}") == 404
    assert await house.delete("/subscriptions/no-id") == 404


async def test_another_tenant_neither_sees_nor_deletes_it(house: House, database: Database) -> None:
    _, made = await house.post("/subscriptions", HOOK)

    async with open_house(database, tenant="other") as other:
        assert (await other.get("/subscriptions"))[1] == {"items": []}
        assert await other.delete(f"/subscriptions/{made['id']}") == 404
    assert len((await house.get("/subscriptions"))[1]["items"]) == 1


async def test_a_topic_nobody_publishes_is_answered_with_those_there_are(house: House) -> None:
    status, problem = await house.post("/subscriptions", {**HOOK, "topic": "crawl.exploded"})

    assert (status, problem["code"], problem["allowed"]) == (422, "UNKNOWN_TOPIC", list(event_types()))


@pytest.mark.parametrize("private_urls", [True, False])
async def test_this_machine_may_be_pushed_to_only_while_nobody_else_can_reach_us(
    database: Database, *, private_urls: bool
) -> None:
    async with open_house(database, private_urls=private_urls) as house:
        status, answer = await house.post("/subscriptions", {**HOOK, "push_url": "http://127.0.0.1:9000/hook"})

    assert (status, answer.get("code")) == ((201, None) if private_urls else (422, "PUSH_URL_REFUSED"))


async def test_a_body_without_fields_is_refused(house: House) -> None:
    status, problem = await house.post("/subscriptions", {"topic": "crawl.failed"})

    assert (status, problem["code"]) == (422, "INVALID_REQUEST")
