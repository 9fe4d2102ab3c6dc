"""The live end of the timelines."""

from infra.runtime.events.feed import Feed
from infra.runtime.runtime import Runtime
from services.jobs.store.lines import LINES, Line


def job_feed(runtime: Runtime) -> Feed[Line]:
    """The feed of a process, through ``runtime.once(job_feed)``."""
    return Feed(runtime.database, LINES)
