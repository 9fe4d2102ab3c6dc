"""Concepts and pages without a database, a model's stand-in, and the model that asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.local.simulators.llm import Llm, serve
from infra.runtime.configuration.secret import Secret
from infra.runtime.egress.session import late_session
from services.documents.models.openai import OpenAI
from services.documents.ontology.concept import Concept
from services.documents.page import Page

NOW = datetime(2025, 11, 22, tzinfo=UTC)
KEY = "sk-canary-5f1b9e0c77"


def concept(name: str, description: str = "", *properties: dict[str, Any], **more: Any) -> Concept:
    return Concept.model_validate(
        {
            "id": uuid4(),
            "name": name,
            "description": description,
            "synonyms": [],
            "parent": None,
            "parent_id": None,
            "properties": list(properties),
            "classifiable": True,
            "version": 1,
            "created_at": NOW,
            "created_by": None,
            "updated_at": NOW,
            **more,
        }
    )


PRODUCT = concept(
    "Product",
    "Something for sale in a shop, with a price.",
    {"name": "brand", "type": "string"},
    {"name": "note", "type": "string"},
    {"name": "price", "type": "number"},
    {"name": "colour", "type": "enum", "values": ["red", "green"]},
    {"name": "released", "type": "date"},
    {"name": "sizes", "type": "list"},
    synonyms=["article"],
)
VACANCY = concept("Vacancy", "A job opening that people can apply for.", synonyms=["job", "position"])
NEWS = concept("News", "A report about something that happened.", {"name": "author", "type": "string"})
OFFERED = [PRODUCT, VACANCY, NEWS]


def page(text: str = "brand: Northmill\nprice: 12\nArticle for sale in our shop.", **more: Any) -> Page:
    given = {
        "tenant": "default",
        "source_id": None,
        "job_id": uuid4(),
        "attempt": 1,
        "url": "https://shop.example/lamp",
        "title": "Lamp",
        "captured_at": NOW,
    }
    return Page(**{**given, "text": text, **more})


@dataclass
class Rig:
    """The stand-in, and who asks it."""

    server: Llm
    model: OpenAI


@asynccontextmanager
async def asking(*script: str, seconds: float = 5.0, key: str | None = KEY) -> AsyncIterator[Rig]:
    """A model whose answers are these."""
    server = await serve(script=script)
    try:
        async with late_session() as session:
            secret = Secret(key) if key else None
            yield Rig(server, OpenAI(session, base_url=server.url, key=secret, model="sim", seconds=seconds))
    finally:
        await server.close()
