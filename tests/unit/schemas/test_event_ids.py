"""Ids of events: the same for the same cause, in every version of this program."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import CrawlEvent
from schemas.events.crawl_triggered import CrawlTriggered

ALL = UUID("6f0e7c5e-2d0c-5b0a-9a39-8f7a5f1f4f10")
CRAWL = "3f0b2c5e-8f5d-4a55-9d5a-5d5c1c7a9b10"


class Told(CrawlEvent):
    """A fact that says nothing but its cause."""

    topic = "crawl.told"


def test_an_id_that_was_given_once_is_given_for_ever() -> None:
    fields = {"platform": "facebook", "competitor": "c", "provider": "bright_data", "snapshot_id": "s_1"}

    assert CrawlTriggered(crawl_id=CRAWL, attempt=1, **fields).id == "c04a5ba6-c258-584e-bf6f-916546471bab"


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 2**31))
def test_an_id_is_a_uuid_of_its_cause(crawl_id: str, attempt: int) -> None:
    told = Told(crawl_id=crawl_id, attempt=attempt)

    assert told.id == str(uuid5(ALL, f"{crawl_id}/{attempt}/crawl.told/{crawl_id}"))


@pytest.mark.parametrize("other", [Told(crawl_id="d", attempt=1), Told(crawl_id="c", attempt=2)])
def test_another_cause_has_another_id(other: Told) -> None:
    assert Told(crawl_id="c", attempt=1).id != other.id
