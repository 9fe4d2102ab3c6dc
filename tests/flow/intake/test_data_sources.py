"""Data sources: made, listed, changed, removed; one is there from the start."""

import asyncio
from typing import Any

import pytest

from infra.postgres.database import Database
from services.intake.data_sources.built_in import files_of, make_built_in
from services.intake.data_sources.find_sources import list_sources
from tests.flow.intake.sources import ORDER, SHOP, Sources

NOBODY = "00000000-0000-4000-8000-000000000000"
NIGHTLY = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}


async def names(sources: Sources, query: str = "") -> list[str]:
    return [one["name"] for one in (await sources.read(query))["items"]]


async def test_files_is_there_before_anybody_asks(sources: Sources) -> None:
    [row] = await sources.rows("SELECT id, name, builtin FROM data_sources")
    [shown] = (await sources.read())["items"]

    assert (row["id"], row["name"], row["builtin"]) == (files_of("default"), "Files", True)
    assert (shown["name"], shown["source_type"], shown["builtin"]) == ("Files", "file_upload", True)
    assert (shown["status"], shown["config"], shown["schedule"]) == ("IDLE", {}, None)


async def test_a_tenant_has_its_own_files_as_soon_as_it_asks_however_many_ask_at_once(database: Database) -> None:
    async def asked(tenant: str) -> Any:
        said = await list_sources(tenant=tenant, source_type=None, page_size=9, page_token=None, database=database)
        return [one["id"] for one in said["items"]]

    together = await asyncio.gather(*(asked("north") for _ in range(20)), *(asked("south") for _ in range(20)))
    await make_built_in(tenant="north", database=database)

    assert together == [[str(files_of("north"))]] * 20 + [[str(files_of("south"))]] * 20
    assert await database.pool.fetchval("SELECT count(*) FROM data_sources WHERE builtin") == 2


@pytest.mark.parametrize(
    ("source_type", "config", "kept"),
    [
        ("file_upload", {}, {}),
        ("website", {}, {"urls": [], "respect_robots": True, "classify": True}),
        ("website", {"urls": [SHOP], "classify": False}, {"urls": [SHOP], "respect_robots": True, "classify": False}),
        (
            "crawl",
            ORDER,
            {
                **ORDER,
                "provider": "bright_data",
                "priority": 2,
                "metadata": {},
                "options": {},
                "warehouse": "async",
                "media": False,
                "documents": False,
            },
        ),
    ],
)
async def test_a_source_of_each_type_is_kept_as_it_was_meant(
    sources: Sources, source_type: str, config: dict[str, Any], kept: dict[str, Any]
) -> None:
    made = await sources.made(source_type, config=config, description="d")

    assert made == await sources.read(f"/{made['id']}")
    assert (made["config"].items() >= kept.items(), made["description"], made["builtin"]) == (True, "d", False)
    assert made in (await sources.read(f"?source_type={source_type}"))["items"]


WRONG = [
    ({"name": ""}, "name"),
    ({"name": " \n"}, "name"),
    ({"source_type": "ftp"}, "source_type"),
    ({"surprise": 1}, "surprise"),
    ({"name": "a\0b"}, "name"),
    ({"config": {"urls": ["ftp://shop.example"]}}, "config.urls.0"),
    ({"config": {"urls": ["http://user:secret@shop.example"]}}, "config.urls.0"),
    ({"config": {"urls": [SHOP, "http://169.254.169.254/"]}}, "config.urls.1"),
    ({"config": {"urls": ["http://127.0.0.1:1/"]}}, "config.urls.0"),
    ({"config": {"urls": [SHOP, SHOP]}}, "config.urls"),
    ({"config": {"urls": "https://shop.example"}}, "config.urls"),
    ({"config": {"robots": False}}, "config.robots"),
    ({"source_type": "file_upload", "config": {"urls": []}}, "config.urls"),
    ({"source_type": "crawl", "config": {}}, "config.dataset_id"),
    ({"source_type": "crawl", "config": {**ORDER, "urls": [SHOP]}}, "config"),
    ({"source_type": "crawl", "config": {**ORDER, "dataset_id": "a b"}}, "config.dataset_id"),
    ({"source_type": "crawl", "config": {**ORDER, "provider": "nobody"}}, "config.provider"),
    ({"source_type": "crawl", "config": {**ORDER, "options": {"odd": 1}}}, "config.options.odd"),
    ({"schedule": {"cron": "0 3 * * *", "kind": "drill"}}, "schedule.kind"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG)
async def test_what_is_wrong_is_named(sources: Sources, fields: dict[str, Any], field: str) -> None:
    status, said = await sources.ask("POST", "", {"name": "Shop", "source_type": "website", **fields})

    assert (status, field in [one["field"] for one in said["errors"]]) == (422, True), said
    assert await names(sources) == ["Files"]


async def test_a_list_goes_on_page_by_page(sources: Sources) -> None:
    for number in range(5):
        await sources.made(name=f"Shop {number}")
    first = await sources.read("?page_size=4")
    second = await sources.read(f"?page_size=4&page_token={first['next_page_token']}")

    assert [one["name"] for one in first["items"] + second["items"]] == [
        *(f"Shop {n}" for n in (4, 3, 2, 1, 0)),
        "Files",
    ]
    assert second["next_page_token"] is None
    assert (await sources.ask("GET", f"?source_type=crawl&page_token={first['next_page_token']}"))[0] == 400


async def test_a_change_keeps_what_it_does_not_name(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]}, description="d", schedule=NIGHTLY)
    path = f"/{made['id']}"
    _, renamed = await sources.ask("PATCH", path, {"name": "Store"})
    _, told = await sources.ask("PATCH", path, {"config": {"classify": False, "urls": []}})
    status, refused = await sources.ask("PATCH", path, {"config": {"odd": 1}})
    _, unscheduled = await sources.ask("PATCH", path, {"schedule": None})

    assert renamed == {**made, "name": "Store", "updated_at": renamed["updated_at"]}
    assert told["config"] == {"classify": False, "urls": [], "respect_robots": True}
    assert (status, refused["errors"][0]["field"]) == (422, "config.odd")
    private, inner = await sources.ask("PATCH", path, {"config": {"urls": ["http://10.0.0.5/"]}})
    assert (private, inner["errors"][0]["field"]) == (422, "config.urls.0")
    assert (told["schedule"], unscheduled["schedule"]) == (made["schedule"], None)
    assert await sources.rows("SELECT id FROM schedules") == []


async def test_a_source_is_removed_with_its_schedule_once_its_jobs_are_over(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]}, schedule=NIGHTLY)
    path = f"/{made['id']}"
    [job] = await sources.submitted(made)
    busy, said = await sources.ask("DELETE", path)
    await sources.sql("UPDATE jobs SET state = 'failed', finished_at = now()")

    assert (busy, said["code"], said["jobs"]) == (409, "SOURCE_BUSY", 1)
    assert (await sources.ask("DELETE", path))[0] == 204
    assert (await sources.ask("GET", path))[0] == (await sources.ask("DELETE", path))[0] == 404
    assert await sources.rows("SELECT id FROM schedules") == []
    assert [str(row["id"]) for row in await sources.jobs("capture")] == [job["id"]]


async def test_the_built_in_source_stays(sources: Sources) -> None:
    path = f"/{files_of('default')}"
    status, said = await sources.ask("DELETE", path)

    assert (status, said["code"]) == (409, "SOURCE_BUILT_IN")
    assert (await sources.ask("PATCH", path, {"description": "ours"}))[1]["description"] == "ours"
    assert await names(sources) == ["Files"]


@pytest.mark.parametrize("source_id", ["nonsense", NOBODY])
async def test_what_is_not_there_is_answered_so_on_every_route(sources: Sources, source_id: str) -> None:
    asked = [
        ("GET", "", None),
        ("PATCH", "", {"name": "n"}),
        ("DELETE", "", None),
        ("POST", "/urls", {"url": SHOP}),
        ("POST", "/run", {}),
        ("GET", "/jobs", None),
    ]
    answers = [await sources.ask(method, f"/{source_id}{path}", body) for method, path, body in asked]

    assert {(status, said["code"]) for status, said in answers} == {(404, "NOT_FOUND")}
    assert (await sources.ask("GET", f"/stream?source_id={source_id}"))[0] == 404
    assert (await sources.ask("POST", f"/jobs/{source_id}/restart"))[0] == 404
