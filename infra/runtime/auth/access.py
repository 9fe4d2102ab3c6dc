"""Settings that say who may call."""

from typing import Annotated, Literal

from infra.runtime.configuration.capturing import Capturing
from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.setting_types import an_account, an_audience_list, an_endpoint

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v3/certs"


class Access(Capturing, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    auth: Annotated[
        Literal["off", "on"],
        Setting("Whether callers need an API key or a token; `off` is refused on any address but loopback."),
    ] = "off"
    audiences: Annotated[
        str | None,
        Setting(
            "Audiences of Google's identity tokens that are taken, separated by commas; none: API keys only.",
            check=an_audience_list,
        ),
    ] = None
    push_account: Annotated[
        str | None,
        Setting(
            "Service account that pushes to functions come from; none: this machine and Cloud Run may push.",
            check=an_account,
        ),
    ] = None
    google_certs_url: Annotated[
        str, Setting("Where the keys are that Google signs identity tokens with.", check=an_endpoint)
    ] = GOOGLE_CERTIFICATES
    trusted_proxies: Annotated[
        int,
        Setting(
            "Proxies of ours that add to X-Forwarded-For: who is refused often is told apart by it; 0: none.",
            ge=0,
            le=10,
        ),
    ] = 0
