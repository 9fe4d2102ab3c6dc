"""What the Dockerfile promises, read off its lines: there is no container engine where the tests run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()

SPOILED = {
    "runs as root": ("USER 10001", "USER root"),
    "a browser as root": ("    && rm -rf /var/lib/apt/lists/*\nUSER 10001", "    && rm -rf /var/lib/apt/lists/*"),
    "packages without hashes": ("--require-hashes ", ""),
    "a look-up while it installs itself": ("--no-index .", "."),
    "an address of an index": ("--require-hashes", "--require-hashes --index-url https://packages.example"),
    "a base that moves": ("3.11-slim-bookworm", "latest"),
    "the browser for everybody": ("FROM runtime AS app", "FROM chromium AS app"),
    "a file that is not there": ("COPY pyproject.toml", "COPY pyproject.yaml"),
    "another lock": ("-r requirements-gcp.lock", "-r requirements.txt"),
    "no place for a socket": (" XDG_RUNTIME_DIR=/tmp", ""),
    "a build tool in the image": ("FROM runtime AS app", "FROM build AS app"),
}


def stages(text: str) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each stage by its name: what it stands on, and its instructions."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    for line in filter(None, lines):
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = (base, [])
        elif found:
            next(reversed(found.values()))[1].append((instruction, rest))
    return found


def ancestors(text: str, name: str) -> list[str]:
    """A stage and those it stands on, itself first."""
    all_stages, line = stages(text), [name]
    while (base := all_stages[line[-1]][0]) in all_stages:
        line.append(base)
    return line


def user(text: str, name: str) -> str | None:
    """Who runs a stage's containers."""
    for stage in ancestors(text, name):
        named = [rest for instruction, rest in stages(text)[stage][1] if instruction == "USER"]
        if named:
            return named[-1]
    return None


def faults(text: str) -> list[str]:
    """All that a Dockerfile of ours must not be."""
    last = list(stages(text))[-1]
    copied = [word for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    installs = [rest for _, rest in stages(text)["build"][1] if rest.startswith("pip ")]
    installs_later = [rest for stage in ("runtime", last) for _, rest in stages(text)[stage][1] if "pip " in rest]
    promises = {
        "names one base": re.search(r"^ARG PYTHON=\d+\.\d+-slim-\w+$", text, re.MULTILINE) is not None,
        "ends as app": last == "app" and ancestors(text, last) == ["app", "runtime"],
        "app is nobody": user(text, "app") == "10001",
        "chromium is nobody": user(text, "chromium") == "10001",
        "locked by hashes": "--require-hashes -r requirements-gcp.lock" in installs[0],
        "looks nothing up": "--no-index" in installs[1] and installs[2:] == installs_later == [],
        "no addresses": "://" not in text and "index-url" not in text,
        "copies what is there": all((ROOT / name).exists() for name in copied),
        # where its user can write: gunicorn, below functions-framework, tries the home otherwise, and says an error
        "has a place for sockets": "XDG_RUNTIME_DIR=/tmp" in dict(stages(text)["runtime"][1])["ENV"].split(),
        "browser aside": not any("chromium" in rest for _, rest in stages(text)["runtime"][1]),
    }
    return [promise for promise, kept in promises.items() if not kept]


def test_the_image_is_locked_small_and_nobodys() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED.keys())
def test_control_a_spoiled_dockerfile_is_seen(change: tuple[str, str]) -> None:
    old, new = change
    assert old in DOCKERFILE
    assert faults(DOCKERFILE.replace(old, new)) != []


def test_the_lock_has_a_hash_for_every_package_and_no_address() -> None:
    lock = (ROOT / "requirements-gcp.lock").read_text()
    packages = re.findall(r"^[a-z0-9._-]+(?:\[.+\])?==.*$", lock, re.MULTILINE)
    assert len(packages) > 50
    assert all(line.endswith("\\") for line in packages), "each goes on with its hashes"
    assert "://" not in lock


def test_only_what_the_build_copies_is_sent_to_it() -> None:
    sent = (ROOT / ".dockerignore").read_text().split()
    lines = re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE)
    copied = {word.split("/")[0] for line in lines for word in line.split()[:-1]}
    assert sent[0] == "*"
    assert {one.removeprefix("!") for one in sent if one.startswith("!")} == copied | {"Dockerfile"}
