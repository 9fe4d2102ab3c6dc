"""The bytes of a snapshot: the same every time, in every form, in little memory."""

import csv
import gzip
import hashlib
import io
import json
import re
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from infra.local.simulators.bright_data.records.bodies import Span, digest
from infra.local.simulators.bright_data.records.lines import Plan

README = Path(__file__).parents[4] / "README.md"

pytestmark = pytest.mark.enable_socket


def span(records: int, **more: Any) -> Span:
    row = json.dumps({"url": "https://www.facebook.com/100%25.mühle?x=%d", "note": "50 % off"})
    plan = Plan(seed="ab" * 32, inputs=(row, row), records=(records, 3), errors=(2, 0), **more)
    return Span(plan=plan, start=0, stop=plan.lines)


async def test_equal_orders_are_equal_bytes_and_the_ledger_knows_them(customer: Any) -> None:
    bodies = [(await customer.get(f"/snapshot/{await customer.buy()}")).body for _ in range(2)]
    other = (await customer.get(f"/snapshot/{await customer.buy('ready_after:0,records:26')}")).body

    bought = (await customer.ledger())["snapshots"]
    assert bodies[0] == bodies[1] != other
    assert {one["sha256"] for one in bought[:2]} == {hashlib.sha256(bodies[0]).hexdigest()}
    assert (bought[0]["size_bytes"], bought[0]["records"]) == (len(bodies[0]), 25)
    assert bought[2]["sha256"] == hashlib.sha256(other).hexdigest()


async def test_fields_that_the_readme_reads_are_in_every_record(customer: Any) -> None:
    body = (await customer.get(f"/snapshot/{await customer.buy()}", format="jsonl")).body
    of_crawls = [line for line in README.read_text().splitlines() if "dataset_rows" not in line]
    shown = re.findall(r"'\$\.(\w+)'", "\n".join(of_crawls))

    assert shown
    assert [field for field in shown for line in body.splitlines() if field not in json.loads(line)] == []


@pytest.mark.parametrize("sim", ["records:0", "records:1", "records:700,bad_lines:5"])
async def test_every_form_holds_the_same_lines(customer: Any, sim: str) -> None:
    path = f"/snapshot/{await customer.buy('ready_after:0,' + sim)}"
    plain = await customer.get(path, format="jsonl")
    array = await customer.get(path, format="json")

    assert plain.headers["Content-Length"] == str(len(plain.body))
    assert array.headers["Content-Length"] == str(len(array.body))
    assert array.body == b"[" + plain.body.rstrip(b"\n").replace(b"\n", b",\n") + b"]"
    for form, body in (("jsonl", plain.body), ("json", array.body)):
        packed = await customer.get(path, format=form, compress="true")
        assert packed.headers["Content-Type"] == "application/gzip"
        assert gzip.decompress(packed.body) == body


async def test_posts_look_like_posts(customer: Any) -> None:
    path = f"/snapshot/{await customer.buy('ready_after:0,records:300')}"
    posts = json.loads((await customer.get(path, format="json")).body)
    sheet = list(csv.DictReader(io.StringIO((await customer.get(path, format="csv")).text)))

    texts = [post["content"] for post in posts]
    assert len({post["post_id"] for post in posts}) == len(sheet) == 300
    assert all(post["url"].endswith(post["post_id"]) for post in posts)
    assert any("\u2028" in text for text in texts)
    assert any("水" in text for text in texts)
    assert {"date_posted", "likes", "num_comments", "num_shares", "hashtags", "photos", "video"} <= set(posts[0])
    assert [row["content"] for row in sheet] == texts


def test_percent_signs_survive_the_templates() -> None:
    lines = b"".join(span(400, error_lines=True).ndjson()).splitlines()

    assert len(lines) == 405
    assert json.loads(lines[0])["input"]["note"] == "50 % off"
    assert "/100%25.mühle/posts/" in json.loads(lines[0])["url"]


@pytest.mark.parametrize("records", [0, 1, 255, 256, 257, 1500])
@pytest.mark.parametrize("bad_lines", [0, 1, 40])
def test_the_prebuilt_gzip_is_one_member_of_exactly_the_lines(records: int, bad_lines: int) -> None:
    whole = span(records, bad_lines=bad_lines, error_lines=True)
    reader = zlib.decompressobj(31)

    plain = reader.decompress(b"".join(whole.gzip()))

    assert plain == b"".join(whole.ndjson())
    assert (reader.eof, reader.unused_data) == (True, b"")
    assert len(plain) == whole.size()
    assert (hashlib.sha256(plain).hexdigest(), len(plain)) == digest(whole.plan)


def test_as_many_lines_are_bad_as_asked_and_not_one_more() -> None:
    def bad(line: bytes) -> bool:
        try:
            json.loads(line, parse_constant=lambda _: 1 / 0)
        except (ValueError, ZeroDivisionError):
            return True
        return False

    assert [sum(map(bad, b"".join(span(500, bad_lines=k).ndjson()).split(b"\n")[:-1])) for k in (0, 1, 9)] == [0, 1, 9]


def test_a_large_snapshot_needs_little_memory() -> None:
    large = span(30_000)
    tracemalloc.start()

    size = sum(map(len, large.gzip()))

    assert large.size() > 20 << 20
    assert size < large.size() / 2
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_records_are_as_long_as_asked() -> None:
    plan = span(3, line_bytes=5000).plan

    assert all(len(line) > 5000 for line in b"".join(Span(plan=plan, start=0, stop=3).ndjson()).splitlines())
