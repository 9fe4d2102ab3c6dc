"""What speaks against a capture ends it with a code and a way out; the next page is captured all the same."""

import os
import signal
import socket
import time

import pytest

from services.intake.capturing.captured import Budget
from tests.contract.intake.capturing.studio import Studio

QUICK = Budget(seconds=3)


@pytest.mark.parametrize(
    ("path", "code", "tries"),
    [
        ("/faults/status/404", "CAPTURE_HTTP", 0),
        ("/faults/status/403", "CAPTURE_HTTP", 0),
        ("/faults/download", "CAPTURE_NOT_A_PAGE", 0),
        ("/faults/pdf", "CAPTURE_NOT_A_PAGE", 0),
        ("/faults/loop", "CAPTURE_UNREACHABLE", 3),
        ("/faults/status/503", "CAPTURE_HTTP", 3),
        ("/faults/hang", "CAPTURE_TIMEOUT", 1),
        ("/faults/busy", "CAPTURE_TIMEOUT", 1),
    ],
)
async def test_a_page_that_cannot_be_captured_says_why(studio: Studio, path: str, code: str, tries: int) -> None:
    row = await studio.capture(path, budget=QUICK, rounds=5)

    assert (row["state"], row["error_code"], row["tries"]) == ("failed", code, tries)
    assert row["error_recovery"]
    assert [name async for name in studio.lake.list("captures/")] == []
    assert (await studio.capture("/about"))["state"] == "completed"


@pytest.mark.parametrize("path", ["/faults/large?mb=100", "/faults/heavy?mb=30"])
async def test_a_page_that_loads_too_much_is_refused_soon(studio: Studio, path: str) -> None:
    began = time.monotonic()
    row = await studio.capture(path)

    assert (row["state"], row["error_code"]) == ("failed", "CAPTURE_TOO_LARGE")
    assert time.monotonic() - began < 25


async def test_control_a_page_within_its_budget_is_taken(studio: Studio) -> None:
    row = await studio.capture("/faults/heavy?mb=3")

    assert row["state"] == "completed"


@pytest.mark.parametrize("path", ["http://127.0.0.1:1/", "http://169.254.169.254/", "http://localhost/"])
async def test_a_private_host_is_not_asked(studio: Studio, path: str) -> None:
    row = await studio.capture(path, respect_robots=False)

    assert (row["state"], row["error_code"]) == ("failed", "EGRESS_REFUSED")


async def test_what_a_page_loads_from_a_refused_port_of_its_host_does_not_refuse_the_page(studio: Studio) -> None:
    row = await studio.capture("/faults/neighbour")

    assert (row["state"], row["result"]["title"]) == ("completed", "neighbour - North Mill Bakery")


async def test_a_site_that_takes_no_connections_did_not_answer_with_an_error(studio: Studio) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        studio.allow |= {place}
        row = await studio.capture(f"http://{place}/", respect_robots=False, rounds=5)

    assert (row["state"], row["error_code"], row["tries"]) == ("failed", "CAPTURE_UNREACHABLE", 3)
    assert row["error_message"] == f"http://{place}/: 127.0.0.1 takes no connections"


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "file:///etc/hostname"])
async def test_a_redirect_leads_to_no_private_host(studio: Studio, target: str) -> None:
    row = await studio.capture(f"/faults/redirect?to={target}", rounds=5)

    assert row["state"] == "failed"
    assert row["error_code"] in {"EGRESS_REFUSED", "CAPTURE_UNREACHABLE"}


async def test_what_a_page_makes_up_itself_is_not_captured_as_a_page_of_the_site(studio: Studio) -> None:
    row = await studio.capture("/faults/blob")

    assert (row["state"], row["error_code"]) == ("failed", "EGRESS_REFUSED")


async def test_robots_that_forbid_are_heard(studio: Studio) -> None:
    row = await studio.capture("/private/accounts")

    assert (row["state"], row["error_code"]) == ("failed", "ROBOTS_DISALLOWED")
    assert studio.shop.asked == {"/robots.txt": 1}


async def test_control_a_source_with_leave_does_not_ask(studio: Studio) -> None:
    row = await studio.capture("/private/accounts", respect_robots=False)

    assert row["state"] == "completed"
    assert studio.shop.asked["/robots.txt"] == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_browser_that_dies_or_hangs_costs_one_try(studio: Studio, number: signal.Signals) -> None:
    assert (await studio.capture("/about"))["state"] == "completed"
    assert studio.browsers.group is not None
    os.killpg(studio.browsers.group, number)

    row = await studio.capture("/contact", rounds=2)

    assert (row["state"], row["tries"] <= 1) == ("completed", True)
