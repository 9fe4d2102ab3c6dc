"""Values that functions load are structs: a frozen dataclass costs half a millisecond of each start."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("poll_crawls", "process_media", "push_due", "push_event", "run_drill", "store_snapshot")  # most started
MAY_BE_DATACLASSES = {
    "Uploads",  # remembers a pattern it made
}


def frozen_after(statement: str) -> set[str]:
    """Classes of ours that a fresh interpreter made as frozen dataclasses."""
    code = (
        f"import dataclasses, sys; {statement}\n"
        "ours = [m for n, m in list(sys.modules.items()) if n.split('.')[0] in ('functions', 'infra', 'services')]\n"
        "held = {v for m in ours for v in vars(m).values() if isinstance(v, type) and dataclasses.is_dataclass(v)}\n"
        "made = [c for c in held if c.__dataclass_params__.frozen]\n"
        "print(*{c.__name__ for c in made if c.__module__.split('.')[0] in ('functions', 'infra', 'services')})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", [f"functions.{name}" for name in FUNCTIONS])
def test_the_values_that_a_function_loads_are_structs(module: str) -> None:
    assert frozen_after(f"import {module}") - MAY_BE_DATACLASSES == set()


def test_a_frozen_dataclass_is_noticed() -> None:
    assert frozen_after("import infra.runtime.http.guard") == {"Uploads"}
