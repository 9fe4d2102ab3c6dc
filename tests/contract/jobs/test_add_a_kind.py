"""The kind that the page of the jobs adds is one that works."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

import functions
from infra.runtime.functions import topology
from infra.runtime.runtime import Runtime
from services.jobs.function import Working
from tests.contract.jobs.rig import Desk

PAGE = (Path(__file__).parents[3] / "services/jobs/README.md").read_text()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree whose one function is the page's, under the name that the page gives it."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (name,) = re.findall(r"# functions/(\w+\.py)\n", code)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / name).write_text(code)
    monkeypatch.setattr(functions, "__path__", [*functions.__path__, str(tmp_path / "functions")])
    yield tmp_path
    module = name.removesuffix(".py")
    sys.modules.pop(f"functions.{module}", None)
    vars(functions).pop(module, None)


def test_the_example_enters_the_topology(tree: Path) -> None:
    trigger = {"queue": "resize", "kind": "resize", "accepts": True, "doorbells": ["doorbell.resize"]}

    assert topology.read(tree)["functions"] == {"resize": trigger}


@pytest.mark.usefixtures("tree")
async def test_a_job_of_the_examples_kind_is_worked(desk: Desk) -> None:
    main = cast("Working", topology.function("resize"))
    built: Any = SimpleNamespace(database=desk.database)
    built.once = lambda build: build(cast("Runtime", built))
    [job_id] = await desk.queue(payload={"image": "a.png", "width": 7})

    await desk.drain(work=main.build(built))

    row = await desk.row(job_id)
    assert (row["state"], row["result"], row["steps_completed"]) == ("completed", {"width": 7}, ["reading"])
    assert await desk.outbox() == 1


@pytest.mark.usefixtures("tree")
def test_the_example_checks_what_comes_in() -> None:
    accepts = cast("Working", topology.function("resize")).accepts

    assert accepts is not None
    with pytest.raises(ValidationError):
        accepts().model_validate({"image": "a.png", "width": 0})
