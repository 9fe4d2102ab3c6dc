"""Shapes that were released stay; `headrace generate` only adds to them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.local import generate
from schemas import generate as language
from schemas.catalogue import event_types
from schemas.compatibility import shape
from schemas.events.crawl_failed import CrawlFailed
from schemas.released import RELEASED, BreakingChange, release, released
from services.console.cli import app

NAME = "crawl.failed.v1.json"


def schemas() -> dict[str, Any]:
    return {topic: event.model_json_schema() for topic, event in event_types().items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RELEASED, tmp_path / "released"))


def spoil(folder: Path, change: Callable[[dict[str, Any]], object], name: str = NAME) -> None:
    """The class then differs from what was released as if the change had been undone in it."""
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))


def test_every_event_of_the_tree_is_released_as_it_is() -> None:
    newest = {topic: shapes[max(shapes)] for topic, shapes in released().items()}

    assert newest == {topic: shape(schema) for topic, schema in schemas().items()}, "run: make generate"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda old: old["properties"].update(reason={"type": "string"}), "crawl.failed: `reason` is gone"),
        (lambda old: old["required"].remove("stage"), "crawl.failed: `stage` could be missing and is required"),
        (
            lambda old: old["properties"].pop("code") and old["required"].remove("code"),
            "`code` is new and has no default",
        ),
        (
            lambda old: old["properties"]["attempt"].update(minimum=0),
            '`attempt` was {"minimum": 0} and is {"minimum": 1}',
        ),
        (lambda old: old["properties"]["stage"].update(enum=["a"]), "`stage` was"),
    ],
    ids=["a field is gone", "a field is required", "a new field is required", "a bound is nearer", "a type is wider"],
)
def test_a_class_that_left_its_released_shape_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    spoil(folder, change)

    with pytest.raises(BreakingChange, match=r"crawl\.failed") as caught:
        release(schemas(), folder)

    assert [one for one in caught.value.extra["breaks"] if said in one], caught.value.detail  # type: ignore[attr-defined]


def test_a_value_that_went_is_refused(folder: Path) -> None:
    spoil(folder, lambda old: old["properties"]["status"]["enum"].append("lost"), "job.finished.v1.json")

    with pytest.raises(BreakingChange, match='`status` is never "lost" any more'):
        release(schemas(), folder)


def test_a_topic_that_went_or_was_renamed_is_refused() -> None:
    told = schemas()
    told["crawl.ended"] = told.pop("crawl.failed")

    with pytest.raises(BreakingChange, match=r"crawl\.failed: nothing is published on it"):
        release(told)


def test_a_new_field_with_a_default_is_the_next_shape_and_the_old_one_stays(folder: Path) -> None:
    spoil(folder, lambda old: old["properties"].pop("recovery") and old["required"].remove("recovery"))
    told = schemas()
    told["crawl.failed"]["required"].remove("recovery")

    shapes = release(told, folder)["crawl.failed"]

    assert list(shapes) == [1, 2]
    assert shapes[1] == json.loads((folder / NAME).read_text())
    assert shapes[2] == shape(told["crawl.failed"])


def test_a_later_class_must_fit_every_shape_not_only_the_last(folder: Path) -> None:
    (folder / "crawl.failed.v2.json").write_text((folder / NAME).read_text())
    spoil(folder, lambda old: old["properties"].update(reason={"type": "string"}))

    with pytest.raises(BreakingChange, match="`reason` is gone"):
        release(schemas(), folder)


def test_the_newest_shape_gives_the_published_schema_its_number(tmp_path: Path) -> None:
    shutil.copytree(RELEASED, tmp_path / "released")
    shutil.copy(RELEASED / NAME, tmp_path / "released" / "crawl.failed.v10.json")

    assert "generated/events/crawl.failed.v10.json" in language.generated(tmp_path)


def unexpected(*_: object) -> None:
    """Nothing may be written."""
    raise AssertionError


@pytest.mark.parametrize("arguments", [["generate"], ["generate", "--check"]])
def test_the_command_refuses_a_breaking_change_and_tells_the_way_out(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(CrawlFailed, "topic", "crawl.ended")
    monkeypatch.setattr(generate, "write", unexpected)
    event_types.cache_clear()
    try:
        done = CliRunner().invoke(app, arguments)
    finally:
        event_types.cache_clear()

    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "crawl.failed: nothing is published on it" in said
    assert "a topic of its own" in said
