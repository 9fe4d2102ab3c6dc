"""Settings of those who collect for us: where each provider is, what opens it, and how politely it is asked."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.configuration.setting_types import Origin

MOST_SECRETS = 2


def _secrets(value: SecretStr) -> SecretStr:
    found = [one for one in value.get_secret_value().split(",") if one.strip()]
    if not 1 <= len(found) <= MOST_SECRETS:
        msg = "must be one secret, or two separated by a comma"
        raise ValueError(msg)
    return value


class Providers(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    bright_data_api_url: Origin | None = Field(
        None,
        validation_alias="BRIGHT_DATA_API_URL",
        description="Origin of the Bright Data API; unset: the real one with a token, the simulator without.",
    )
    bright_data_api_token: SecretStr | None = Field(
        None, validation_alias="BRIGHT_DATA_API_TOKEN", description="Bearer token for Bright Data."
    )
    bright_data_batch_size: int = Field(10_000, ge=1_000, description="Records a part when a snapshot is downloaded.")
    bright_data_requests_per_second: float = Field(
        100.0, gt=0, description="Ceiling for all calls to Bright Data by one process."
    )
    bright_data_in_flight: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Calls to Bright Data under way at once; a sudden refusal hits them all, and 25 block the address.",
    )

    firecrawl_api_url: Origin | None = Field(
        None,
        validation_alias="FIRECRAWL_API_URL",
        description="Origin of the Firecrawl API; unset: the real one with a key, the simulator without.",
    )
    firecrawl_api_key: SecretStr | None = Field(
        None, validation_alias="FIRECRAWL_API_KEY", description="Bearer token for Firecrawl."
    )
    firecrawl_webhook_secret: Annotated[SecretStr, AfterValidator(_secrets)] | None = Field(
        None,
        validation_alias="FIRECRAWL_WEBHOOK_SECRET",
        description="Proves Firecrawl's webhooks; while it is changed two, separated by a comma; unset: none is taken.",
    )
    firecrawl_unsigned_webhooks: bool = Field(
        default=False,
        description="Take webhooks without a signature, as a Firecrawl of your own sends them, by the crawl's token.",
    )
    firecrawl_documents_per_part: int = Field(
        1000, ge=1, le=100_000, description="Documents a part when a Firecrawl result is downloaded."
    )
    firecrawl_requests_per_second: float = Field(
        5.0, gt=0, description="Ceiling for all calls to Firecrawl by one process."
    )
    firecrawl_in_flight: int = Field(10, ge=1, le=10_000, description="Calls to Firecrawl under way at once.")

    website_delay_seconds: float = Field(
        0.5,
        ge=0,
        le=60,
        description="Least seconds between two requests to one host of a web site, whoever asks it; 0: none.",
    )
    website_requests_a_host: int = Field(
        2, ge=1, le=16, description="Requests to one host of a web site under way at once, over all workers."
    )
    website_workers: int = Field(3, ge=1, le=100, description="Web sites a process collects at once.")
