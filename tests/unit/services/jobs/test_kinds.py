"""The kinds of jobs are what the functions say, and nothing else."""

import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel

from infra.runtime.functions import topology
from infra.runtime.runtime import Runtime
from services.jobs.function import Working
from services.jobs.job import Commands, Done, Job, Outcome, Work
from services.jobs.kinds import KindNotAccepted, Kinds, kinds, queues

ROOT = Path(__file__).parents[4]
ENGINE = ROOT / "services/jobs"


class Order(BaseModel):
    n: int = 0


async def done(job: Job) -> Outcome:
    return Done()


async def nothing(*_: Any) -> None:
    """A command of a kind."""


class Once:
    """A runtime that only builds."""

    def __init__(self) -> None:
        self.built: dict[Any, Any] = {}

    def once(self, build: Any) -> Any:
        if build not in self.built:
            self.built[build] = build(self)
        return self.built[build]


def made(work: Work, runtime: object) -> Work:
    return work


def working(kind: str, queue: str, *, accepts: type[BaseModel] | None = None, **work: Any) -> Working:
    return Working(partial(made, Work(run=done, **work)), queue, kind, lambda _: 1, accepts and (lambda: accepts))


def installation(*functions: Working) -> Kinds:
    return Kinds(cast("Runtime", Once()), {str(n): one for n, one in enumerate(functions)})


COMMANDS = Commands(cancel=nothing)
MILL = installation(
    working("grain", "silo"),
    working("flour", "store", announce=True),
    working("flour", "mill", accepts=Order, commands=COMMANDS),
    working("bread", "oven", accepts=Order, keeps=True),
)


def test_only_what_a_function_accepts_comes_from_outside() -> None:
    assert MILL.accepted == ["bread", "flour"]
    assert MILL.payload_model("flour") is Order
    assert MILL.entry("flour").queue == "mill"
    assert (MILL.home("flour"), MILL.home("grain")) == ("mill", None)


@pytest.mark.parametrize("kind", ["grain", "stone", "", "Flour"])
def test_what_nobody_accepts_is_refused_with_what_is_allowed(kind: str) -> None:
    with pytest.raises(KindNotAccepted) as refused:
        MILL.payload_model(kind)

    assert refused.value.extra == {"allowed": ["bread", "flour"]}
    assert repr(kind) in refused.value.detail
    assert refused.value.status == 422


def test_a_kind_that_is_worked_on_several_queues_is_one_kind() -> None:
    assert [work.announce for work in MILL.works("flour")] == [False, True]  # whoever accepts it comes first
    assert MILL.announced("flour")
    assert MILL.commands("flour") is COMMANDS


def test_of_a_kind_nobody_works_nothing_is_known() -> None:
    assert MILL.works("stone") == []
    assert not MILL.announced("stone")
    assert MILL.commands("stone") == Commands()


def test_kinds_with_rows_beside_their_jobs_and_unknown_ones_stay_where_they_are() -> None:
    assert MILL.archived == ["flour", "grain"]


def test_the_work_of_a_kind_is_built_once() -> None:
    assert MILL.works("flour")[0] is MILL.works("flour")[0]


def test_an_installation_knows_the_kinds_of_its_functions() -> None:
    found = kinds(cast("Runtime", SimpleNamespace()))
    functions = topology.generated()["functions"]

    assert {one.kind for one in found.working.values()} == {
        trigger["kind"] for trigger in functions.values() if "kind" in trigger
    }
    assert "drill" in found.accepted
    assert set(queues()) >= {one.queue for one in found.working.values()}


def test_the_engine_names_no_kind_of_others() -> None:
    named = re.compile("|".join(f"[\"']{kind}[\"']" for kind in _others()))
    guilty = {
        str(source.relative_to(ENGINE)): found
        for source in ENGINE.rglob("*.py")
        if (found := named.findall(source.read_text()))
    }

    assert guilty == {}
    assert named.search('kind == "crawl"'), "the search finds what it looks for"


def _others() -> set[str]:
    """The kinds of other contexts: those whose functions are built from them."""
    of_others = re.compile(r"from services\.(?!jobs\b)")
    worked = {name: one["kind"] for name, one in topology.generated()["functions"].items() if "kind" in one}
    return {kind for name, kind in worked.items() if of_others.search((ROOT / f"functions/{name}.py").read_text())}
