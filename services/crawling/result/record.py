"""One line of a result: whether it is a record we can keep for ever, and what it says about itself."""

from typing import Any, Literal, Union

import msgspec

MAX_DEPTH = 64

Fault = Literal["not_json", "not_utf8", "not_an_object", "number_out_of_range", "too_deep"]

MEDIA = frozenset(
    f"{name}{ending}" for name in ("image", "photo", "picture", "thumbnail", "video") for ending in ("", "s", "_url")
) | {"image_urls", "photo_urls", "video_urls", "media", "media_url", "media_urls", "attachment", "attachments"}
"""Top-level names under which providers put links to media."""

_MARKS = MEDIA | {"error", "error_code"}
_SCHEMES = ("https://", "http://", "HTTPS://", "HTTP://")
_SCALAR = None | bool | int | float | str
_ORDINARY_DEPTH = 8  # the whole type below is a tree of 2 ** this many nodes


class BadLine(Exception):
    """Not a record; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def _ordinary() -> Any:
    value: Any = _SCALAR
    for _ in range(_ORDINARY_DEPTH - 1):
        value = Union[_SCALAR, list[value], dict[str, value]]  # noqa: UP007  # the operator does not take variables
    return dict[str, value]


decode_ordinary = msgspec.json.Decoder(_ordinary()).decode
"""Decode a record of ordinary depth. Any exception means: let ``decode_record`` decide.

A type is what bounds the depth at the parser's own speed. Skipping over values would be faster still, but then
nobody looks at their numbers and their UTF-8.
"""

unmarked = _MARKS.isdisjoint
"""Whether a record is no error and has no media, told by its names alone."""

_decode_anything = msgspec.json.Decoder().decode


def decode_record(line: bytes) -> dict[str, Any]:
    """Decode one line. Raises ``BadLine`` for whatever some reader of JSON could choke on, and nothing else."""
    try:
        record = _decode_anything(line)
    except RecursionError as error:
        raise BadLine("too_deep") from error
    except UnicodeDecodeError as error:
        raise BadLine("not_utf8") from error
    except msgspec.ValidationError as error:
        raise BadLine("number_out_of_range") from error
    except ValueError as error:
        raise BadLine("not_json") from error
    if not isinstance(record, dict):
        raise BadLine("not_an_object")
    if _deeper_than(MAX_DEPTH, record):
        raise BadLine("too_deep")
    return record


def _deeper_than(limit: int, record: dict[str, Any]) -> bool:
    level: list[Any] = [record]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def is_error(record: dict[str, Any]) -> bool:
    """Whether the provider reports a failed input here instead of a result."""
    return bool(record.get("error_code")) or bool(record.get("error") and "input" in record)


def count_media(record: dict[str, Any]) -> int:
    """How many links to media a record carries under the names in ``MEDIA``."""
    return sum([_links(record[name]) for name in MEDIA.intersection(record)])


def _links(value: Any) -> int:
    if isinstance(value, str):
        return value.startswith(_SCHEMES)
    if isinstance(value, dict):
        return _links(value.get("url"))
    return sum(map(_links, value)) if isinstance(value, list) else 0
