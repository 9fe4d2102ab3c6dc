"""Settings that say what things cost and how long they are kept."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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


class Costs(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    prices: Annotated[str, AfterValidator(_prices)] = Field(
        "bright_data=1.5",
        description="What a thousand records cost at each provider, in the currency of your budgets; others: nothing.",
    )
    result_retention_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="Days results, their media and documents are kept where no order says it; unset: for ever.",
    )
    media_max_bytes: int = Field(20_971_520, ge=1, le=1 << 30, description="Most bytes of one medium that is fetched.")
    records_per_input: int = Field(
        100, ge=1, description="Records reserved for each input of an order that limits nothing itself."
    )
