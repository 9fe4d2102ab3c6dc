"""``python bigquery_guard.py serve …``: local-bigquery that starts a job of an id once, as BigQuery does.

By itself it looks whether there is such a job and makes it then, so that of two who ask at the same moment both start
one, and a load appends its rows twice. The Python of its own environment runs this, which is why nothing of ours is
imported.
"""

import importlib
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def one_at_a_time(start: Callable[P, R]) -> Callable[P, R]:
    """The same function; who calls it meanwhile waits for his turn."""
    turn = threading.Lock()

    @wraps(start)
    def guarded(*args: P.args, **more: P.kwargs) -> R:
        with turn:
            return start(*args, **more)

    return guarded


def _main() -> None:
    runner = importlib.import_module("local_bigquery.jobs.runner")
    runner.__dict__["submit"] = one_at_a_time(runner.submit)
    importlib.import_module("local_bigquery.cli").main()


if __name__ == "__main__":
    _main()
