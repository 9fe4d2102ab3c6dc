"""No captured page reaches this machine, its network or its metadata: a real Chromium tries, canaries listen."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.security.ssrf.pages import MARKUP, NAVIGATIONS, SCRIPTS
from tests.security.ssrf.world import METADATA, PRIVATE

ROOT = Path(__file__).parents[2]
VECTORS = {**NAVIGATIONS, **MARKUP, **SCRIPTS}
PATIENCE = 170.0
LIVE = 40
"""Vectors that must be seen trying; some open no connection of their own, as a worker that is blocked."""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip", "chromium"))),
    reason="namespaces of the network take root, iproute2, and Chromium",
)


def attacked(mode: str, form: str, *, module: str = "attack") -> dict[str, Any]:
    """What one run in namespaces of its own came to."""
    started = ["unshare", "--net", "--kill-child", "--fork", sys.executable, "-m", f"tests.security.ssrf.{module}"]
    done = subprocess.run(
        [*started, mode, form], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def tried(urls: list[str]) -> set[str]:
    return {name for name in VECTORS for url in urls if re.search(rf"/hit/{name}\b(?!-)", url)}


@pytest.mark.parametrize("form", ["short", pytest.param("long", marks=pytest.mark.slow)])
def test_nothing_private_is_reached_by_any_way_a_page_has(form: str) -> None:
    found = attacked("guarded", form)

    assert found["hits"] == []
    assert found["carried"] > 0  # the public site was
    assert found["denials"] >= len(tried(found["denied"])) >= LIVE


@pytest.mark.parametrize("form", ["short", pytest.param("long", marks=pytest.mark.slow)])
def test_control_without_the_guard_the_same_pages_reach_everything(form: str) -> None:
    found = attacked("guard", form)

    assert len(tried(found["hits"])) >= LIVE
    reached = {hit.split()[1].rpartition(":")[0] for hit in found["hits"]}
    assert {METADATA, PRIVATE, "127.0.0.1"} <= reached
    assert any(hit.startswith("udp ") for hit in found["hits"])


def test_a_capture_says_so_where_a_page_leads_inside() -> None:
    found = attacked("guarded", "short", module="captures")
    page, *refused = found["ends"].values()

    assert found["hits"] == []
    assert (page, set(refused)) == ("CAPTURED", {"EGRESS_REFUSED"})
    assert len(refused) > 30


@pytest.mark.slow
def test_control_without_its_flag_the_browser_sends_datagrams_around_the_proxy() -> None:
    found = attacked("webrtc", "short")

    assert {hit.split()[0] for hit in found["hits"]} == {"udp"}
