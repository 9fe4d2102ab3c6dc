"""What a failed handler means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from infra.runtime.events.bus import PoisonMessage
from infra.runtime.events.verdict import Verdict, printable, tell, verdict
from schemas.problem import Problem, ProblemClass


class Busy(Problem):
    code = "BUSY"
    kind = ProblemClass.RETRY


@pytest.mark.parametrize(
    ("error", "last", "outcome", "reason"),
    [
        (Busy("x"), False, None, "BUSY"),
        (Busy("x"), True, "exhausted", "BUSY"),
        (ValueError("x"), False, None, "ValueError"),
        (ValueError("x"), True, "exhausted", "ValueError"),
        (PoisonMessage("x"), False, "poison", "POISON_MESSAGE"),
        (PoisonMessage("x"), True, "poison", "POISON_MESSAGE"),
    ],
)
def test_only_the_last_try_or_a_final_problem_ends_a_message(
    error: Exception, *, last: bool, outcome: str | None, reason: str
) -> None:
    found = verdict(error, last=last)

    assert (found.outcome, found.reason, found.detail) == (outcome, reason, "x")


@pytest.mark.parametrize(("outcome", "level"), [(None, "warning"), ("poison", "error")])
def test_what_was_unforeseen_is_logged_with_its_traceback(outcome: str | None, level: str) -> None:
    found, unforeseen = Verdict(outcome=outcome, reason="r", detail="d"), ValueError("x")

    with capture_logs() as lines:
        tell(found, Busy(), subscription="load")
        tell(found, unforeseen, subscription="load")

    assert [(line["log_level"], line["subscription"], line["exc_info"]) for line in lines] == [
        (level, "load", None),
        (level, "load", unforeseen),
    ]


@given(st.text())
def test_what_is_kept_of_a_message_is_short_and_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text * 100)) <= 2000


def test_printable_text_stays_as_it_is() -> None:
    assert printable("Schlüssel «ß» 'quoted'") == "Schlüssel «ß» 'quoted'"
    assert printable("a\x1b[31m\r\n\udc80") == r"a\x1b[31m\r\n\udc80"
