"""The settings as people see them: environment variables with their meaning, and secrets never in the clear."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from infra.runtime.configuration.settings import Settings, variable
from infra.runtime.telemetry.redaction import scrub


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One setting. ``value`` is empty when it is unset, and masked when it is a secret."""

    name: str
    value: str
    given: bool
    description: str


def variables(settings: Settings) -> list[Variable]:
    """Every setting with its effective value, in the order of their declaration."""
    return [
        Variable(
            name=variable(field),
            value=_shown(getattr(settings, field)),
            given=field in settings.model_fields_set,
            description=_meaning(info),
        )
        for field, info in Settings.model_fields.items()
    ]


def defaults() -> list[Variable]:
    """Every setting as it is when nothing is set."""
    return variables(Settings.model_construct())


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables with which another process of ours has the same settings; secrets in the clear."""
    usual = Settings.model_construct()
    changed = {field: value for field in Settings.model_fields if (value := getattr(settings, field)) is not None}
    return {variable(field): _written(value) for field, value in changed.items() if value != getattr(usual, field)}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value.resolve())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else scrub(str(value))


def _meaning(info: FieldInfo) -> str:
    limits = ", ".join(_limits(info))
    return f"{info.description} ({limits})" if limits else str(info.description)


def _limits(info: FieldInfo) -> Iterator[str]:
    for word, name in (("at least", "ge"), ("more than", "gt"), ("at most", "le")):
        for rule in info.metadata:
            if (limit := getattr(rule, name, None)) is not None:
                yield f"{word} {limit:g}"
