"""``headrace key`` and ``headrace member``, as they are typed."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.auth.guarded import house

Headrace = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def headrace(database_dsn: str, tmp_path: Path) -> Headrace:
    """Runs the command beside the database of the test."""
    program = str(Path(sys.executable).with_name("headrace"))
    environment = {"HEADRACE_DATABASE_URL": database_dsn, "HEADRACE_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [program, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def lines(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_key_of_the_command_lets_in_until_the_command_revokes_it(
    headrace: Headrace, database_dsn: str, tmp_path: Path
) -> None:
    made = headrace("key", "create", "--name", "ci", "--scope", "read", "--tenant", "north", "--days", "1")
    key = made.stdout.strip()
    noted = json.loads(made.stderr.splitlines()[-1])
    async with house(database_dsn, tmp_path) as at:
        before, _ = await at.ask("GET", "/api/v2/jobs", key=key)
        [listed] = lines(await asyncio.to_thread(headrace, "key", "list"))
        [revoked] = lines(await asyncio.to_thread(headrace, "key", "revoke", listed["id"]))
        after, _ = await at.ask("GET", "/api/v2/jobs", key=key)

    assert (before, after) == (200, 401)
    assert (listed["tenant"], listed["name"], listed["scope"]) == ("north", "ci", "read")
    assert listed["created_by"] == "headrace key create"
    assert listed["expires_at"] is not None
    assert key not in str(listed) + str(revoked) + made.stderr
    assert (noted["message"], noted["key_id"], noted["scope"]) == ("key created", listed["id"], "read")
    assert revoked["revoked_at"] is not None


def test_members_come_and_go_by_command(headrace: Headrace) -> None:
    [added] = lines(headrace("member", "add", "Anna@example.org", "--scope", "operate"))
    listed, elsewhere = lines(headrace("member", "list")), lines(headrace("member", "list", "--tenant", "south"))
    foreign = headrace("member", "remove", "anna@example.org", "--tenant", "south").returncode
    headrace("member", "remove", "anna@example.org")

    assert (added["identity"], added["tenant"], listed) == ("anna@example.org", "default", [added])
    assert (elsewhere, foreign) == ([], 1)
    assert lines(headrace("member", "list")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["key", "revoke", "none"], "No such key"),
        (["key", "create", "--name", "", "--scope", "read"], "name"),
        (["key", "create", "--name", "n", "--scope", "read", "--days", "0"], "expired"),
        (["key", "create", "--name", "n", "--scope", "read", "--tenant", "../north"], "no name for a tenant"),
        (["member", "add", "a@example.org", "--scope", "read", "--tenant", "North"], "no name for a tenant"),
        (["member", "add", "nobody", "--scope", "read"], "identity"),
        (["member", "remove", "nobody@example.org"], "No such member"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(headrace: Headrace, words: list[str], said: str) -> None:
    done = headrace(*words)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_of_more_days_than_there_are_is_not_made(headrace: Headrace) -> None:
    done = headrace("key", "create", "--name", "n", "--scope", "read", "--days", "1e9")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--days" in done.stderr
    assert "Traceback" not in done.stderr


EVERY = [
    ["key", "create", "--name", "n", "--scope", "read"],
    ["key", "list"],
    ["key", "revoke", "none"],
    ["member", "add", "a@example.org", "--scope", "read"],
    ["member", "list"],
    ["member", "remove", "a@example.org"],
]


def typed(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A command in a folder of its own, which has no system yet."""
    program, environment = str(Path(sys.executable).with_name("headrace")), {"PATH": "/usr/bin:/bin", **variables}
    return subprocess.run(
        [program, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_where_no_system_is_none_is_made(tmp_path: Path, words: list[str]) -> None:
    done = typed(tmp_path, *words)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/.headrace\n" in done.stderr
    assert "headrace migrate" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_control_where_one_was_made_a_key_is_too(tmp_path: Path) -> None:
    typed(tmp_path, "migrate")

    assert typed(tmp_path, *EVERY[0]).stdout.startswith("hrk_")


def test_the_profile_chooses_the_data_directory_as_it_does_for_the_system(tmp_path: Path) -> None:
    assert f"{tmp_path}/.headrace/emulated\n" in typed(tmp_path, "key", "list", "--profile", "emulators").stderr


@pytest.mark.parametrize("words", [*EVERY, ["migrate"]], ids=" ".join)
def test_the_profile_of_the_command_line_refuses_what_it_refuses_to_the_system(
    tmp_path: Path, words: list[str]
) -> None:
    done = typed(tmp_path, *words, "--profile", "gcp", STORAGE_EMULATOR_HOST="http://127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, "")
    assert "STORAGE_EMULATOR_HOST" in done.stderr


def test_keys_need_the_database_only(headrace: Headrace) -> None:
    assert headrace("key", "list", "--profile", "emulators").returncode == 0  # none of them runs
