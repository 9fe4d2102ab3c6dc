"""/docs shows every route, and loads nothing from anywhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.runtime.http.reference_page import page
from tests.contract.http.house import house

ROOT = Path(__file__).parents[3]
LOADING = re.compile(r"<script|<iframe|<img|@import|url\(|//")


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads((ROOT / "schemas/generated/openapi.json").read_text())


async def test_it_is_served_whole() -> None:
    async with house() as at, at.session.get(f"http://127.0.0.1:{at.port}/docs") as answer:
        text, headers = await answer.text(), answer.headers

    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<code>/parsed</code>" in text
    assert not LOADING.search(text)


def test_every_route_of_the_document_is_on_it_with_its_parameters_and_statuses(document: Any) -> None:
    text = page(document)

    assert text.count('class="method"') == sum(len(verbs) for verbs in document["paths"].values()) > 10
    for path, verbs in document["paths"].items():
        assert f"<code>{path}</code>" in text
        for told in verbs.values():
            shown = [one["name"] for one in told.get("parameters", ())] + list(told["responses"])
            assert [name for name in shown if f"<code>{name}</code>" not in text] == []


def test_every_route_that_asks_for_a_scope_says_which(document: Any) -> None:
    asking = [one for verbs in document["paths"].values() for one in verbs.values() if "security" in one]

    assert page(document).count("<p>Scope: ") == len(asking) > 10
    assert "<p>Scope: operate, all-tenants</p>" in page(document)


def test_every_link_leads_somewhere(document: Any) -> None:
    text = page(document)

    links = set(re.findall(r'href="#([^"]+)"', text))
    assert links
    assert links <= set(re.findall(r' id="([^"]+)"', text))


def test_the_words_of_a_document_are_no_markup() -> None:
    told = {"description": "<script>", "responses": {"200": {"description": "a < b"}}}
    text = page({"info": {"title": "<b>"}, "paths": {"/<i>": {"get": told}}})

    assert not re.search(r"<script|<b>|<i>|a < b", text)
    assert "&lt;script&gt;" in text
