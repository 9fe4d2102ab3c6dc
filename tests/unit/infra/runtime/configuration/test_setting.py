"""How what is said of a setting becomes its value, or is refused."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Struct

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting, declared


def whole(value: str) -> str:
    if not value.strip():
        msg = "must not be blank"
        raise ValueError(msg)
    return value.strip()


class Few(Struct, frozen=True, kw_only=True):
    flag: Annotated[bool, Setting("A flag.")] = False
    count: Annotated[int | None, Setting("A count.", ge=1, le=1_000)] = None
    jobs: Annotated[int, Setting("Without a limit.")] = 0
    size: Annotated[int, Setting("With one.", le=1 << 40)] = 0
    seconds: Annotated[float, Setting("A time.", gt=0, variable="SECONDS")] = 1.0
    level: Annotated[Literal["low", "high"], Setting("A level.")] = "low"
    place: Annotated[Path | None, Setting("A place.")] = None
    token: Annotated[Secret | None, Setting("A token.")] = None
    name: Annotated[str | None, Setting("A name.", check=whole)] = None
    beside: frozenset[str] = frozenset()


FEW = declared(Few)


def test_what_is_declared_is_a_setting_and_nothing_else() -> None:
    assert {field: one.variable for field, one in FEW.items()} == {
        "flag": "HEADRACE_FLAG",
        "count": "HEADRACE_COUNT",
        "jobs": "HEADRACE_JOBS",
        "size": "HEADRACE_SIZE",
        "seconds": "SECONDS",
        "level": "HEADRACE_LEVEL",
        "place": "HEADRACE_PLACE",
        "token": "HEADRACE_TOKEN",
        "name": "HEADRACE_NAME",
    }


@pytest.mark.parametrize(
    ("field", "said", "meant"),
    [
        *(("flag", said, True) for said in ("true", "TRUE", "True", "1", "yes", "Y", "on", "t")),
        *(("flag", said, False) for said in ("false", "FALSE", "0", "no", "N", "off", "F")),
        ("flag", " true\n", True),
        ("flag", True, True),
        ("count", "7", 7),
        ("count", " 7 ", 7),
        ("count", "1_000", 1_000),
        ("count", 7, 7),
        ("jobs", "1000000000", 1_000_000_000),
        ("size", "1000000001", 1_000_000_001),
        ("seconds", "1e3", 1_000.0),
        ("seconds", " 0.5", 0.5),
        ("seconds", 2, 2.0),
        ("level", "high", "high"),
        ("level", "high\r\n", "high"),
        ("place", "/data", Path("/data")),
        ("place", Path("/data"), Path("/data")),
        ("token", "t", Secret("t")),
        ("token", " t u\n", Secret("t u")),
        ("token", Secret("t"), Secret("t")),
        ("name", " a_b ", "a_b"),
        ("name", "null", "null"),
    ],
)
def test_what_is_said_becomes_the_settings_own_type(field: str, said: object, meant: Any) -> None:
    found = FEW[field].value(said)

    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("field", "said", "right"),
    [
        ("flag", "perhaps", "must be true or false"),
        ("flag", "2", "must be true or false"),
        ("count", "many", "must be a whole number, at least 1, at most 1000"),
        ("count", "1.5", "must be a whole number, at least 1, at most 1000"),
        ("count", "null", "must be a whole number, at least 1, at most 1000"),
        ("count", "0", "must be a whole number, at least 1, at most 1000"),
        ("count", "1001", "must be a whole number, at least 1, at most 1000"),
        ("seconds", "0", "must be a number, more than 0"),
        ("seconds", "nan", "must be a number, more than 0"),
        ("seconds", "inf", "must be a number, more than 0, at most 1000000000"),
        ("seconds", "Infinity", "must be a number, more than 0, at most 1000000000"),
        ("seconds", "1000000001", "must be a number, more than 0, at most 1000000000"),
        ("jobs", "1000000001", "must be a whole number, at most 1000000000"),
        ("level", "HIGH", "must be 'low' or 'high'"),
        ("name", 3, "must be text"),
        ("name", " ", "must not be blank"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_right(field: str, said: object, right: str) -> None:
    with pytest.raises(ValueError, match=f"^{right}$"):
        FEW[field].value(said)
