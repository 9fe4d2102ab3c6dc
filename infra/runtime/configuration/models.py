"""Settings of the models that say what is on a page."""

from typing import Annotated

from infra.runtime.configuration.providers import Providers
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.setting_types import a_token, an_origin


class Models(Providers, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    openai_base_url: Annotated[
        str | None,
        Setting(
            "An OpenAI-compatible API, with its /v1; unset: OpenAI's with a key, else a local classifier.",
            check=an_origin,
            variable="OPENAI_BASE_URL",
        ),
    ] = None
    openai_api_key: Annotated[
        Secret | None,
        Setting("Bearer token for that API; one without tokens needs none.", check=a_token, variable="OPENAI_API_KEY"),
    ] = None
    openai_model: Annotated[
        str,
        Setting("The model that is asked; it must see pictures and call tools.", variable="OPENAI_MODEL"),
    ] = "gpt-4o-mini"
    classify_seconds: Annotated[float, Setting("How long a model may take for one page.", gt=0, le=120)] = 90.0
