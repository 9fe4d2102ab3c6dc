"""Settings of requests that leave for where users name."""

from typing import Annotated

from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.uploading import Uploading
from infra.runtime.egress.allow import a_host_list


class Leaving(Uploading, frozen=True, kw_only=True):
    """A part of ``Settings``; ``infra.runtime.egress.allow.allowed`` reads what is written."""

    egress_allow: Annotated[
        str,
        Setting(
            "Hosts, or hosts with ports, that captures and fetches may reach although they are private or not"
            " on port 80 or 443; separated by commas.",
            check=a_host_list,
        ),
    ] = ""
