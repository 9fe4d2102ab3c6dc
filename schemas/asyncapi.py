"""The AsyncAPI document: every event, and every channel that other teams can have it from.

Read as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0). Pages and the stream of events are
ordinary requests: they stand in the OpenAPI document.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.event import Event

_SCHEMAS = "#/components/schemas/"
_PUSHES = "pushes"
_TEXT = {"type": "string"}
_HEADERS = {
    "type": "object",
    "description": "CloudEvents 1.0 in binary mode: attributes of a Pub/Sub message, headers of a pushed request.",
    "required": ["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-tenant"],
    "properties": {
        "ce-specversion": {"type": "string", "const": "1.0"},
        "ce-id": {**_TEXT, "format": "uuid", "description": "The same for every repetition of a fact."},
        "ce-type": {**_TEXT, "description": "The topic."},
        "ce-source": {**_TEXT, "format": "uri-reference"},
        "ce-subject": {**_TEXT, "description": "The id of what it is about."},
        "ce-time": {**_TEXT, "format": "date-time", "description": "When it became true."},
        "ce-tenant": {**_TEXT, "description": "Whose it is."},
        "ce-traceparent": {**_TEXT, "description": "The trace it came of (W3C Trace Context)."},
        "content-type": {"type": "string", "const": "application/json"},
    },
}
_PUSH = {
    "address": None,
    "title": "Pushes",
    "description": (
        "Every event of a subscription made by POST /api/v1/events/subscriptions, sent to its push_url. The headers"
        " webhook-id, webhook-timestamp and webhook-signature sign it as Standard Webhooks say."
    ),
}


def document(events: Mapping[str, type[Event]], samples: Mapping[str, Any]) -> dict[str, Any]:
    """The document of these events by topic; ``samples`` are examples of their data, by topic too."""
    _, made = models_json_schema(
        [(event, "validation") for event in events.values()], ref_template=f"{_SCHEMAS}{{model}}"
    )
    channels = {topic: _topic(topic, event) for topic, event in events.items()}
    channels[_PUSHES] = {**_PUSH, "messages": {topic: _message_of(topic) for topic in events}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Headrace",
            "version": version("headrace"),
            "description": "Facts for other teams, told at least once, in no order. A repetition has the same ce-id.",
        },
        "defaultContentType": "application/json",
        "servers": {"pubsub": {"host": "pubsub.googleapis.com", "protocol": "googlepubsub"}},
        "channels": channels,
        "operations": {f"send.{name}": _operation(name, channel) for name, channel in channels.items()},
        "components": {
            "messages": {topic: _message(topic, event, samples) for topic, event in events.items()},
            "schemas": {"CloudEvent": _HEADERS, **made["$defs"]},
        },
    }


def _topic(topic: str, event: type[Event]) -> dict[str, Any]:
    return {
        "address": topic,
        "title": topic,
        "description": inspect.getdoc(event),
        "servers": [{"$ref": "#/servers/pubsub"}],
        "messages": {topic: _message_of(topic)},
    }


def _message_of(topic: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{topic}"}


def _message(topic: str, event: type[Event], samples: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": topic,
        "title": event.__name__,
        "summary": inspect.getdoc(event),
        "contentType": "application/json",
        "headers": {"$ref": f"{_SCHEMAS}CloudEvent"},
        "payload": {"$ref": f"{_SCHEMAS}{event.__name__}"},
        **({"examples": [{"payload": samples[topic]}]} if topic in samples else {}),
    }


def _operation(name: str, channel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{topic}"} for topic in channel["messages"]],
    }
