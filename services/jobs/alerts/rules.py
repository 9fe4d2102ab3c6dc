"""What counts as wrong. Each rule has one sensible bound; between raising and clearing lies room, so nothing flaps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from services.jobs.rank import Priority
from services.jobs.store.queues import ALL


class Level(IntEnum):
    """How bad it is."""

    WARNING = 1  # look at it today
    ERROR = 2  # something does not work
    CRITICAL = 3  # nothing is worked


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Raised when a value is at least ``raise_at`` for ``hold_seconds``, cleared when below ``clear_below`` for as long
    as ``calm_seconds``. ``message`` says it in a sentence, of the value and the subject.
    """

    level: Level
    raise_at: float
    clear_below: float
    message: Callable[[float, str], str]
    hold_seconds: float = 30.0
    calm_seconds: float = 60.0


LEAST_ENDED = 20  # of so few jobs a rate says nothing
STUCK_SECONDS = 60.0
PAUSED_SECONDS = 3600.0  # for so long somebody may look after a queue

_WAITING_SECONDS = {
    Priority.CRITICAL: 60.0,
    Priority.HIGH: 300.0,
    Priority.NORMAL: 900.0,
    Priority.LOW: 1800.0,
    Priority.BACKGROUND: 3600.0,
}


def _share(words: str) -> Callable[[float, str], str]:
    return lambda value, subject: f"{words}: {value:.0%} ({subject})"


def _waited(level: Priority) -> Callable[[float, str], str]:
    return lambda value, _: f"A {level.name} job has been ready for {duration(value)} and no worker took it"


def _queues(subject: str) -> str:
    return "all queues" if subject == ALL else subject


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


RULES: Mapping[str, Rule] = {
    "failure_rate": Rule(
        level=Level.WARNING, raise_at=0.10, clear_below=0.05, message=_share("High failure rate"), calm_seconds=300.0
    ),
    "failure_rate_severe": Rule(
        level=Level.ERROR, raise_at=0.50, clear_below=0.40, message=_share("Very high failure rate"), calm_seconds=300.0
    ),
    **{
        f"oldest_{level.name.lower()}": Rule(
            level=Level.ERROR if level is Priority.CRITICAL else Level.WARNING,
            raise_at=seconds,
            clear_below=seconds / 2,
            message=_waited(level),
        )
        for level, seconds in _WAITING_SECONDS.items()
    },
    "queue_filling": Rule(
        level=Level.WARNING, raise_at=0.90, clear_below=0.80, message=_share("Nearly as many jobs wait as may")
    ),
    "queue_full": Rule(
        level=Level.ERROR,
        raise_at=1.0,
        clear_below=0.95,
        message=_share("New jobs are refused, as many wait as may"),
    ),
    "long_paused": Rule(
        level=Level.ERROR,
        raise_at=PAUSED_SECONDS,
        clear_below=PAUSED_SECONDS,
        message=lambda value, subject: f"Paused for {duration(value)} with jobs in it ({_queues(subject)})",
    ),
    "stuck_jobs": Rule(
        level=Level.ERROR,
        raise_at=1,
        clear_below=1,
        message=lambda value, _: f"Stuck jobs, whose lease or due time is long past: {value:.0f}",
    ),
    "outbox_age": Rule(
        level=Level.ERROR,
        raise_at=60.0,
        clear_below=10.0,
        message=lambda value, _: f"Events are not published: the oldest waits for {duration(value)}",
    ),
    "dead_letters": Rule(
        level=Level.WARNING,
        raise_at=10,
        clear_below=5,
        message=lambda value, _: f"Dead letters to be retried or discarded: {value:.0f}",
    ),
    "no_worker": Rule(
        level=Level.CRITICAL,
        raise_at=1,
        clear_below=1,
        message=lambda *_: "Jobs are ready and no worker was seen",
        calm_seconds=10.0,
    ),
}
"""Every rule by its name. A value is one of: a share, seconds, a count, or 1 for yes."""
