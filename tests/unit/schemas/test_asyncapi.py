"""The AsyncAPI document: all events, all channels, nothing that leads nowhere; and what is sent is what it says."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from schemas.catalogue import event_types
from schemas.event import envelop
from schemas.generate import GENERATED

DOCUMENT: dict[str, Any] = json.loads((GENERATED / "asyncapi.json").read_text())
SPECIFICATION = json.loads(Path(__file__).with_name("asyncapi.schema.json").read_text())
SAMPLES = GENERATED.parent / "samples"


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


def target(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with a document, by the part of the specification that it uses."""
    found = [error.message for error in Draft202012Validator(SPECIFICATION).iter_errors(document)]
    for reference in references(document):
        try:
            target(document, reference)
        except KeyError:
            found.append(f"{reference} leads nowhere")
    for name, operation in document["operations"].items():
        inside = f"{operation['channel']['$ref']}/messages/"
        found += [f"{name} sends a foreign {one}" for one in references(operation["messages"]) if inside not in one]
    return found


def test_the_document_is_as_the_specification_says() -> None:
    assert faults(DOCUMENT) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda doc: doc["channels"]["crawl.failed"].update(adress="x"),
        lambda doc: doc["channels"]["crawl.failed"].pop("address"),
        lambda doc: doc["operations"]["send.crawl.failed"].update(action="publish"),
        lambda doc: doc["operations"]["send.crawl.failed"].update(
            messages=doc["operations"]["send.pushes"]["messages"]
        ),
        lambda doc: doc["components"]["messages"].pop("crawl.failed"),
        lambda doc: doc["components"]["schemas"].pop("CrawlFailed"),
        lambda doc: doc["servers"]["pubsub"].pop("protocol"),
        lambda doc: doc.update(asyncapi="2.6.0"),
        lambda doc: doc["info"].pop("version"),
    ],
)
def test_control_a_fault_in_the_document_is_found(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = copy.deepcopy(DOCUMENT)
    spoil(document)

    assert faults(document)


def test_every_event_has_its_topic_and_comes_by_push() -> None:
    channels = DOCUMENT["channels"]

    assert channels.keys() - {"pushes"} == event_types().keys()
    assert {channels[topic]["address"] for topic in event_types()} == event_types().keys()
    assert channels["pushes"]["messages"].keys() == event_types().keys()


@pytest.mark.parametrize("topic", event_types())
def test_what_is_sent_is_what_the_document_says(topic: str) -> None:
    sample = json.loads((SAMPLES / f"{topic}.v1.json").read_text())
    event = event_types()[topic].model_validate(sample)
    sent = envelop(event, time=datetime(2025, 1, 1, tzinfo=UTC), tenant="default")
    sent = replace(sent, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    message = DOCUMENT["components"]["messages"][topic]

    def fits(value: Any, part: str) -> bool:
        schema = {**target(DOCUMENT, message[part]["$ref"]), "components": DOCUMENT["components"]}
        return bool(Draft202012Validator(schema).is_valid(value))

    assert message["name"] == sent.type
    assert fits(sent.headers(), "headers")
    assert sent.headers().keys() == DOCUMENT["components"]["schemas"]["CloudEvent"]["properties"].keys()
    assert fits(json.loads(sent.body()), "payload")
    assert all(fits(one["payload"], "payload") for one in message["examples"])
    assert not fits({**sent.headers(), "ce-specversion": "0.3"}, "headers")
    assert not fits({}, "payload")
