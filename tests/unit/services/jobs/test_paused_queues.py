"""Whether a queue is paused is said in one place."""

import re
from pathlib import Path

from services.jobs.store.queues import is_paused

SERVICES = Path(__file__).parents[4] / "services"
SAID = re.compile(r"FROM queues WHERE name IN \([^)]*\) AND paused_at IS NOT NULL")


def test_every_statement_asks_the_same_whether_a_queue_is_paused() -> None:
    saying = [path.relative_to(SERVICES) for path in SERVICES.rglob("*.py") if SAID.search(path.read_text())]

    assert saying == [Path("jobs/store/queues.py")]


def test_control_a_statement_that_says_it_itself_is_noticed() -> None:
    assert SAID.search(is_paused("j.queue"))
    assert SAID.search("NOT EXISTS (SELECT FROM queues WHERE name IN ($1, '*') AND paused_at IS NOT NULL)")
