"""What a child process says: a module of its own, since all that a child imports is paid again for each piece of work."""

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """What a child says at its end: what the function returned, or how it failed."""

    value: Any = None
    problem: tuple[str, str, str, dict[str, Any]] | None = None  # module, class, detail, extra
    limit: str | None = None
    error: str | None = None
