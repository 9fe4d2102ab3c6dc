"""What every bus does with messages it gives up."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from infra.postgres.away import DatabaseAway
from infra.runtime.events.bus import DeadLetterUnknown, PoisonMessage, SubscriptionGone
from schemas.problem import Problem, ProblemClass
from tests.contract.bus.rig import Inbox, Rig, consuming, event, reader, set_aside

ID = "5d2c4a0e-7f0b-5c58-9a5e-3a3c1c0f7b11"


class Denied(Problem):
    code = "PROVIDER_AUTH"
    kind = ProblemClass.AUTH


async def test_used_up_attempts_make_a_dead_letter_that_says_why(rig: Rig) -> None:
    bus = await rig.bus()
    load = Inbox(*[RuntimeError("cut\x1b[2J\noff " + "x" * 9000)] * 3)
    await bus.declare(reader(max_attempts=3))

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        [letter] = await set_aside(bus)

    assert (letter.subscription, letter.envelope, letter.attempts) == ("load", event(1), 3)
    assert (letter.outcome, letter.reason) == ("exhausted", "RuntimeError")
    assert letter.detail.startswith("cut\\x1b[2J\\noff xxx")
    assert len(letter.detail) <= 2000


@pytest.mark.parametrize(
    ("failure", "outcome", "reason"),
    [(PoisonMessage("no such field"), "poison", "POISON_MESSAGE"), (Denied("no"), "refused", "PROVIDER_AUTH")],
)
async def test_a_final_problem_sets_the_message_aside_at_once(
    rig: Rig, failure: Exception, outcome: str, reason: str
) -> None:
    bus, load = await rig.bus(), Inbox(failure)
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        [letter] = await set_aside(bus)

    assert (letter.attempts, letter.outcome, letter.reason, letter.detail) == (1, outcome, reason, str(failure))


async def test_a_replayed_dead_letter_is_delivered_afresh_once(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(Denied(), None)
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()
        [letter] = await set_aside(bus)
        await bus.replay(letter.id)

        assert await load.next() == (event(1), 1)
    assert await bus.dead_letters(10) == []
    with pytest.raises(DeadLetterUnknown):
        await bus.replay(letter.id)


async def test_a_replayed_dead_letter_goes_to_its_own_subscription_only(rig: Rig) -> None:
    bus, load, index = await rig.bus(), Inbox(Denied(), None), Inbox()
    await bus.declare(reader("load"))
    await bus.declare(reader("index"))

    async with consuming(bus, {"load": load, "index": index}):
        await bus.publish([event(1)])
        assert [(await inbox.next())[1] for inbox in (load, index)] == [1, 1]
        [letter] = await set_aside(bus)
        await bus.replay(letter.id)
        await load.next()
        await bus.publish([event(2)])

        assert (await index.next())[0].id == event(2).id


async def test_replay_names_what_is_not_there(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(Denied())
    await bus.declare(reader())
    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        [letter] = await set_aside(bus)
    await bus.remove("load")

    with pytest.raises(SubscriptionGone):
        await bus.replay(letter.id)
    with pytest.raises(DeadLetterUnknown):
        await bus.replay("no such thing")
    assert await bus.dead_letters(10) == [letter]


async def test_a_discarded_dead_letter_is_forgotten(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(Denied())
    await bus.declare(reader())
    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        [letter] = await set_aside(bus)

    await bus.discard(letter.id)

    assert await bus.dead_letters(10) == []
    for one in (letter.id, "no such thing"):
        with pytest.raises(DeadLetterUnknown):
            await bus.discard(one)


async def test_everybody_sees_and_commands_the_dead_letters_of_one_tenant_only(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(*[Denied()] * 3)
    await bus.declare(reader())
    async with consuming(bus, {"load": load}):
        await bus.publish([event(1), event(2), replace(event(3), tenant="other")])
        letters = await set_aside(bus, 3)

    mine = await bus.dead_letters(10, tenant="default")
    [other] = await bus.dead_letters(10, tenant="other")

    assert {one.id for one in letters} == {*(one.id for one in mine), other.id}
    assert [await bus.dead_letter(one.id, tenant="default") for one in mine] == mine
    for refused in (bus.dead_letter, bus.replay, bus.discard):
        with pytest.raises(DeadLetterUnknown):
            await refused(other.id, tenant="default")
    assert await bus.dead_letter(other.id, tenant="other") == other


async def test_dead_letters_are_listed_page_after_page_and_by_reason(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(*[Denied()] * 3, PoisonMessage())
    await bus.declare(reader())
    async with consuming(bus, {"load": load}):
        for number in range(4):
            await bus.publish([event(number)])
            await load.next()
        await set_aside(bus, 4)

    pages, before = [], None
    while page := await bus.dead_letters(1, reason="PROVIDER_AUTH", before=before):
        pages += page
        before = (page[-1].at, UUID(page[-1].id))

    assert pages == await bus.dead_letters(10, reason="PROVIDER_AUTH")
    assert sorted(one.envelope.id for one in pages) == [event(number).id for number in range(3)]


async def test_without_a_database_dead_letters_are_asked_for_again_later(rig: Rig) -> None:
    bus = await rig.bus()
    await bus._database.close()  # type: ignore[attr-defined]  # every bus keeps them there

    for asked in (bus.dead_letters(10), bus.dead_letter(ID), bus.replay(ID), bus.discard(ID)):
        with pytest.raises(DatabaseAway):
            await asked
