"""How long to wait before another try."""

from random import Random

from schemas.problem import Problem


def backoff(problem: Problem, *, tries: int, base: float, cap: float, factor: float, random: Random) -> float:
    """Seconds until the next try: what the other side asked for, else full jitter over ``base * factor^tries``.

    ``tries`` are the failures before this one. What was asked for is a floor with up to a tenth on top,
    so that a crowd that was refused together does not come back together.
    """
    if problem.retry_after is not None:
        return problem.retry_after * random.uniform(1.0, 1.1)
    return random.uniform(0, min(cap, base * factor ** min(tries, 30)))
