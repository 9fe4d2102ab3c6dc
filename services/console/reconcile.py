"""``headrace reconcile``: what a provider has that nobody here owns. It speaks to database and provider itself."""

import asyncio
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.runtime.configuration.settings import Settings, read_settings
from services.console.report import explained, screen, table

Profile = Annotated[str | None, typer.Option(help="Which adapters are used (HEADRACE_PROFILE).")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything of this machine lives (HEADRACE_DATA_DIR).")]


def reconcile(
    *,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Make each a crawl, fetched as any other; buys nothing.")
    ] = False,
    provider: Annotated[str, typer.Option(help="Who is asked.")] = "bright_data",
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only this dataset; may be repeated. Without it: all ordered before.")
    ] = None,
    days: Annotated[float, typer.Option(min=0, max=365, help="How far to look back.")] = 16.0,
    tenant: Annotated[str, typer.Option(help="Whose the adopted crawls become.")] = "default",
    profile: Profile = None,
    data_dir: DataDir = None,
) -> None:
    """List the provider's snapshots that no crawl has; with --adopt, take them in."""
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # `headrace --help` must answer at once

    with explained():
        settings = read_settings(profile=profile, data_dir=data_dir)
        logging.set_up(settings.log_level)
        since = datetime.now(UTC) - timedelta(days=days)
        asked: dict[str, Any] = {"dataset_ids": dataset or [], "since": since, "tenant": tenant, "adopt": adopt}
        found = asyncio.run(_reconciled(settings, provider, asked))
    if sys.stdout.isatty():
        screen().print(table(found) if found else "Every snapshot there has its crawl.")
        return
    for row in found:
        typer.echo(json.dumps(row, ensure_ascii=False))


async def _reconciled(settings: Settings, name: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    from infra.runtime.runtime import open_runtime  # noqa: PLC0415  # see above
    from services.crawling.reconcile_provider import NotListed, reconcile_provider  # noqa: PLC0415  # see above
    from services.crawling.wiring import crawling  # noqa: PLC0415  # see above

    async with open_runtime(settings) as runtime:
        context = runtime.once(crawling)
        if (provider := context.providers.get(name)) is None or not provider.lists:
            listing = [one.name for one in context.providers.values() if one.lists]
            raise NotListed(f"{name!r} is none of {', '.join(listing)}", allowed=listing)
        return await reconcile_provider(
            provider,
            webhook_token=secrets.token_urlsafe(32),
            database=context.database,
            policy=context.policy,
            **asked,
        )
