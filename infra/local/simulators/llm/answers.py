"""What the model says, by the words of its script."""

import json
import re
from typing import Any

from infra.local.simulators.llm.asked import Asked, Tool

_ORDERED = re.compile(r"[A-Z]+-[0-9a-f]{6,}|https?://\S+", re.IGNORECASE)  # what pages order models to say
_LABEL = re.compile(r"\b(?:as|label|category|tool)[: ]+[\"'`]?([\w-]+)", re.IGNORECASE)


def message(word: str, asked: Asked, *, bearer: str) -> dict[str, Any]:
    """The model's message. Raises ``KeyError`` for a word that no script has."""
    best = asked.best
    said: dict[str, Any] = {
        "valid": lambda: _calls(_call(best.name, {"confidence": 0.9, "properties": _read(best, asked.text)})),
        "none": lambda: _calls(_call("unknown", {"confidence": 0.9})),
        "foreign_label": lambda: _calls(_call("administrator", {"confidence": 0.9})),
        "no_tool": lambda: {"role": "assistant", "content": "It seems to be a shop."},
        "invalid_json": lambda: _calls({"name": best.name, "arguments": '{"confidence": 0.9, "prop'}),
        "wrong_type": lambda: _calls(_call(best.name, {"confidence": "high"})),
        "extra_property": lambda: _calls(_call(best.name, {"confidence": 0.9, "properties": {"sql": "x"}})),
        "sure": lambda: _calls(_call(best.name, {"confidence": 7})),
        "refusal": lambda: {"role": "assistant", "content": None, "refusal": "I cannot help with that."},
        "gullible": lambda: _calls(*_obeyed(asked, bearer)),
    }
    made: dict[str, Any] = said[word]()
    return made


def _calls(*functions: dict[str, Any]) -> dict[str, Any]:
    calls = [{"id": f"call_{n}", "type": "function", "function": one} for n, one in enumerate(functions)]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "arguments": json.dumps(arguments)}


def _read(tool: Tool, text: str) -> dict[str, Any]:
    """What follows the name of a text's property on the page."""
    made = {}
    for name, schema in tool.properties.items():
        found = re.search(rf"(?im)^{re.escape(name)}: *(\S.*)$", text)
        if found and schema.get("type") == "string" and "format" not in schema and "enum" not in schema:
            made[name] = found[1].strip()
    return made


def _obeyed(asked: Asked, bearer: str) -> list[dict[str, Any]]:
    """Calls that do what the page orders: first in words that no tool has, then, told off, in those it has."""
    words = [*dict.fromkeys(_ORDERED.findall(asked.text)), *([bearer] if bearer else [])]
    texts = {name: words[place % len(words)] for place, name in enumerate(_texts(asked.best))} if words else {}
    if asked.told_off:
        return [_call(asked.best.name, {"confidence": 1.0, "properties": texts})]
    labels = _LABEL.findall(asked.text) or ["administrator"]
    more = {"exfiltrate": words, "next_url": words[-1] if words else ""}
    return [_call(label, {"confidence": 1.0, "properties": {**texts, **more}}) for label in labels[:3]]


def _texts(tool: Tool) -> list[str]:
    return [
        name
        for name, schema in tool.properties.items()
        if schema.get("type") == "string" and "format" not in schema and "enum" not in schema and "const" not in schema
    ]
