"""All that Terraform would make, in one applied state over mocks."""

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any

from tests.contract.terraform.engine import Terraform, copied

APPLY = 'run "applies" {\n  variables {\n    domain    = "headrace.example.com"\n    protected = true\n  }\n}\n'


State = dict[str, list[dict[str, Any]]]


def applied(terraform: Terraform, folder: Path) -> State:
    """Every resource's values by its type."""
    module = copied(folder) / "modules" / "system"
    test = module / "tests" / "system.tftest.hcl"
    test.write_text(test.read_text().partition("run ")[0] + APPLY)
    said = terraform.run(terraform.ready(module), "test", "-json", "-verbose").stdout
    (found,) = [line for line in map(json.loads, said.splitlines()) if line.get("type") == "test_state"]
    made: State = {}
    for resource in _resources(found["test_state"]["root_module"]):
        made.setdefault(resource["type"], []).append({**resource["values"], "at": resource["address"]})
    return made


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    yield from chain.from_iterable(map(_resources, module.get("child_modules", ())))


def spoiled(state: State, kind: str, **values: Any) -> State:
    """A copy in which the first resource of a kind differs."""
    other = deepcopy(state)
    other[kind][0] |= values
    return other
