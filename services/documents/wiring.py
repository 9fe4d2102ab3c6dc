"""The documents context, put together from a process's runtime."""

from dataclasses import dataclass

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from services.documents.models import local, openai
from services.documents.models.resting import Resting
from services.documents.ports import Model


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the context's use cases may touch."""

    database: Database
    model: Model


def documents(runtime: Runtime) -> Documents:
    """Build the context; once a process, through ``runtime.once(documents)``."""
    asked = openai.build(runtime.settings, runtime.session)
    return Documents(database=runtime.database, model=Resting(asked) if asked else local.build())
