"""What README.md says of states, fields, commands and alerts, made from the code that decides it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

from infra.runtime.markdown import table
from infra.runtime.telemetry.metrics import Metrics
from services.jobs.alerts.rules import RULES
from services.jobs.commanding.commands import COMMANDS, TABLE
from services.jobs.engine.terms import Terms
from services.jobs.limits import limits
from services.jobs.shapes import (
    ENDED,
    MEANT,
    STATUSES,
    STEPS_AS_STATUS,
    background,
    job_update,
    progress,
    source_job,
    status,
    v2,
)
from services.jobs.watching.metrics import families

STATES = ("ready", "scheduled", "waiting", "running", "paused", *ENDED)

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)

# Each column with two values that every face must tell apart, if it shows it at all.
_COLUMNS: dict[str, tuple[Any, Any]] = {
    "id": (UUID(int=1), UUID(int=2)),
    "kind": ("a", "b"),
    "queue": ("a", "b"),
    "state": ("failed", "paused"),
    "want": (None, "cancel"),
    "priority": (0, 1),
    "created_at": (_NOON, _LATER),
    "started_at": (None, _NOON),
    "finished_at": (None, _NOON),
    "due_at": (None, _NOON),
    "attempt": (1, 2),
    "tries": (0, 1),
    "claims": (0, 1),
    "max_tries": (None, 1),
    "timeout_seconds": (None, 1.0),
    "progress": (0.0, 1.0),
    "step": (None, STEPS_AS_STATUS[0]),
    "steps_completed": ([], ["a"]),
    "message": (None, "a"),
    "error_class": (None, "data"),
    "error_code": ("A", "B"),
    "error_stage": (None, "a"),
    "error_message": (None, "a"),
    "error_recovery": (None, "a"),
    "result": ({}, {"result_file_id": "f"}),
    "payload": ({}, {"url": "a"}),
    "metadata": ({}, {"a": 1}),
    "source_id": (None, "a"),
    "related_dataset_id": (None, "a"),
    "batch_id": (None, UUID(int=1)),
    "schedule_id": (None, UUID(int=1)),
    "created_by": (None, "a"),
    "discarded_at": (None, _NOON),
    "discard_reason": (None, "a"),
}
_BASES = ("failed", "running", "ready")  # what a column says depends on the state

_NOT_HELD: Mapping[str, Any] = {"held_by": None}  # no column: it follows from the queue's

_AT_ONCE = {"priority": "200"}  # the others are accepted, and may take until the worker heeds them

_Face = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _told(row: Mapping[str, Any]) -> Mapping[str, Any]:
    line = {"type": "progress", "at": _NOON, "data": {"message": row["error_message"]}}
    result_file_id = row["result"].get("result_file_id")
    started = row["started_at"] is not None
    return job_update({**row, **line, "job_id": row["id"], "started": started, "result_file_id": result_file_id})


FACES: dict[str, _Face] = {
    "`/api/background/job/{id}`": lambda row: background(
        {**_NOT_HELD, **row}, limits(row, terms=Terms(), kind_seconds=None)
    ),
    "`…/progress`": lambda row: progress(row, remaining=None),
    "`/api/v2/jobs`": v2,
    "`job_update`": _told,
    "`/api/v1/data-sources/{id}/jobs`": source_job,
}


def parts() -> dict[str, str]:
    """The generated parts of README.md, by name."""
    made = {
        "states": _states(),
        "fields": _fields(),
        "commands": _commands(),
        "alerts": _alerts(),
        "metrics": _metrics(),
    }
    return {name: table(rows) for name, rows in made.items()}


def _states() -> Iterator[Sequence[str]]:
    yield ["Status", "`/api/v2/jobs`", "States", "Step"]
    found: dict[str, list[tuple[str, str | None]]] = {word: [] for word in STATUSES}
    for state, step, tries, started in product(STATES, (None, *STEPS_AS_STATUS), (0, 1), (False, True)):
        found[status(state=state, step=step, tries=tries, started=started)].append((state, step))
    for word, seen in found.items():
        steps = {step or "" for _, step in seen}
        rough = next((rougher for rougher, meant in MEANT.items() if word in meant), word)
        yield [
            word,
            rough,
            ", ".join(dict.fromkeys(state for state, _ in seen)),
            steps.pop() if len(steps) == 1 else "",
        ]


def _commands() -> Iterator[Sequence[str]]:
    yield ["A job that is", *(f"`{command}`" for command in COMMANDS)]
    for where, taken in TABLE.items():
        yield [where, *((_AT_ONCE.get(command, "202") if command in taken else "409") for command in COMMANDS)]


def _fields() -> Iterator[Sequence[str]]:
    yield ["Column", *FACES]
    for column in _COLUMNS:
        yield [f"`{column}`", *(", ".join(f"`{name}`" for name in shown_by(column, face)) for face in FACES.values())]


def _alerts() -> Iterator[Sequence[str]]:
    yield ["Rule", "Level", "Raised at", "for", "Cleared below", "for", "Says"]
    for name, rule in RULES.items():
        for_long, calm = (f"{seconds:g} s" for seconds in (rule.hold_seconds, rule.calm_seconds))
        bounds = f"{rule.raise_at:g}", for_long, f"{rule.clear_below:g}", calm
        yield [f"`{name}`", rule.level.name.lower(), *bounds, rule.message(rule.raise_at, "drill")]


def _metrics() -> Iterator[Sequence[str]]:
    yield ["Metric", "Type", "Meaning"]
    outbox = {"oldest_seconds": 0.0, "events": 0}
    of_database = families(rows=[], totals=[], seen=[], outbox=outbox, standing=[], dead=0)
    for metric in sorted([*of_database, *Metrics().registry.collect()], key=lambda one: one.name):
        if metric.name.startswith("headrace_"):
            total = "_total" if metric.type == "counter" else ""
            yield [f"`{metric.name}{total}`", metric.type, metric.documentation]


def shown_by(column: str, face: _Face) -> list[str]:
    """The fields of a face that change with a column of the job."""
    found: dict[str, None] = {}
    for state in _BASES:
        one = {name: values[0] for name, values in _COLUMNS.items()} | {"state": state}
        before, after = face(one), face(one | {column: _COLUMNS[column][1]})
        found |= dict.fromkeys(name for name in before if before[name] != after[name])
    return list(found)
