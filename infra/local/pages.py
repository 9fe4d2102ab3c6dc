"""Parts of pages for people, made from what the code knows."""

from collections.abc import Mapping
from typing import Any

from infra.runtime.configuration.variables import defaults
from infra.runtime.markdown import table

_ENV_HEADER = """\
# Every setting with its default; what is commented out need not be set. Written by `make generate`.
# Use it: cp .env.example .env, edit, then: set -a; . ./.env; set +a
"""


def settings() -> str:
    """The table of settings."""
    rows = ([f"`{one.name}`", f"`{one.value}`" if one.value else "", one.description] for one in defaults())
    return table([["Variable", "Default", "What it does"], *rows])


def env_example() -> str:
    """The settings as a file for a shell."""
    return _ENV_HEADER + "".join(f"\n# {one.description}\n#{one.name}={one.value}\n" for one in defaults())


def routes(document: Mapping[str, Any]) -> str:
    """The table of routes of an OpenAPI document."""
    found = ((path, method, about) for path, methods in document["paths"].items() for method, about in methods.items())
    rows = (
        [f"`{method.upper()} {path}`", _scope(about), _first_words(about["description"])]
        for path, method, about in found
    )
    return table([["Route", "Scope", "What it does"], *rows])


def _scope(operation: Mapping[str, Any]) -> str:
    asked = [scope for one in operation.get("security", ()) for scopes in one.values() for scope in scopes]
    return ", ".join(asked) or "everybody"


def _first_words(description: str) -> str:
    """The first paragraph, on one line: a table's cell holds no more."""
    return " ".join(description.split("\n\n", maxsplit=1)[0].split())
