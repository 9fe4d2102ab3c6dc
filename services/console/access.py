"""``headrace key`` and ``headrace member``: who may call. They speak to the database; no face has to run."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from infra.runtime.configuration.settings import Settings, read_settings
from services.console.report import explained, screen, table

keys = typer.Typer(help="API keys: who may call.", no_args_is_help=True)
members = typer.Typer(help="Identities of Google that may call.", no_args_is_help=True)

# Commands import what they use: `headrace --help` must answer at once.


class Scope(StrEnum):
    """What a caller may do; each includes those before it."""

    READ = "read"
    TRIGGER = "trigger"
    OPERATE = "operate"
    ADMIN = "admin"


Tenant = Annotated[str, typer.Option(help="Whose it is.")]
Whose = Annotated[str | None, typer.Option(help="Of this tenant only.")]
Profile = Annotated[str | None, typer.Option(help="Which adapters are used (HEADRACE_PROFILE).")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything of this machine lives (HEADRACE_DATA_DIR).")]
Wanted = Annotated[Scope, typer.Option(help="The most it may do; each scope includes those before it.")]
Identity = Annotated[str, typer.Argument(help="E-mail address of a person or a service account.")]
Days = Annotated[
    float | None, typer.Option(min=0, max=36_500, help="Days until it expires; without it, it holds until revoked.")
]

Read = TypeVar("Read", bound=BaseModel)

_TENANT = "default"


@keys.command("create")
def create(
    *,
    name: Annotated[str, typer.Option(help="Who uses it, for what.")],
    scope: Wanted,
    tenant: Tenant = _TENANT,
    days: Days = None,
    profile: Profile = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key. It is printed here and never again."""
    from infra.runtime.auth.key import new_key  # noqa: PLC0415  # see above
    from services.access.create_key import NewKey, create_key  # noqa: PLC0415  # see above

    with explained():
        now = datetime.now(UTC)
        expires_at = None if days is None else now + timedelta(days=days)
        new = _read(NewKey, name=name, scope=scope.value, expires_at=expires_at)
        made = _asked(
            _settings(profile, data_dir),
            lambda database: create_key(
                new, key=new_key(), now=now, tenant=tenant, created_by="headrace key create", database=database
            ),
        )
    typer.echo(made["key"])


@keys.command("list")
def list_all(tenant: Whose = None, profile: Profile = None, data_dir: DataDir = None) -> None:
    """Show the keys, without what would let anybody in."""
    from services.access.list_keys import list_keys  # noqa: PLC0415  # see above

    with explained():
        _shown(
            _asked(_settings(profile, data_dir), lambda database: list_keys(tenant=tenant, database=database))["items"]
        )


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `list` shows, not the key.")],
    tenant: Whose = None,
    profile: Profile = None,
    data_dir: DataDir = None,
) -> None:
    """Refuse a key from its next request on."""
    from services.access.revoke_key import revoke_key  # noqa: PLC0415  # see above

    with explained():
        _shown(
            [
                _asked(
                    _settings(profile, data_dir), lambda database: revoke_key(key_id, tenant=tenant, database=database)
                )
            ]
        )


@members.command("add")
def add(
    identity: Identity, scope: Wanted, tenant: Tenant = _TENANT, profile: Profile = None, data_dir: DataDir = None
) -> None:
    """Let an identity call for a tenant, or change its scope."""
    from services.access.add_member import NewMember, add_member  # noqa: PLC0415  # see above

    with explained():
        new = _read(NewMember, identity=identity, scope=scope.value)
        added = _asked(
            _settings(profile, data_dir),
            lambda database: add_member(new, tenant=tenant, created_by="headrace member add", database=database),
        )
        _shown([added])


@members.command("list")
def list_members_of(tenant: Whose = None, profile: Profile = None, data_dir: DataDir = None) -> None:
    """Show which identities call, and for whom."""
    from services.access.list_members import list_members  # noqa: PLC0415  # see above

    with explained():
        _shown(
            _asked(_settings(profile, data_dir), lambda database: list_members(tenant=tenant, database=database))[
                "items"
            ]
        )


@members.command("remove")
def remove(identity: Identity, tenant: Whose = None, profile: Profile = None, data_dir: DataDir = None) -> None:
    """Refuse an identity from its next request on."""
    from services.access.remove_member import remove_member  # noqa: PLC0415  # see above

    with explained():
        _asked(_settings(profile, data_dir), lambda database: remove_member(identity, tenant=tenant, database=database))


def _read(model: type[Read], **said: object) -> Read:
    from infra.runtime.http.wrong_fields import wrong_fields  # noqa: PLC0415  # see above

    try:
        return model(**said)
    except ValidationError as error:
        raise wrong_fields(error) from error


def _settings(profile: str | None, data_dir: Path | None) -> Settings:
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # see above

    settings = read_settings(profile=profile, data_dir=data_dir)
    logging.set_up(settings.log_level)
    return settings


def _asked(settings: Settings, use_case: Callable[[Any], Awaitable[Any]]) -> Any:
    from infra.runtime.runtime import open_database  # noqa: PLC0415  # see above

    async def ask() -> Any:
        async with open_database(settings) as database:
            return await use_case(database)

    return asyncio.run(ask())


def _shown(rows: Sequence[dict[str, Any]]) -> None:
    if sys.stdout.isatty():
        screen().print(table(rows))
        return
    for row in rows:
        typer.echo(json.dumps(row, default=str, ensure_ascii=False))
