"""What the tree may say of its functions."""

import sys
from types import ModuleType
from typing import Any

import pytest

from infra.runtime.functions import topology
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.functions.topology import read
from infra.runtime.runtime import ROOT, Runtime


def of(**queues: str) -> dict[str, dict[str, Any]]:
    return {name: {"queue": queue, "kind": name} for name, queue in queues.items()}


def test_no_two_functions_of_the_tree_work_one_queue() -> None:
    assert read(ROOT)["functions"]


def test_two_functions_on_one_queue_are_refused_by_their_names() -> None:
    with pytest.raises(ValueError, match="load and unload both work queue 'lorry'"):
        topology._one_worker_a_queue(of(load="lorry", unload="lorry"))


def accepting(*names: str, kind: str) -> dict[str, dict[str, Any]]:
    return {name: {"queue": name, "kind": kind, "accepts": True} for name in names}


def test_two_functions_that_accept_one_kind_are_refused_by_their_names() -> None:
    with pytest.raises(ValueError, match="load and unload both accept jobs of kind 'freight'"):
        topology._one_entry_a_kind(accepting("load", "unload", kind="freight"))


def test_a_tree_in_which_two_functions_accept_one_kind_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    every = read(ROOT)["functions"] | accepting("lorry", "ship", kind="freight")
    monkeypatch.setattr(topology, "_triggers", lambda _root: every)

    with pytest.raises(ValueError, match="lorry and ship both accept"):
        read(ROOT)


def test_a_kind_may_go_on_in_another_queue_than_it_came_in_by() -> None:
    later = {"unload": {"queue": "unload", "kind": "freight"}}

    topology._one_entry_a_kind(accepting("load", kind="freight") | later)


def test_clocks_and_events_have_queues_of_nobody() -> None:
    topology._one_worker_a_queue({"sweep": {"tick": True}, "poll": {"tick": True, "queue": "load"}} | of(load="load"))


def test_a_function_that_would_not_deploy_is_refused_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(_: Runtime) -> Turn:
        raise NotImplementedError

    for undeployable in (ticks(every=1.0)(main), main):
        module = ModuleType("functions.lonely")
        vars(module)["main"] = undeployable
        monkeypatch.setitem(sys.modules, "functions.lonely", module)

        with pytest.raises(ValueError, match=r"functions/lonely\.py: main needs @deployed"):
            topology.function("lonely")
