"""Forms with a file in them, part by part as they arrive: nothing of the file is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from schemas.problem import Problem

MOST_PARTS = 10
MOST_TEXT = 64 << 10  # bytes of a field that is no file

Taken = TypeVar("Taken")


class FormRefused(Problem):
    """The request is no form with one file in it."""

    code: ClassVar[str] = "FORM_REFUSED"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This is no upload"
    recovery: ClassVar[str] = "Send multipart/form-data with one file, for example `curl -F file=@rows.csv`."


@dataclass
class Form(Generic[Taken]):
    """What a form held: the texts of its fields, and what was made of its file."""

    fields: dict[str, str] = field(default_factory=dict)
    taken: Taken | None = None


@dataclass
class _Events:
    """What the parser has found: begins with their headers, data, ends."""

    waiting: list[tuple[str, bytes]] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    value: bytes = b""
    ended: bool = False

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self.headers.clear,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_begin,
                "on_part_data": self._on_data,
                "on_part_end": lambda: self.waiting.append(("end", b"")),
                "on_end": self._on_end,
            },
        )

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _on_header(self) -> None:
        self.headers[self.name.lower()] = self.value
        self.name = self.value = b""

    def _on_begin(self) -> None:
        self.waiting.append(("begin", self.headers.get(b"content-disposition", b"")))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self.waiting.append(("data", data[start:end]))

    def _on_end(self) -> None:
        self.ended = True


async def read_form(
    content_type: str,
    stream: AsyncIterator[bytes],
    *,
    file: str,
    take: Callable[[str, AsyncIterator[bytes]], Awaitable[Taken]],
) -> Form[Taken]:
    """Read a form whose field ``file`` is a file; ``take`` is given its name and its bytes while they arrive.

    Raises ``FormRefused``, after ``take`` too: whoever took something then lets go of it.
    """
    events, form, parts = _events(content_type, stream), Form[Taken](), 0
    async for kind, said in events:
        if kind != "begin":
            continue
        parts += 1
        if parts > MOST_PARTS:
            raise FormRefused(f"It has more than {MOST_PARTS} parts")
        _, options = parse_options_header(said)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            form.fields[name] = await _text(_data(events))
        elif name == file and form.taken is None:
            form.taken = await take(options[b"filename"].decode("utf-8", "replace"), _data(events))
        else:
            raise FormRefused(f"It has a file that is not the one in the field {file}")
    return form


async def _events(content_type: str, stream: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, bytes]]:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormRefused("Its Content-Type is not multipart/form-data with a boundary")
    found = _Events()
    try:
        parser = found.parser(options[b"boundary"])
        async for block in stream:
            parser.write(block)
            waiting, found.waiting = found.waiting, []
            for event in waiting:
                yield event
    except FormParserError as error:
        raise FormRefused(f"It cannot be read: {error}") from error
    if not found.ended:
        raise FormRefused("It stops before its end")


async def _data(events: AsyncIterator[tuple[str, bytes]]) -> AsyncIterator[bytes]:
    async for kind, said in events:
        if kind == "end":
            return
        yield said


async def _text(blocks: AsyncIterator[bytes]) -> str:
    said = b""
    async for block in blocks:
        said += block
        if len(said) > MOST_TEXT:
            raise FormRefused(f"A field has more than {MOST_TEXT} bytes")
    return said.decode("utf-8", "replace")
