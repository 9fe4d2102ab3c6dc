"""What a request says: the page, and the tools that may be called."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True)
class Tool:
    """A tool, with the schemas of its properties."""

    name: str
    words: frozenset[str]
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request, as a model would understand it."""

    text: str
    tools: tuple[Tool, ...]
    told_off: bool  # whether it was told what is wrong

    @property
    def best(self) -> Tool:
        """The tool that has most words of the page."""
        words = _words(self.text)
        return max(self.tools, key=lambda one: len(one.words & words) / (len(one.words) + 1))


def understood(body: Mapping[str, Any]) -> Asked:
    """The request. Raises ``LookupError``, ``TypeError`` or ``ValueError`` for one that the real API would refuse."""
    texts = []
    for message in body["messages"]:
        content = message["content"]
        if message["role"] == "user" and isinstance(content, list):
            texts += [json.loads(part["text"])["page"] for part in content if part["type"] == "text"]
    page = "\n".join(str(value) for one in texts for value in one.values())
    return Asked(page, tuple(map(_tool, body["tools"])), told_off=body["messages"][-1]["role"] != "user" or not texts)


def _tool(said: Mapping[str, Any]) -> Tool:
    function = said["function"]
    properties = function["parameters"]["properties"]["properties"].get("properties", {})
    return Tool(function["name"], _words(f"{function['name']} {function['description']}"), properties)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold().replace("_", " ")))
