"""A page becomes a picture, HTML and text in the lake, and says what it is about."""

import struct
from collections.abc import AsyncIterator

from services.intake.capturing.captured import Budget
from tests.contract.intake.capturing.studio import Studio

PNG = b"\x89PNG\r\n\x1a\n"


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_a_page_is_captured_whole(studio: Studio) -> None:
    row = await studio.capture("/products/rye-loaf")
    result = row["result"]

    assert (row["state"], row["progress"]) == ("completed", 100)
    assert row["steps_completed"] == ["opening", "captured", "stored"]
    assert (result["status_code"], result["title"]) == (200, "Rye loaf - North Mill Bakery")
    assert result["final_url"] == f"{studio.shop.url}/products/rye-loaf"
    assert (result["truncated"], result["complete"]) == (False, True)
    picture = await studio.stored(result["objects"]["screenshot"])
    assert picture.startswith(PNG)
    assert size(picture) == (result["width"], result["height"])
    assert b"<h1>Rye loaf</h1>" in await studio.stored(result["objects"]["html"])
    text = (await studio.stored(result["objects"]["text"])).decode()
    assert "Price: 4.80 EUR" in text
    assert "<" not in text
    assert result["screenshot_url"].endswith(f"captures/default/{row['id']}/1/page.png")


async def test_each_step_is_seen_on_its_way(studio: Studio) -> None:
    row = await studio.capture("/about", classify=True)

    lines = await studio.database.pool.fetch(
        "SELECT step, progress FROM job_events WHERE job_id = $1 AND type = 'progress' ORDER BY id", row["id"]
    )
    assert [(line["step"], line["progress"]) for line in lines] == [
        ("opening", 10),
        ("captured", 60),
        ("stored", 80),
        ("classified", 95),
    ]


async def test_what_was_captured_is_classified_with_its_provenance(studio: Studio) -> None:
    row = await studio.capture("/about", classify=True)
    [given] = studio.classified

    assert row["result"]["resources"] == [{"label": "bread"}]
    assert (given["job_id"], given["attempt"], given["source_id"]) == (row["id"], 1, "source-1")
    assert given["objects"] == row["result"]["objects"]
    assert given["bytes"] == await studio.stored(given["objects"]["screenshot"])
    assert "since 1891" in given["text"]


async def test_a_source_may_do_without_classification(studio: Studio) -> None:
    row = await studio.capture("/about")

    assert studio.classified == []
    assert row["result"]["resources"] == []


async def test_a_page_that_is_too_high_is_cut_and_says_so(studio: Studio) -> None:
    row = await studio.capture("/faults/tall?px=20000")

    assert row["result"]["truncated"] is True
    assert size(await studio.stored(row["result"]["objects"]["screenshot"]))[1] == row["result"]["height"] == 8000


async def test_endless_scrolling_ends_where_the_picture_does(studio: Studio) -> None:
    row = await studio.capture("/faults/endless")

    assert (row["state"], row["result"]["height"], row["result"]["truncated"]) == ("completed", 8000, True)


async def test_a_redirect_is_followed_and_told(studio: Studio) -> None:
    row = await studio.capture("/faults/redirect?to=/contact")

    assert row["result"]["final_url"] == f"{studio.shop.url}/contact"
    assert row["result"]["url"].endswith("/faults/redirect?to=/contact")


async def test_where_a_script_goes_is_what_is_captured(studio: Studio) -> None:
    row = await studio.capture("/faults/later")

    assert row["result"]["final_url"] == f"{studio.shop.url}/about"
    assert row["result"]["title"].startswith("About us")


async def test_a_page_that_never_ends_loading_is_taken_as_it_is(studio: Studio) -> None:
    row = await studio.capture("/faults/drip", budget=Budget(seconds=25))

    assert (row["state"], row["result"]["complete"]) == ("completed", False)


async def test_dialogs_popups_and_files_do_not_matter(studio: Studio) -> None:
    rows = [await studio.capture(f"/faults/{name}") for name in ("alert", "popup", "file")]

    assert [row["state"] for row in rows] == ["completed"] * 3
    assert rows[0]["result"]["title"].startswith("alert")
    assert all(row["result"]["final_url"].startswith(studio.shop.url) for row in rows)


async def test_a_later_try_mixes_nothing_with_what_an_earlier_one_left(studio: Studio) -> None:
    job_id = await studio.queue("/about")
    left = f"captures/default/{job_id}/1/page.html"

    async def old() -> AsyncIterator[bytes]:
        yield b"of a try that died"

    await studio.lake.create(left, old())
    await studio.work(Budget(seconds=20))
    row = await studio.row(job_id)

    assert await studio.stored(left) == b"of a try that died"
    assert b"About us" in await studio.stored(row["result"]["objects"]["html"])
    assert len({name.rpartition("/")[0] for name in row["result"]["objects"].values()}) == 1
