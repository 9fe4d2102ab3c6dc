"""An event and its message."""

from datetime import UTC, datetime

import pytest
from google.pubsub_v1.types import PubsubMessage
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infra.gcp.pubsub.bus import _batches
from infra.gcp.pubsub.message import kept, published_at, read, written
from schemas.envelope import Envelope

NOW = datetime(2025, 11, 22, 3, 14, 15, 926535, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EVENT = Envelope(id="e", type="crawl.failed", subject="c", time=NOW, data={"crawl_id": "c"})


@given(subject=TEXTS, tenant=TEXTS, data=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.none()))
def test_what_is_read_is_what_was_written(subject: str, tenant: str, data: dict[str, object]) -> None:
    event = replace(EVENT, subject=subject, tenant=tenant, data=data)

    assert read(written(event)) == event


def test_pushed_without_a_wrapper_a_message_is_the_request_of_the_embedded_bus() -> None:
    message = written(EVENT)

    assert dict(message.attributes) == EVENT.headers()
    assert message.data == EVENT.body()


def test_a_message_for_one_subscription_says_so() -> None:
    assert dict(written(EVENT, only="load").attributes) == {**EVENT.headers(), "headrace-for": "load"}


@pytest.mark.parametrize(
    "message",
    [
        PubsubMessage(data=b"{}", publish_time=NOW),
        PubsubMessage(data=b"no json", attributes=EVENT.headers(), publish_time=NOW),
        PubsubMessage(data=b"[]", attributes=EVENT.headers(), publish_time=NOW),
        PubsubMessage(data=b"", attributes={"ce-id": "1"}, publish_time=NOW),
    ],
)
def test_what_is_no_event_is_refused_and_kept_as_text(message: PubsubMessage) -> None:
    with pytest.raises(ValueError, match=r"required field|malformed|Expected|truncated"):
        read(message)

    assert kept(message).data == {"attributes": dict(message.attributes), "text": message.data.decode()}


def test_an_event_that_no_database_takes_is_kept_as_text() -> None:
    message = PubsubMessage(data=b"{}", attributes={**EVENT.headers(), "ce-subject": "c\0"}, publish_time=NOW)

    found = kept(message)

    assert (found.type, found.data["text"]) == ("crawl.failed", "{}")
    assert "\0" not in found.subject + found.data["attributes"]["ce-subject"]


def test_control_an_event_is_kept_as_it_is() -> None:
    message = written(EVENT)
    message.publish_time = NOW

    assert kept(message) == EVENT


def test_the_time_of_publication_has_a_zone() -> None:
    assert published_at(PubsubMessage(publish_time=NOW)) == NOW


def test_a_publication_holds_a_thousand_messages_or_nine_megabytes() -> None:
    large = replace(EVENT, data={"text": "x" * 4_000_000})

    assert [len(batch) for batch in _batches([EVENT] * 1_001)] == [1_000, 1]
    assert [len(batch) for batch in _batches([large] * 3)] == [2, 1]
    assert list(_batches([])) == []
