"""The list of facts."""

from pathlib import Path

import pytest

from schemas.catalogue import UnknownTopic, event_type, event_types
from schemas.events.data_ingestion_completed import DataIngestionCompleted


def test_every_module_of_events_is_in_the_catalogue() -> None:
    folder = Path(__file__).parents[3] / "schemas" / "events"
    modules = {file.stem for file in folder.glob("*.py") if file.stem != "__init__"}

    assert {topic.replace(".", "_") for topic in event_types()} == modules


def test_a_topic_leads_to_its_class() -> None:
    assert event_type("data.ingestion.completed") is DataIngestionCompleted


def test_an_unknown_topic_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownTopic) as caught:
        event_type("crawl.exploded")

    assert caught.value.extra["allowed"] == list(event_types())
    assert "crawl.failed" in caught.value.detail
