"""What a siege of the engine brings: jobs of every kind, and faults at moments that a seed decides."""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from services.jobs.job import NewJob
from tests.chaos.engine_worker import LEASE_SECONDS, QUEUE

KINDS = ("plain", "effect", "stumble", "snooze", "parts", "long", "batch", "plain", "doomed", "late", "assassin")


@dataclass(frozen=True, order=True)
class Fault:
    """Something bad ``at`` a second of the siege; ``pick`` says whom it hits of those who are there."""

    at: float
    what: str
    pick: int
    lasting: float = 0.0


def orders(random: Random, count: int) -> list[NewJob]:
    """Jobs of every kind."""
    return [_order(random, KINDS[number % len(KINDS)]) for number in range(count)]


def _order(random: Random, kind: str) -> NewJob:
    longest = 3.0 * LEASE_SECONDS if kind in {"long", "plain"} else 1.0
    quick = kind == "plain" and random.random() < 0.7
    return NewJob(
        id=UUID(int=random.getrandbits(128), version=4),
        kind=kind,
        queue=QUEUE,
        priority=random.randrange(5),
        max_tries=2 if kind == "late" else 8,
        timeout_seconds=0.3 if kind == "late" else None,
        payload={"seconds": 0.0 if quick else round(random.uniform(0.1, longest), 2), "size": random.randrange(1, 6)},
    )


def faults(
    random: Random, seconds: float, *, per_minute: dict[str, float], crashes: tuple[float, float]
) -> list[Fault]:
    """So many of each in a minute, at moments that are drawn; PostgreSQL crashes every ``crashes`` seconds."""
    drawn = [
        Fault(random.uniform(1.0, seconds), what, random.randrange(1000), LEASE_SECONDS * random.uniform(1.2, 3.0))
        for what, rate in per_minute.items()
        for _ in range(round(rate * seconds / 60))
    ]
    moment = random.uniform(*crashes)
    while moment < seconds:
        drawn.append(Fault(moment, "crash", 0))
        moment += random.uniform(*crashes)
    return drawn
