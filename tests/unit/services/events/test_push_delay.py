"""How long an endpoint is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from services.events.push_due import delay


def test_the_range_of_pauses_doubles_up_to_an_hour() -> None:
    assert [delay(attempt, chance=1.0) for attempt in (1, 2, 3, 10, 11)] == [5, 10, 20, 2560, 3600]


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_pause_is_between_a_second_and_an_hour(attempt: int, chance: float) -> None:
    assert 1 <= delay(attempt, chance=chance) <= 3600
