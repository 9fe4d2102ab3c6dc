import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.documents.store import concepts as store
from tests.flow.documents.desk import CONCEPTS, PRODUCT, VACANCY, Desk


async def names(editor: Desk) -> dict[str, str | None]:
    """What there is, each with what is broader."""
    _, said, _ = await editor.ask("GET", f"{CONCEPTS}?page_size=500")
    return {one["name"]: one["parent"] for one in said["items"]}


async def test_a_concept_is_kept_as_it_was_written(editor: Desk) -> None:
    made = await editor.made(PRODUCT)
    status, said, tag = await editor.ask("GET", f"{CONCEPTS}/{made['id']}")

    assert (status, said, tag) == (200, made, f'"{made["version"]}"')
    assert {name: said[name] for name in ("name", "description", "synonyms")} == {
        name: PRODUCT[name] for name in ("name", "description", "synonyms")
    }
    assert said["properties"][4] == {"name": "colour", "type": "enum", "description": "", "values": ["red", "green"]}


async def test_of_two_editors_the_second_is_told_and_overwrites_nothing(editor: Desk) -> None:
    made = await editor.made(PRODUCT)
    path, seen = f"{CONCEPTS}/{made['id']}", f'"{made["version"]}"'
    first, later = {**made, "description": "by the first"}, {**made, "description": "by the second"}

    ours = await editor.ask("PUT", path, first, **{"If-Match": seen})
    theirs = await editor.ask("PUT", path, later, **{"If-Match": seen})
    blind = await editor.ask("PUT", path, later)

    assert (ours[0], theirs[0], blind[0]) == (200, 412, 428)
    assert (theirs[1]["code"], blind[1]["code"]) == ("VERSION_STALE", "VERSION_MISSING")
    assert (await editor.ask("GET", path))[1]["description"] == "by the first"


async def test_twenty_editors_at_once_lose_no_change(editor: Desk) -> None:
    made = await editor.made(PRODUCT)
    path, seen = f"{CONCEPTS}/{made['id']}", f'"{made["version"]}"'

    answers = await asyncio.gather(
        *(editor.ask("PUT", path, {**PRODUCT, "description": f"{n}"}, **{"If-Match": seen}) for n in range(20))
    )

    assert sorted(status for status, _, _ in answers) == [200, *[412] * 19]


async def test_whoever_changes_concepts_waits_for_whoever_does(editor: Desk) -> None:
    made, database = await editor.made(PRODUCT), editor.runtime.database
    change = {"If-Match": f'"{made["version"]}"'}
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async with database.transaction() as tx, asyncio.timeout(20):
        version = await store.lock(tx, tenant="default")
        late = asyncio.create_task(editor.ask("PUT", f"{CONCEPTS}/{made['id']}", PRODUCT | {"synonyms": []}, **change))
        while not await database.pool.fetchval(waits) and not late.done():  # noqa: ASYNC110  # it is the server that waits
            await asyncio.sleep(0.01)
        [there] = await store.all_of(tx, tenant="default")
        await store.save(tx, [there.model_copy(update={"version": version})], tenant="default")

    assert (await late)[0] == 412


async def test_control_with_a_star_the_last_one_wins(editor: Desk) -> None:
    made = await editor.made(PRODUCT)
    for n in range(2):
        status, said, _ = await editor.ask(
            "PUT", f"{CONCEPTS}/{made['id']}", {**PRODUCT, "description": f"{n}"}, **{"If-Match": "*"}
        )
        assert (status, said["description"]) == (200, f"{n}")


async def test_a_concept_cannot_stand_below_itself(editor: Desk) -> None:
    await editor.made({"name": "A"})
    await editor.made({"name": "B", "parent": "a"})
    below = await editor.made({"name": "C", "parent": "B"})
    _, listed, _ = await editor.ask("GET", CONCEPTS)
    top = listed["items"][0]

    for broader in ("A", "B", "C"):
        status, said, _ = await editor.ask(
            "PUT", f"{CONCEPTS}/{top['id']}", {"name": "A", "parent": broader}, **{"If-Match": "*"}
        )
        assert (status, said["code"]) == (409, "CONCEPT_CYCLE")
    assert await names(editor) == {"A": None, "B": "A", "C": "B"}
    status, *_ = await editor.ask("PUT", f"{CONCEPTS}/{below['id']}", {"name": "C", "parent": "A"}, **{"If-Match": "*"})
    assert (status, (await names(editor))["C"]) == (200, "A")


async def test_two_moves_at_once_make_no_circle(editor: Desk) -> None:
    first, second = await editor.made({"name": "A"}), await editor.made({"name": "B"})

    answers = await asyncio.gather(
        editor.ask("PUT", f"{CONCEPTS}/{first['id']}", {"name": "A", "parent": "B"}, **{"If-Match": "*"}),
        editor.ask("PUT", f"{CONCEPTS}/{second['id']}", {"name": "B", "parent": "A"}, **{"If-Match": "*"}),
    )

    assert sorted(status for status, _, _ in answers) == [200, 409]


async def test_the_whole_is_written_at_once_or_not_at_all(editor: Desk) -> None:
    kept, _ = await editor.made(PRODUCT), await editor.made(VACANCY)
    _, _, seen = await editor.ask("GET", CONCEPTS)
    assert seen is not None
    wanted: dict[str, Any] = {"items": [{"name": "Offer"}, {**kept, "name": "Ware", "parent": "Offer"}]}

    broken = await editor.ask("PUT", CONCEPTS, {"items": [*wanted["items"], {"name": "offer"}]}, **{"If-Match": seen})
    unchanged = await names(editor)
    status, said, now = await editor.ask("PUT", CONCEPTS, wanted, **{"If-Match": seen})
    late = await editor.ask("PUT", CONCEPTS, wanted, **{"If-Match": seen})

    assert (broken[0], broken[1]["code"], unchanged) == (409, "CONCEPT_EXISTS", {"Product": None, "Vacancy": None})
    assert (status, late[0]) == (200, 412)
    assert {one["name"]: one["id"] for one in said["items"]}["Ware"] == kept["id"]
    assert await names(editor) == {"Offer": None, "Ware": "Offer"}
    assert (await editor.ask("GET", CONCEPTS))[2] == now


async def test_two_concepts_may_swap_their_names(editor: Desk) -> None:
    first, second = await editor.made({"name": "A"}), await editor.made({"name": "B"})
    swapped = {"items": [{"id": first["id"], "name": "B"}, {"id": second["id"], "name": "A"}]}

    status, said, _ = await editor.ask("PUT", CONCEPTS, swapped, **{"If-Match": "*"})

    assert status == 200
    assert {one["name"]: one["id"] for one in said["items"]} == {"B": first["id"], "A": second["id"]}


async def test_what_is_broader_goes_last(editor: Desk) -> None:
    top = await editor.made({"name": "A"})
    inner = await editor.made({"name": "B", "parent": "A"})

    refused = await editor.ask("DELETE", f"{CONCEPTS}/{top['id']}")
    gone = [(await editor.ask("DELETE", f"{CONCEPTS}/{one['id']}"))[0] for one in (inner, top, top)]

    assert (refused[0], refused[1]["code"]) == (409, "CONCEPT_IN_USE")
    assert gone == [204, 204, 404]


async def test_pages_follow_each_other_to_the_end(editor: Desk) -> None:
    for n in range(5):
        await editor.made({"name": f"Concept {n}"})
    seen, token = [], ""
    while token is not None:
        _, said, _ = await editor.ask("GET", f"{CONCEPTS}?page_size=2" + (f"&page_token={token}" if token else ""))
        seen += [one["name"] for one in said["items"]]
        token = said["next_page_token"]

    assert seen == [f"Concept {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Unknown"}, "name"),
        ({"name": "a\u0000"}, "name"),
        ({"name": "a", "colour": 1}, "colour"),
        ({"name": "a", "properties": [{"name": "P", "type": "string"}]}, "properties.0.name"),
        ({"name": "a", "properties": [{"name": "p", "type": "object"}]}, "properties.0.type"),
        ({"name": "a", "properties": [{"name": "p", "type": "enum"}]}, "properties.0"),
        ({"name": "a", "properties": [{"name": "p", "type": "date", "values": ["x"]}]}, "properties.0"),
        ({"name": "a", "properties": [{"name": "p", "type": "date"}] * 2}, "body"),
        ({"name": "a", "parent_id": "00000000-0000-4000-8000-000000000000"}, "body"),
    ],
)
async def test_what_is_wrong_with_a_concept_is_named(editor: Desk, body: Any, field: str) -> None:
    status, said, _ = await editor.ask("POST", CONCEPTS, body)

    assert (status, [one["field"] for one in said["errors"]]) == (422, [field])


async def test_names_and_parents_are_looked_up(editor: Desk) -> None:
    await editor.made({"name": "Straße"})

    taken = await editor.ask("POST", CONCEPTS, {"name": "STRASSE"})
    orphan = await editor.ask("POST", CONCEPTS, {"name": "a", "parent": "nothing"})
    stranger = await editor.ask("PUT", f"{CONCEPTS}/{uuid4()}", {"name": "a"}, **{"If-Match": "*"})

    assert [one[1]["code"] for one in (taken, orphan, stranger)] == ["CONCEPT_EXISTS", "PARENT_UNKNOWN", "NOT_FOUND"]
