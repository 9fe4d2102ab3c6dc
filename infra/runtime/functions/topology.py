"""The topology: which functions there are and what sets them off, which services have faces. Read off the tree.

The entry points are loaded by name here and nowhere else, from the folders' files and later from the generated
topology: import rules cannot see these imports, and need not, because nobody else may make them.
"""

import importlib
import importlib.util
import json
from importlib.resources import files
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

from infra.runtime.functions.function import Function


def read(root: Path) -> dict[str, Any]:
    """What the tree says now. Raises ``ValueError`` when two functions work one queue, or accept one kind."""
    services = sorted(file.parent.name for file in (root / "services").glob("*/main.py"))
    triggers = _triggers(root)
    _one_worker_a_queue(triggers)
    _one_entry_a_kind(triggers)
    return {"functions": triggers, "services": services}


def _triggers(root: Path) -> dict[str, dict[str, Any]]:
    names = sorted(file.stem for file in (root / "functions").glob("*.py") if file.stem != "__init__")
    return {name: dict(function(name).trigger) for name in names}


def _one_worker_a_queue(triggers: dict[str, dict[str, Any]]) -> None:
    """A function fails the jobs of its queue that are not of its kind, so a queue belongs to one function."""
    workers: dict[str, str] = {}
    for name, trigger in triggers.items():
        if "kind" in trigger and workers.setdefault(trigger["queue"], name) != name:
            msg = f"{workers[trigger['queue']]} and {name} both work queue {trigger['queue']!r}: give each a queue"
            raise ValueError(msg)


def _one_entry_a_kind(triggers: dict[str, dict[str, Any]]) -> None:
    """Whoever submits a job names its kind alone, so one function says what its payload is and where it queues."""
    entries: dict[str, str] = {}
    for name, trigger in triggers.items():
        if trigger.get("accepts") and entries.setdefault(trigger["kind"], name) != name:
            msg = f"{entries[trigger['kind']]} and {name} both accept jobs of kind {trigger['kind']!r}: leave one"
            raise ValueError(msg)


def text(topology: dict[str, Any]) -> str:
    """The topology as it is committed."""
    return json.dumps(topology, indent=2) + "\n"


def generated() -> dict[str, Any]:
    """The committed topology."""
    found = files("schemas").joinpath("generated", "topology.json").read_text()
    return cast("dict[str, Any]", json.loads(found))


def function(name: str) -> Function:
    """One function by its name. Raises ``ValueError`` when its file would not deploy."""
    main = importlib.import_module(f"functions.{name}").main
    if not isinstance(main, FunctionType) or "function" not in vars(main):
        msg = f"functions/{name}.py: main needs @deployed, or functions-framework refuses it"
        raise ValueError(msg)
    return cast("Function", vars(main)["function"])


def face(service: str) -> ModuleType:
    """One service's HTTP face: a module with ``router(runtime)`` and ``lifespan(runtime)``."""
    return importlib.import_module(f"services.{service}.main")


def readme(service: str) -> dict[str, str]:
    """The parts of a service's README that its code knows, by name; none without a module ``readme``."""
    if importlib.util.find_spec(f"services.{service}.readme") is None:
        return {}
    return cast("dict[str, str]", importlib.import_module(f"services.{service}.readme").parts())
