"""Settings of requests that leave for where users name."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.egress.allow import Hosts


class Leaving(BaseSettings):
    """A part of ``Settings``; ``infra.runtime.egress.allow.allowed`` reads what is written."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    egress_allow: Hosts = Field(
        "",
        description="Hosts, or hosts with ports, that captures and fetches may reach although they are private or not"
        " on port 80 or 443; separated by commas.",
    )
