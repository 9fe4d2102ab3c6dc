import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local import generate
from infra.local.generate import PartUnknown, stale, wanted, write
from infra.runtime.markdown import table
from infra.runtime.runtime import ROOT

CHANGED = (
    ".env.example",
    "README.md",
    "schemas/generated/asyncapi.json",
    "schemas/generated/events/crawl.failed.v1.json",
    "schemas/generated/openapi.json",
    "schemas/generated/topology.json",
    "schemas/generated/warehouse/records.json",
    "services/crawling/README.md",
)
PAGE = "# Title\n<!-- generated: {} -->\nold\n<!-- end -->\nby hand\n"


@pytest.fixture(scope="module")
def right() -> Mapping[str, str]:
    """Every generated file with its text; making them takes half a second."""
    return asyncio.run(wanted())


@pytest.fixture
def copy(tmp_path: Path, right: Mapping[str, str]) -> Path:
    """A tree with all that is generated, and the functions, faces and samples it is generated from."""
    write(right, tmp_path)
    shutil.copytree(ROOT / "schemas" / "samples", tmp_path / "schemas" / "samples")
    for folder, pattern in (("functions", "*.py"), ("services", "*/main.py")):
        for path in (ROOT / folder).glob(pattern):
            there = tmp_path / path.relative_to(ROOT)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.touch()
    return tmp_path


async def test_every_generated_file_of_the_tree_is_current() -> None:
    assert sorted(await stale()) == [], "run: make generate"


async def test_control_a_fresh_copy_has_nothing_to_write(copy: Path) -> None:
    assert await stale(copy) == {}


async def test_files_that_were_changed_by_hand_are_found_and_written_anew(copy: Path, right: Mapping[str, str]) -> None:
    for path in CHANGED:
        (copy / path).write_text(right[path].replace("HEADRACE_PORT", "PORT").replace("crawl", "crowl"))

    found = await stale(copy)
    write({path: text for path, text in found.items() if path.endswith((".json", ".example"))}, copy)

    assert sorted(found) == sorted(CHANGED)
    assert [path for path in CHANGED if (copy / path).read_text() != right[path]] == [
        path for path in CHANGED if path.endswith(".md")
    ]


async def test_a_missing_file_is_written_and_one_too_many_goes(copy: Path) -> None:
    (copy / "schemas/generated/openapi.json").unlink()
    (copy / "schemas/generated/events/old.v1.json").touch()

    found = await stale(copy)
    write(found, copy)

    assert sorted(found) == ["schemas/generated/events/old.v1.json", "schemas/generated/openapi.json"]
    assert await stale(copy) == {}


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE.format("settings"))

    filled = generate._filled(tmp_path, "page.md", {"settings": "new\n"})

    assert filled == PAGE.format("settings").replace("old", "new")


@pytest.mark.parametrize("parts", [{}, {"routes": ""}, {"settings": "", "routes": ""}])
def test_a_page_must_have_a_place_for_every_part_and_no_other(tmp_path: Path, parts: dict[str, str]) -> None:
    (tmp_path / "page.md").write_text(PAGE.format("settings"))

    with pytest.raises(PartUnknown):
        generate._filled(tmp_path, "page.md", parts)


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table([["A"], ["x|y"]]) == "| A |\n| --- |\n| x\\|y |\n"
