"""Settings of the models that say what is on a page."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.configuration.setting_types import Origin


class Models(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    openai_base_url: Origin | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        description="An OpenAI-compatible API, with its /v1; unset: OpenAI's with a key, else a local classifier.",
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Bearer token for that API; one without tokens needs none."
    )
    openai_model: str = Field(
        "gpt-4o-mini",
        min_length=1,
        validation_alias="OPENAI_MODEL",
        description="The model that is asked; it must see pictures and call tools.",
    )
    classify_seconds: float = Field(90.0, gt=0, le=120, description="How long a model may take for one page.")
