"""The string that says which trace something belongs to."""

import pytest

from infra.runtime.telemetry import trace, tracing

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (GIVEN, GIVEN),
        (GIVEN.replace("-01", "-00"), GIVEN.replace("-01", "-00")),
        ("cc" + GIVEN[2:] + "-more", GIVEN),  # what a later version may look like is read as this one
        (None, None),
        ("", None),
        ("ff" + GIVEN[2:], None),
        (GIVEN.upper(), None),
        (GIVEN[:-1], None),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", None),
        ("00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01", None),
        (GIVEN + "\n", None),
    ],
)
def test_only_a_trace_that_can_be_continued_is(sent: str | None, taken: str | None) -> None:
    assert trace.valid(sent) == taken


def test_what_is_begun_can_be_continued_and_is_always_another() -> None:
    begun = {trace.begun() for _ in range(100)}

    assert len(begun) == 100
    assert {trace.valid(one) for one in begun} == begun


def test_a_block_belongs_to_its_trace_and_what_follows_does_not() -> None:
    with trace.continued(GIVEN):
        inside = trace.current()

    assert (inside, trace.current()) == (GIVEN, None)


def test_without_an_exporter_a_span_hands_its_parent_on() -> None:
    with tracing.span("store", parent=GIVEN) as outer, tracing.span("write") as inner:
        inner.note("rows", 1)
        inner.fail("NO")

    assert (outer.traceparent, inner.traceparent) == (GIVEN, GIVEN)
    assert tracing.start("store").traceparent is None


def test_a_request_without_a_trace_begins_one() -> None:
    assert trace.valid(tracing.start("GET", kind="server").traceparent) is not None
    assert tracing.start("GET", kind="server", parent=GIVEN).traceparent == GIVEN
