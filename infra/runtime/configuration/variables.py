"""The settings as people see them: environment variables with their meaning, and secrets never in the clear."""

from dataclasses import dataclass
from pathlib import Path

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.settings import DECLARED, Settings
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
            name=one.variable,
            value=_shown(getattr(settings, field)),
            given=field in settings.given,
            description=_meaning(one.setting),
        )
        for field, one in DECLARED.items()
    ]


def defaults() -> list[Variable]:
    """Every setting as it is when nothing is set."""
    return variables(Settings())


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables with which another process of ours has the same settings; secrets in the clear."""
    usual = Settings()
    changed = {field: value for field in DECLARED if (value := getattr(settings, field)) is not None}
    return {
        DECLARED[field].variable: _written(value) for field, value in changed.items() if value != getattr(usual, field)
    }


def _written(value: object) -> str:
    if isinstance(value, Secret):
        return value.clear
    if isinstance(value, Path):
        return str(value.resolve())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Secret):
        return "***"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else scrub(str(value))


def _meaning(setting: Setting) -> str:
    limits = ", ".join(setting.limits)
    return f"{setting.description} ({limits})" if limits else setting.description
