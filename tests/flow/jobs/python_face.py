"""What tests do with the Python face: wait."""

import time
from collections.abc import Callable
from typing import Any

from services.jobs.processor import BackgroundProcessor

PATIENCE = 10.0


def until(condition: Callable[[], Any], *, patience: float = PATIENCE) -> Any:
    ends = time.monotonic() + patience
    while not (answer := condition()):
        assert time.monotonic() < ends, "not in time"
        time.sleep(0.01)
    return answer


def over(processor: BackgroundProcessor, job_id: str) -> Any:
    return until(lambda: (job := processor.get_job(job_id)).status.over and job)
