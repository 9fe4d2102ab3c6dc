"""How a setting is declared, and how what is said of it becomes its value.

    port: Annotated[int, Setting("Port of every face.", ge=0, le=65535)] = 8080

Our own, because pydantic's way took a quarter of the time in which a function starts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, get_args, get_type_hints

from msgspec import Struct, ValidationError, convert

PREFIX = "HEADRACE_"
MOST = 10**9  # of a number that names no limit: as seconds 31 years, and it fits wherever it is kept
_TRUTH = {"yes": True, "y": True, "on": True, "t": True, "no": False, "n": False, "off": False, "f": False}
_WORDS: Mapping[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


class Setting(Struct, frozen=True):
    """What a setting is for, and which values it takes.

    ``check`` gives a value in its one form, and raises ``ValueError`` with what would be right. ``variable`` is the
    setting's name in the environment where that is not its field's behind HEADRACE_.
    """

    description: str
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    check: Callable[[Any], Any] | None = None
    variable: str | None = None

    @property
    def limits(self) -> Iterator[str]:
        """The limits in words."""
        named = {"at least": self.ge, "more than": self.gt, "at most": self.le}
        return (f"{word} {limit}" for word, limit in named.items() if limit is not None)

    def allows(self, value: Any) -> bool:
        """Whether the value is within the limits."""
        above = (self.ge is None or value >= self.ge) and (self.gt is None or value > self.gt)
        return above and (self.le is None or value <= self.le)


class Declared(Struct, frozen=True):
    """A setting as it stands in a class. ``kind`` is the type of a value that is set."""

    variable: str
    kind: Any
    setting: Setting

    def value(self, said: object) -> Any:
        """What is said, as the setting's own type. Raises ``ValueError``, which says what would be right."""
        try:
            found = convert(_plain(said, self.kind), self.kind, strict=False, dec_hook=_made)
        except ValidationError:
            raise ValueError(self._right) from None
        if not self.setting.allows(found):
            raise ValueError(self._right)
        if isinstance(found, int | float) and found > MOST and self.setting.le is None:
            raise ValueError(f"{self._right}, at most {MOST}")
        return self.setting.check(found) if self.setting.check is not None else found

    @property
    def _right(self) -> str:
        words = _WORDS.get(self.kind) or _listed(get_args(self.kind))
        return ", ".join((f"must be {words}", *self.setting.limits))


def declared(settings: type[Struct]) -> dict[str, Declared]:
    """The settings of a class by their fields, in the order of their declaration."""
    hints = get_type_hints(settings, include_extras=True)
    said = {field: hint.__metadata__[0] for field, hint in hints.items() if hasattr(hint, "__metadata__")}
    return {
        field: Declared(setting.variable or f"{PREFIX}{field.upper()}", _kind(hints[field].__origin__), setting)
        for field, setting in said.items()
    }


def _kind(hint: Any) -> Any:
    kinds = [one for one in get_args(hint) if one is not NoneType]
    return kinds[0] if NoneType in get_args(hint) else hint


def _listed(values: Sequence[object]) -> str:
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}"


def _plain(said: object, kind: Any) -> object:
    if not isinstance(said, str):
        return said
    bare = said.strip()  # of a file that was read into a variable or a secret, the end of its line comes along
    if kind is bool:
        return _TRUTH.get(bare.lower(), bare)
    return bare.replace("_", "") if kind in {int, float} else bare


def _made(kind: type, said: Any) -> Any:
    return said if isinstance(said, kind) else kind(said)
