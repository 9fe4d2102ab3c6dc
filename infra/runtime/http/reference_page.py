"""``/docs``: the OpenAPI document as a page to read, whole in itself: it loads nothing from anywhere."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

# The page has no script, and its style stands in it; nothing else may be loaded.
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1b2733 }
code { font: 13px ui-monospace, monospace } summary { cursor: pointer; padding: .3rem 0 }
details { border-bottom: 1px solid #dde3e9 } details > div { padding: 0 0 1rem 1.5rem }
table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0 }
td:last-child { white-space: pre-line } .method { display: inline-block; width: 4.5rem; font-weight: 600 }
"""


def reference_page() -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        """Every route of this process."""
        return HTMLResponse(page(request.app.openapi()), headers=_HEADERS)

    return router


def page(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as HTML: routes by their tag, with parameters, bodies and answers; then all schemas."""
    title = escape(document["info"]["title"])
    routes: dict[str, list[str]] = {}
    for path, verbs in document["paths"].items():
        for method, told in verbs.items():
            routes.setdefault(told.get("tags", ["other"])[0], []).append(_route(method, path, told))
    groups = "".join(f"<h2>{escape(tag)}</h2>{''.join(ones)}" for tag, ones in routes.items())
    schemas = document.get("components", {}).get("schemas", {})
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        f'<p>The same for programs: <a href="openapi.json">openapi.json</a>.</p>{groups}'
        f"<h2>Bodies</h2>{''.join(_schema(name, schema) for name, schema in sorted(schemas.items()))}</body></html>"
    )


def _route(method: str, path: str, told: Mapping[str, Any]) -> str:
    parameters = [
        (
            one["name"],
            one["in"] + _needed(one.get("required")),
            _type(one["schema"]),
            _said(one) or _said(one["schema"]),
        )
        for one in told.get("parameters", ())
    ]
    answers = [(status, _content(answer), _said(answer)) for status, answer in told["responses"].items()]
    body = told.get("requestBody")
    return _details(
        f'<span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code>',
        f"<p>{escape(_said(told))}</p>{_scope(told)}",
        _table(("Parameter", "Where", "Type", ""), parameters),
        f"<p>Body: {_content(body)}{_needed(body.get('required'))}</p>" if body else "",
        _table(("Status", "Body", ""), answers),
    )


def _scope(told: Mapping[str, Any]) -> str:
    asked = [scope for one in told.get("security", ()) for scopes in one.values() for scope in scopes]
    return f"<p>Scope: {escape(', '.join(asked))}</p>" if asked else ""


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    fields = [
        (field, _type(one) + _needed(field in needed), _said(one))
        for field, one in schema.get("properties", {}).items()
    ]
    words = [escape(str(one)) for one in schema.get("enum", ())]
    inside = (f"<p>{escape(_said(schema))}</p>", f"<p>{', '.join(words)}</p>" if words else "")
    return _details(f"<code>{escape(name)}</code>", *inside, _table(("Field", "Type", ""), fields), anchor=name)


def _details(summary: str, *inside: str, anchor: str = "") -> str:
    named = f' id="{escape(anchor)}"' if anchor else ""
    return f"<details{named}><summary>{summary}</summary><div>{''.join(inside)}</div></details>"


def _table(head: Iterable[str], rows: Iterable[tuple[str, str, str] | tuple[str, str, str, str]]) -> str:
    # the first and the last cell are the document's words; those between are made here
    lines = [f"<td><code>{escape(one[0])}</code>{_cells(one[1:-1])}<td>{escape(one[-1])}" for one in rows]
    return f"<table><tr>{''.join(f'<th>{name}' for name in head)}<tr>{'<tr>'.join(lines)}</table>" if lines else ""


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{cell}" for cell in cells)


def _content(holder: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{_type(one.get('schema', {}))} <small>{escape(media)}</small>"
        for media, one in holder.get("content", {}).items()
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return escape(", ".join(_limits(schema)))


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    yield str(schema.get("format", schema.get("type", "any")))
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "default": "default"}
    yield from (f"{sign} {schema[name]}" for name, sign in bounds.items() if schema.get(name) is not None)
    if "enum" in schema:
        yield "one of " + " ".join(str(one) for one in schema["enum"])


def _needed(required: object) -> str:
    return ", required" if required else ""


def _said(told: Mapping[str, Any]) -> str:
    return str(told.get("description", ""))
