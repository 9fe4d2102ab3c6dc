"""Reading a trigger request: every form of body the provider takes, and its refusals."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from infra.local.simulators.bright_data.answers import Refusal

_COLLECTORS = ("keyword", "url", "profile_url", "company_url", "category_url", "best_sellers_url", "location")
_KNOWN_FIELDS = frozenset(
    {"url", "keyword", "profile_url", "company_url", "category_url", "best_sellers_url", "location", "user_name"}
    | {"country", "zipcode", "language", "start_date", "end_date", "num_of_posts", "num_of_comments", "limit"}
    | {"posts_to_not_include", "post_type", "include_profile_data", "days_limit", "sort_by", "domain", "position"}
)
_NUMBERS = ("limit_per_input", "limit_multiple_results")
CORRELATION = "headrace_crawl_id"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody wants to buy."""

    dataset_id: str
    inputs: Sequence[Mapping[str, Any]]
    options: Mapping[str, str] = field(default_factory=dict)  # the query
    trigger_url: str = ""
    ip: str = ""

    @property
    def correlation(self) -> str | None:
        """Our own id in the first input that has one."""
        return next((str(row[CORRELATION]) for row in self.inputs if CORRELATION in row), None)


def _invalid(message: str) -> Refusal:
    return Refusal(400, {"validation_errors": [message]})


def _check_options(options: Mapping[str, str]) -> None:
    dataset_id = options.get("dataset_id", "")
    if not dataset_id:
        raise Refusal(400, "dataset missing")
    if not dataset_id.startswith("gd_"):
        raise Refusal(404, "dataset does not exist")
    if options.get("type", "url_collection") not in {"discover_new", "url_collection"}:
        raise _invalid('"type" must be one of [discover_new, url_collection]')
    if options.get("type") == "discover_new" and "discover_by" not in options:
        raise Refusal(400, "discover_by is required")
    if "discover_by" in options and options["discover_by"] not in {*_COLLECTORS, "user_name"}:
        raise Refusal(400, f"Incorrect discovery collector id Available types: {', '.join(_COLLECTORS[1:4])}")
    for name in _NUMBERS:
        if name in options and (not options[name].isdecimal() or int(options[name]) < 1):
            raise _invalid(f'"{name}" must be greater than or equal to 1')


async def _csv_rows(request: web.Request) -> list[dict[str, Any]]:
    form = await request.post()
    data = form.get("data")
    if data is None:
        raise Refusal(400, "Invalid attachments")
    raw = data.file.read() if isinstance(data, web.FileField) else data
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(400, "Invalid attachments") from error
    return [{key: value for key, value in row.items() if value} for row in csv.DictReader(io.StringIO(text))]


async def _json_body(request: web.Request) -> Any:
    raw = await request.read()
    if not raw.strip():
        raise Refusal(400, {"error": "Parser has expected a value", "code": "parse_error"})
    try:
        return json.loads(raw)
    except ValueError as error:
        body = {"error": "Parser cannot parse input: expected a value", "code": "parse_error"}
        raise Refusal(400, body) from error


def _web(url: object) -> bool:
    try:
        return isinstance(url, str) and urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _check_row(index: int, row: Any, *, extra: frozenset[str], required: str) -> None:
    if not isinstance(row, dict):
        errors = [["", "Input should be an object"]]
    else:
        names = (name for name in row if name not in _KNOWN_FIELDS | extra)
        errors = [[name, f"This input should not contain a {name} field"] for name in names]
        if not row.get(required):
            errors.insert(0, [required, "Required field"])
        elif required == "url" and not _web(row["url"]):
            errors.insert(0, ["url", "Invalid url"])
    if errors:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        body = {"error": "Invalid input provided", "code": "validation_error", "type": "validation"}
        raise Refusal(400, body | {"line": line, "index": index, "errors": errors})


def _required(options: Mapping[str, str]) -> str:
    by = options.get("discover_by", "url") if options.get("type") == "discover_new" else "url"
    return "url" if by.endswith("url") else by


def _names(value: Any) -> list[str]:
    return value.split("|") if isinstance(value, str) else [str(name) for name in value or ()]


async def read_order(request: web.Request) -> Order:
    """The order in a trigger request. Raises ``Refusal``; one bad row refuses all."""
    options = dict(request.query)
    _check_options(options)
    form = request.content_type == "multipart/form-data"
    body = await (_csv_rows(request) if form else _json_body(request))
    wrapper = body if isinstance(body, dict) and isinstance(body.get("input"), list) else {}
    rows = wrapper["input"] if wrapper else body if isinstance(body, list) else [body]
    options |= {name: str(wrapper[name]) for name in _NUMBERS if name in wrapper}
    _check_options(options)
    if not rows:
        raise Refusal(400, "No data to trigger")
    extra = frozenset(_names(wrapper.get("custom_input_fields", options.get("custom_input_fields"))))
    for index, row in enumerate(rows, 1):
        _check_row(index, row, extra=extra, required=_required(options))
    return Order(
        dataset_id=options["dataset_id"],
        inputs=rows,
        options=options,
        trigger_url=str(request.url),
        ip=request.remote or "",
    )
