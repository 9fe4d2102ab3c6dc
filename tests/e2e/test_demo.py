"""The demo as a newcomer starts it, with its output in a pipe."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tests.e2e.conftest import HEADRACE, OURS

PATIENCE = 120  # seconds; alone on a machine it takes ten


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**clean, "HEADRACE_DATA_DIR": str(data_dir), "HEADRACE_PORT": "0", **more}


def run(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HEADRACE, *arguments],
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Not below pytest's own folder: every starting pytest closes that to others, and under root that is PostgreSQL."""
    made = Path(tempfile.mkdtemp(prefix="headrace-demo-"))
    yield made / "data"
    rmtree(made)


@pytest.fixture(scope="module")
def demo(data_dir: Path) -> subprocess.CompletedProcess[str]:
    # Colours are asked for, a token is set, and what is shown is switched off: none of it may have an effect.
    off = {"BACKGROUND_POLLING": "false", "BACKGROUND_RETRY": "false", "HEADRACE_RATE_LIMIT": "1"}
    return run(data_dir, "demo", FORCE_COLOR="1", BRIGHT_DATA_API_TOKEN="CANARY-token-91c4", **off)


def events(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in re.findall(r"^ +(\{.*\})$", output, re.MULTILINE)]


def test_it_ends_well_and_by_itself(demo: subprocess.CompletedProcess[str]) -> None:
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "Everything is as it should be" in demo.stdout


def test_three_crawls_end_with_one_event_each(demo: subprocess.CompletedProcess[str]) -> None:
    assert len({event["crawl_id"] for event in events(demo.stdout)}) == 3
    assert len(re.findall(r"data\.ingestion\.completed  [0-9a-f-]{36}  \d{4}-", demo.stdout)) == 3


def test_every_result_has_the_hash_its_event_told(demo: subprocess.CompletedProcess[str]) -> None:
    shown = re.findall(r"^ +sha256 ([0-9a-f]{64}) = the event's$", demo.stdout, re.MULTILINE)

    assert shown == [event["sha256"] for event in events(demo.stdout)]


def test_the_webhook_was_earlier_than_the_poll_and_the_cut_download_was_bought_once(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert re.search(r"the webhook came \d+\.\d s before the next poll was due", demo.stdout)
    assert re.search(r"the first of \d+ downloads was cut, and fetched again; bought once", demo.stdout)


def test_the_rows_can_be_queried(demo: subprocess.CompletedProcess[str]) -> None:
    assert re.findall(r"^(\S+) +(1,200|2,400|3,600) +[\d,]+$", demo.stdout, re.MULTILINE) == [
        ("old-harbour", "3,600"),
        ("river-works", "2,400"),
        ("north-mill", "1,200"),
    ]


def test_a_file_becomes_a_dataset_and_a_page_is_captured_and_classified(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert "  products.csv  3 rows\n    product string, price number, in_stock boolean\n" in demo.stdout
    [picture] = re.findall(
        r"^  Rye loaf - North Mill Bakery  1280 x 800 pixels in file://(\S+)$", demo.stdout, re.MULTILINE
    )
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"^    baked good \(0\.\d\d, says local\), price 4\.8$", demo.stdout, re.MULTILINE)


def test_a_pipe_gets_no_escape_codes_and_logs_go_to_a_file(
    demo: subprocess.CompletedProcess[str], data_dir: Path
) -> None:
    log = (data_dir / "headrace.log").read_text()

    assert "\x1b" not in demo.stdout
    assert "stack is up" in log
    assert "CANARY" not in log + demo.stdout


def test_control_a_demo_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    refused = run(tmp_path / "file" / "data", "demo")

    assert refused.returncode == 1
    assert "HEADRACE_DATA_DIR" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_no_obstacle(data_dir: Path, demo: subprocess.CompletedProcess[str], taken: int) -> None:
    """The second demo on the same data, and a machine without Chromium, too."""
    again = run(data_dir, "demo", HEADRACE_PORT=str(taken), HEADRACE_CHROMIUM="/nowhere/chrome")

    assert again.returncode == 0
    assert f"Port {taken} is taken, so a free one is used." in again.stdout
    assert "imported by an earlier demo" in again.stdout
    assert "There is no Chromium" in again.stdout


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({"HEADRACE_PROFILE": "gcp"}, 2, "GOOGLE_CLOUD_PROJECT"),
        ({"HEADRACE_AUTH": "half"}, 2, "HEADRACE_AUTH is 'half'"),
        ({"HEADRACE_HOST": "0.0.0.0"}, 1, "Set HEADRACE_AUTH to on"),
        ({"HEADRACE_DATABASE_URL": "postgresql://me:CANARY@127.0.0.1:1/x"}, 1, "Check host, port, user"),
    ],
)
def test_up_refuses_in_a_sentence(tmp_path: Path, given: dict[str, str], code: int, named: str) -> None:
    refused = run(tmp_path, "up", **given)

    assert refused.returncode == code
    assert named in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "CANARY" not in refused.stderr


def test_up_shows_where_everything_is_and_ctrl_c_stops_it(data_dir: Path, demo: object) -> None:
    with subprocess.Popen(
        [HEADRACE, "up"], env=environment(data_dir), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout is not None
        shown = [up.stdout.readline() for _ in range(5)]
        up.send_signal(signal.SIGINT)
        rest, log = up.communicate(timeout=20)

    assert shown[0] == "Headrace is up. Ctrl-C stops it.\n"
    assert re.fullmatch(r"  API {2,}http://127\.0\.0\.1:\d+/docs\n", shown[2])
    assert rest.endswith("Stopping ...\n")
    assert up.returncode == 0
    assert {json.loads(line)["severity"] for line in log.splitlines()} == {"INFO"}


def test_the_doctor_shows_every_setting_and_ends_well(tmp_path: Path) -> None:
    healthy = run(tmp_path, "doctor", BRIGHT_DATA_API_TOKEN="CANARY-token-91c4")

    assert healthy.returncode == 0
    assert re.search(r"^\* BRIGHT_DATA_API_TOKEN +\*\*\*$", healthy.stdout, re.MULTILINE)
    assert "CANARY" not in healthy.stdout


def test_the_doctor_ends_badly_where_something_is_to_be_fixed(tmp_path: Path) -> None:
    assert run(tmp_path, "doctor", HEADRACE_HOST="0.0.0.0").returncode == 1
