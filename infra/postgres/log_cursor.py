"""A place in a log: ``epoch-xid-number``. Numbers alone commit out of order and would lose lines."""

import re
from typing import ClassVar, NamedTuple

from schemas.problem import Problem

_FORM = re.compile(r"(\d{1,9})-(\d{1,19})-(\d{1,18})", re.ASCII)


class InvalidCursor(Problem):
    """What was given is no place in the log."""

    code: ClassVar[str] = "INVALID_CURSOR"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This is not a place in the log"
    recovery: ClassVar[str] = "Use a next_page_token or the id of a streamed event as it was given, or leave it out."


class CursorExpired(Problem):
    """The place existed, but what followed it is no longer known."""

    code: ClassVar[str] = "CURSOR_EXPIRED"
    status: ClassVar[int] = 410
    title: ClassVar[str] = "Events after this place are no longer kept"
    recovery: ClassVar[str] = "Read again without `after`, from the oldest event that is kept, and compare by event id."


class Cursor(NamedTuple):
    """After which line somebody reads on. Compares in the order of the log."""

    epoch: int
    xid: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.xid}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what ``str`` wrote. Raises ``InvalidCursor``."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidCursor
        return cls(*map(int, found.groups()))

    @property
    def at_start(self) -> bool:
        """Whether nothing lies before it."""
        return (self.xid, self.number) == (0, 0)
