"""Settings of those who collect for us: where each provider is, what opens it, and how politely it is asked."""

from typing import Annotated

from infra.runtime.configuration.leaving import Leaving
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.setting_types import a_token, an_origin

MOST_SECRETS = 2


def _secrets(value: Secret) -> Secret:
    found = [one for one in value.clear.split(",") if one.strip()]
    if not 1 <= len(found) <= MOST_SECRETS:
        msg = "must be one secret, or two separated by a comma"
        raise ValueError(msg)
    return value


class Providers(Leaving, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    bright_data_api_url: Annotated[
        str | None,
        Setting(
            "Origin of the Bright Data API; unset: the real one with a token, the simulator without.",
            check=an_origin,
            variable="BRIGHT_DATA_API_URL",
        ),
    ] = None
    bright_data_api_token: Annotated[
        Secret | None, Setting("Bearer token for Bright Data.", check=a_token, variable="BRIGHT_DATA_API_TOKEN")
    ] = None
    bright_data_batch_size: Annotated[int, Setting("Records a part when a snapshot is downloaded.", ge=1_000)] = 10_000
    bright_data_requests_per_second: Annotated[
        float, Setting("Ceiling for all calls to Bright Data by one process.", gt=0)
    ] = 100.0
    bright_data_in_flight: Annotated[
        int,
        Setting(
            "Calls to Bright Data under way at once; a sudden refusal hits them all, and 25 block the address.",
            ge=1,
            le=10_000,
        ),
    ] = 20

    firecrawl_api_url: Annotated[
        str | None,
        Setting(
            "Origin of the Firecrawl API; unset: the real one with a key, the simulator without.",
            check=an_origin,
            variable="FIRECRAWL_API_URL",
        ),
    ] = None
    firecrawl_api_key: Annotated[
        Secret | None, Setting("Bearer token for Firecrawl.", check=a_token, variable="FIRECRAWL_API_KEY")
    ] = None
    firecrawl_webhook_secret: Annotated[
        Secret | None,
        Setting(
            "Proves Firecrawl's webhooks; while it is changed two, separated by a comma; unset: none is taken.",
            check=_secrets,
            variable="FIRECRAWL_WEBHOOK_SECRET",
        ),
    ] = None
    firecrawl_unsigned_webhooks: Annotated[
        bool, Setting("Take webhooks without a signature, as a Firecrawl of your own sends them, by the crawl's token.")
    ] = False
    firecrawl_documents_per_part: Annotated[
        int, Setting("Documents a part when a Firecrawl result is downloaded.", ge=1, le=100_000)
    ] = 1000
    firecrawl_requests_per_second: Annotated[
        float, Setting("Ceiling for all calls to Firecrawl by one process.", gt=0)
    ] = 5.0
    firecrawl_in_flight: Annotated[int, Setting("Calls to Firecrawl under way at once.", ge=1, le=10_000)] = 10

    website_delay_seconds: Annotated[
        float,
        Setting("Least seconds between two requests to one host of a web site, whoever asks it; 0: none.", ge=0, le=60),
    ] = 0.5
    website_requests_a_host: Annotated[
        int, Setting("Requests to one host of a web site under way at once, over all workers.", ge=1, le=16)
    ] = 2
    website_workers: Annotated[int, Setting("Web sites a process collects at once.", ge=1, le=100)] = 3
