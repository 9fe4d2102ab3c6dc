"""Settings that say what things cost and how long they are kept."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from infra.runtime.configuration.models import Models
from infra.runtime.configuration.setting import Setting


def read_prices(text: str) -> dict[str, Decimal]:
    """Prices by provider. Raises ``ValueError``."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    try:
        prices = {name.strip(): Decimal(price.strip()) for name, _, price in pairs}
    except InvalidOperation:
        prices = {"": Decimal(0)}
    if not all(name and price.is_finite() and price >= 0 for name, price in prices.items()):
        msg = "must be prices by provider, like bright_data=1.5,firecrawl=0.83"
        raise ValueError(msg)
    return prices


def _prices(text: str) -> str:
    read_prices(text)
    return text


class Costs(Models, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    prices: Annotated[
        str,
        Setting(
            "What a thousand records cost at each provider, in the currency of your budgets; others: nothing.",
            check=_prices,
        ),
    ] = "bright_data=1.5"
    result_retention_days: Annotated[
        int | None,
        Setting(
            "Days results, their media and documents are kept where no order says it; unset: for ever.", ge=1, le=3650
        ),
    ] = None
    media_max_bytes: Annotated[int, Setting("Most bytes of one medium that is fetched.", ge=1, le=1 << 30)] = 20_971_520
    records_per_input: Annotated[
        int, Setting("Records reserved for each input of an order that limits nothing itself.", ge=1)
    ] = 100
