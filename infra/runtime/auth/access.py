"""Settings that say who may call."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.configuration.setting_types import Account, Audiences, Endpoint

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v3/certs"


class Access(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    auth: Literal["off", "on"] = Field(
        "off", description="Whether callers need an API key or a token; `off` is refused on any address but loopback."
    )
    audiences: Audiences | None = Field(
        None,
        description="Audiences of Google's identity tokens that are taken, separated by commas; none: API keys only.",
    )
    push_account: Account | None = Field(
        None,
        description="Service account that pushes to functions come from; none: this machine and Cloud Run may push.",
    )
    google_certs_url: Endpoint = Field(
        GOOGLE_CERTIFICATES, description="Where the keys are that Google signs identity tokens with."
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="Proxies of ours that add to X-Forwarded-For: who is refused often is told apart by it; 0: none.",
    )
