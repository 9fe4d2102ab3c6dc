"""What a child process says. Apart from who reads it: what a child loads is paid for with each piece of work."""

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """What a child says at its end: what the function returned, or how it failed."""

    value: Any = None
    problem: tuple[str, str, str, dict[str, Any]] | None = None  # module, class, detail, extra
    limit: str | None = None
    error: str | None = None
