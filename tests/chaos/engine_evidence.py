"""What a siege of the engine left behind, and what of it breaks a promise."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from infra.postgres.database import Database

ENDED = ("completed", "failed", "cancelled")
ENDS = {"doomed": ("failed", "DOOMED"), "late": ("failed", "JOB_TIMEOUT")}
LEGAL = {
    "queued": {(None, "ready"), (None, "scheduled")},
    "started": {("ready", "running"), ("scheduled", "running")},  # nobody tells that something became due
    "progress": {("running", "running")},
    "lease_expired": {("running", "ready")},
    "given_back": {("running", "ready")},
    "retrying": {("running", "scheduled")},
    "snoozed": {("running", "scheduled")},
    "paused": {(state, "paused") for state in ("running", "ready", "scheduled")},
    "resumed": {("paused", "ready"), ("paused", "scheduled"), ("running", "running")},
    "cancel_requested": {("running", "running")},
    "pause_requested": {("running", "running")},
    "priority_changed": {("scheduled", "ready"), *((state, state) for state in ("ready", "scheduled", "paused"))},
    "attempt_started": {(ended, "ready") for ended in ENDED},
    "completed": {("running", "completed")},
    "failed": {("running", "failed")},
    "cancelled": {(state, "cancelled") for state in ("running", "ready", "scheduled", "paused")},
}


class Line(NamedTuple):
    """A line of the timeline."""

    job_id: UUID
    attempt: int
    type: str
    state: str
    progress: float
    tries: int


class Effect(NamedTuple):
    """What a handler wrote with its end, or with a part."""

    job_id: UUID
    attempt: int
    part: str
    token: int


class Told(NamedTuple):
    """A ``job.finished`` of the event log."""

    id: str
    job_id: UUID
    attempt: int
    status: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``jobs`` are rows; ``lines`` stand in the order of writing; ``wished`` are jobs that somebody cancelled."""

    accepted: Sequence[UUID]
    wished: frozenset[UUID]
    jobs: Sequence[Mapping[str, Any]]
    lines: Sequence[Line]
    effects: Sequence[Effect]
    told: Sequence[Told]


def violations(seen: Evidence) -> list[str]:
    """Every broken promise, as a sentence."""
    return [*_lost(seen), *_ends(seen), *_timelines(seen), *_effects(seen), *_told(seen)]


def _lost(seen: Evidence) -> Iterator[str]:
    there = {job["id"] for job in seen.jobs}
    yield from (f"accepted and lost: {one}" for one in seen.accepted if one not in there)
    yield from (f"nobody ordered {one}" for one in there.difference(seen.accepted))


def _ends(seen: Evidence) -> Iterator[str]:
    for job in seen.jobs:
        end = job["state"], job["error_code"]
        if end[0] not in ENDED:
            yield f"{job['id']} has not ended, it is {end[0]}"
        elif end != ENDS.get(job["kind"], ("completed", None)) and not (
            end[0] == "cancelled" and job["id"] in seen.wished
        ):
            yield f"{job['id']}, {job['kind']}, ended as {end}"


def _timelines(seen: Evidence) -> Iterator[str]:
    timelines = _by_job(seen.lines)
    for job in seen.jobs:
        lines = timelines[job["id"]]
        yield from _history(job["id"], lines)
        if not lines or (lines[-1].state, lines[-1].attempt) != (job["state"], job["attempt"]):
            yield f"{job['id']} is {job['state']}, its timeline ends with {lines[-1:]}"
        stumbles = sum(line.type == "retrying" and line.attempt == job["attempt"] for line in lines)
        if job["tries"] != stumbles:
            yield f"{job['id']} counts {job['tries']} tries, its timeline {stumbles}"


def _history(job_id: UUID, lines: Sequence[Line]) -> Iterator[str]:
    if not lines:
        return
    steps = [(None, lines[0]), *pairwise(lines)]
    for before, line in steps:
        if (before and before.state, line.state) not in LEGAL.get(line.type, set()):
            yield f"{job_id} went from {before and before.state} to {line.state} by {line.type}"
        if before is None:
            continue
        if line.attempt != before.attempt + (line.type == "attempt_started"):
            yield f"{job_id} went from attempt {before.attempt} to {line.attempt} by {line.type}"
        if line.attempt == before.attempt and line.progress < before.progress:
            yield f"{job_id} fell from {before.progress:g} to {line.progress:g} percent"


def _effects(seen: Evidence) -> Iterator[str]:
    ends = _ended_attempts(seen)
    jobs = {job["id"]: job for job in seen.jobs}
    traces: dict[tuple[UUID, int], Counter[str]] = {attempt: Counter() for attempt in ends}
    for effect in seen.effects:
        traces.setdefault((effect.job_id, effect.attempt), Counter())[effect.part] += 1
    for (job_id, attempt), parts in traces.items():
        yield from (f"{job_id}/{attempt}: {part} happened {n} times" for part, n in parts.items() if n > 1)
        wanted, end = _parts(jobs[job_id]), ends.get((job_id, attempt))
        if end == "completed" and set(parts) != wanted:
            yield f"{job_id}/{attempt} is completed, but did {sorted(parts)} of {sorted(wanted)}"
        elif end != "completed" and ("end" in parts) is not (end == "failed"):
            yield f"{job_id}/{attempt} is {end}, but did {sorted(parts)}"
    yield from _by_those_who_held_it(seen, jobs)


def _by_those_who_held_it(seen: Evidence, jobs: Mapping[UUID, Mapping[str, Any]]) -> Iterator[str]:
    tokens = [(one.job_id, one.token) for one in seen.effects if one.part == "end" and _last(one, jobs)]
    tokens += [(job["id"], job["result"]["token"]) for job in seen.jobs if "token" in (job["result"] or {})]
    for job_id, token in tokens:
        if token != jobs[job_id]["lease_token"]:
            yield f"{job_id} was ended by hold {token}, but {jobs[job_id]['lease_token']} held it"


def _last(effect: Effect, jobs: Mapping[UUID, Mapping[str, Any]]) -> bool:
    return bool(effect.attempt == jobs[effect.job_id]["attempt"])


def _parts(job: Mapping[str, Any]) -> set[str]:
    if job["kind"] == "plain":
        return set()
    return {"end"} | ({f"part {n}" for n in range(job["payload"]["size"])} if job["kind"] == "parts" else set())


def _told(seen: Evidence) -> Iterator[str]:
    told: dict[tuple[UUID, int], list[Told]] = defaultdict(list)
    for one in seen.told:
        told[one.job_id, one.attempt].append(one)
    ends = _ended_attempts(seen)
    for attempt, end in ends.items():
        if [one.status for one in told.pop(attempt, [])] != [end]:
            said = [one.status for one in seen.told if (one.job_id, one.attempt) == attempt]
            yield f"{attempt[0]}/{attempt[1]} is {end}, told as {said}"
    yield from (f"told of the end of an attempt nobody knows: {one}" for one in told)
    yield from (f"two ends have one id: {one}" for one, n in Counter(one.id for one in seen.told).items() if n > 1)


def _ended_attempts(seen: Evidence) -> dict[tuple[UUID, int], str]:
    return {(line.job_id, line.attempt): line.state for line in seen.lines if line.state in ENDED}


def _by_job(lines: Sequence[Line]) -> dict[UUID, list[Line]]:
    found: dict[UUID, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.job_id].append(line)
    return found


async def gather(database: Database, *, accepted: Sequence[UUID], wished: set[UUID]) -> Evidence:
    """Look into all of it."""
    pool = database.pool
    lines = await pool.fetch("SELECT job_id, attempt, type, state, progress, tries FROM job_events ORDER BY id")
    told = await pool.fetch("SELECT id, subject, data FROM events WHERE type = 'job.finished' ORDER BY xid, seq")
    return Evidence(
        accepted=accepted,
        wished=frozenset(wished),
        jobs=[{**row, "id": _uuid(row["id"])} for row in await pool.fetch("SELECT * FROM jobs")],
        lines=[Line(_uuid(row["job_id"]), *list(row.values())[1:]) for row in lines],
        effects=[Effect(_uuid(row["job_id"]), *list(row.values())[1:]) for row in await pool.fetch("TABLE effects")],
        told=[
            Told(str(row["id"]), UUID(row["subject"]), row["data"]["attempt"], row["data"]["status"]) for row in told
        ],
    )


def _uuid(value: object) -> UUID:
    return UUID(str(value))
