"""How many processes should work jobs: one more while jobs wait, one less after one had nothing to do for a while."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from infra.postgres.backlog import Backlog

WAITS_SECONDS = 1.0  # who waits longer was not simply about to be taken
PRESSED_SECONDS = 2.0  # so long jobs must have waited before one more process is worth its start,
SETTLE_SECONDS = 3.0  # and so long it gets to show what it is worth
IDLE_SECONDS = 10.0  # so long a process must have had nothing to do before it goes
FIRST_REST_SECONDS = 1.0  # after a crash, doubled with each one that follows
LONGEST_REST_SECONDS = 60.0
SOUND_SECONDS = 30.0  # who lived so long did not crash because of how it was started


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What is remembered from look to look. Moments are seconds of one clock; ``wanted`` counts the stack too."""

    wanted: int = 1
    pressed_since: float | None = None
    calm_since: float | None = None
    idle_since: Mapping[str, float] = field(default_factory=dict)
    changed_at: float = float("-inf")
    crashes: int = 0
    rests_until: float = float("-inf")


def looked(scale: Scale, seen: Backlog, children: Collection[str], *, most: int, at: float) -> Scale:
    """The scale after a look at the backlog, with these processes beside the stack."""
    pressed = seen.waits >= WAITS_SECONDS
    idle = {name: scale.idle_since.get(name, at) for name in children if name not in seen.busy}
    scale = replace(
        scale,
        pressed_since=(at if scale.pressed_since is None else scale.pressed_since) if pressed else None,
        calm_since=None if pressed else (at if scale.calm_since is None else scale.calm_since),
        idle_since=idle,
    )
    change = _change(scale, children, at)
    wanted = max(1, min(most, scale.wanted + change))
    return scale if wanted == scale.wanted else replace(scale, wanted=wanted, changed_at=at)


def missing(scale: Scale, children: Collection[str], *, at: float) -> bool:
    """Whether a process is to be started now."""
    return len(children) < scale.wanted - 1 and at >= scale.rests_until


def superfluous(scale: Scale, children: Collection[str]) -> list[str]:
    """The processes that are to go: of those with nothing to do, who has had nothing for longest."""
    idle = sorted((name for name in children if name in scale.idle_since), key=lambda name: scale.idle_since[name])
    return idle[: max(0, len(children) - (scale.wanted - 1))]


def crashed(scale: Scale, *, lived: float, at: float) -> Scale:
    """The scale after a process ended that nobody told to, after so many seconds."""
    crashes = 1 if lived >= SOUND_SECONDS else scale.crashes + 1
    rest = min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2.0 ** (crashes - 1))
    return replace(scale, crashes=crashes, rests_until=at + rest)


def _change(scale: Scale, children: Collection[str], at: float) -> int:
    if scale.pressed_since is not None:
        settled = at - scale.changed_at >= SETTLE_SECONDS
        return int(settled and at - scale.pressed_since >= PRESSED_SECONDS and len(children) >= scale.wanted - 1)
    calm = scale.calm_since is not None and at - scale.calm_since >= IDLE_SECONDS
    somebody_idle = any(at - since >= IDLE_SECONDS for since in scale.idle_since.values())
    nobody_there = len(children) < scale.wanted - 1
    return -int(calm and (somebody_idle or nobody_there))
