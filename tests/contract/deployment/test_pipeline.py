"""cloudbuild.yaml and compose.yaml: their form by a schema, and what they name exists; each control spoils a copy."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
BUILD = (ROOT / "cloudbuild.yaml").read_text()
COMPOSE = (ROOT / "infra/local/compose.yaml").read_text()
ORDER = ["check", "build", "build-browser", "build-e2e", "e2e", "push", "plan-migration", "migrate", "apply"]
GIVEN = {"PROJECT_ID", "COMMIT_SHA"}  # by Cloud Build itself
LONGEST = 80

Look = Callable[[str], list[str]]


def wrong_form(text: str, schema: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads((HERE / schema).read_text()))
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def wrong_build(text: str) -> list[str]:
    """What is wrong with a build's configuration."""
    build: dict[str, Any] = yaml.safe_load(text)
    topology = json.loads((ROOT / "schemas/generated/topology.json").read_text())
    deployed = {name.replace("_", "-") for name in topology["functions"]} | set(topology["functions"])
    known = GIVEN | set(build.get("substitutions", {}))
    words = {word for step in build["steps"] for arg in step["args"] for word in re.split(r"[^\w-]+", arg)}
    targets = set(re.findall(r" AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    made = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    wrong = {
        "order": [step.get("id") for step in build["steps"]] != ORDER,
        "length": len(text.splitlines()) > LONGEST,
        "substitutions": not set(re.findall(r"\$\{(\w+)\}", text)) <= known,
        "a step of one function": bool(deployed & words),
        "an image that moves": any(step["name"].endswith(":latest") for step in build["steps"]),
        "targets": not _targets(build) <= targets,
        "make": not set(build["steps"][0]["args"]) <= made,
        "migration": not _names_the_migration(text),
        "a browser without its sandbox": not all(map(_may_sandbox, build["steps"])),
    }
    return [name for name, is_so in wrong.items() if is_so] + wrong_form(text, "cloudbuild.schema.json")


def _targets(build: dict[str, Any]) -> set[str]:
    found = set()
    for step in build["steps"]:
        for option, value in zip(step["args"], step["args"][1:], strict=False):
            if option == "--target":
                found.add(value)
    return found


def _may_sandbox(step: dict[str, Any]) -> bool:
    """Whether a container that the build runs may make namespaces, as Chromium does for every page."""
    arguments = step["args"]
    return arguments[0] != "run" or "docker" not in step["name"] or "--cap-add=SYS_ADMIN" in arguments


def _names_the_migration(text: str) -> bool:
    resource = re.search(r"-target=module\.system\.(\w+)\.(\w+)", text)
    job = re.search(r"jobs, execute, ([\w-]+)", text)
    declared = (ROOT / "infra/terraform/modules/system/migration.tf").read_text()
    if resource is None or job is None:
        return False
    body = declared.partition(f'resource "{resource[1]}" "{resource[2]}"')[2]
    return re.search(rf'^\s+name\s+= "{job[1]}"$', body, re.MULTILINE) is not None


def wrong_compose(text: str) -> list[str]:
    """What is wrong with a composition."""
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    example = (ROOT / ".env.example").read_text()
    ours = [name for service in services.values() for name in service.get("environment", {}) if "HEADRACE" in name]
    built = [service["build"] for service in services.values() if "build" in service]
    wrong = {
        "variables": any(f"{name}=" not in example for name in ours),
        "context": any((ROOT / "infra/local" / one["context"]).resolve() != ROOT for one in built),
        "target": any(f" AS {one['target']}\n" not in dockerfile for one in built),
        "dependencies": any(not set(one.get("depends_on", {})) <= services.keys() for one in services.values()),
        "an image that moves": any(
            one.get("image", "x:1").endswith((":latest", "server")) for one in services.values()
        ),
    }
    return [name for name, is_so in wrong.items() if is_so] + wrong_form(text, "compose.schema.json")


@pytest.mark.parametrize(("text", "look"), [(BUILD, wrong_build), (COMPOSE, wrong_compose)], ids=["build", "compose"])
def test_it_has_its_form_and_names_what_exists(text: str, look: Look) -> None:
    assert look(text) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("dir: infra", "folder: infra"), "Additional properties"),
        (("  - id: e2e\n", "  - id: e2e-later\n"), "order"),
        (('"${_IMAGE}", .', '"${_IMAGES}", .'), "substitutions"),
        (("--target, e2e,", "--target, e3e,"), "targets"),
        (("[check, unit", "[checks, unit"), "make"),
        (("terraform:1.11", "terraform:latest"), "an image that moves"),
        (("execute, migration", "execute, migrate"), "migration"),
        (("run, --rm", "run, store-snapshot"), "a step of one function"),
        ((" --cap-add=SYS_ADMIN,", ""), "a browser without its sandbox"),
        (("timeout: 3600s", "timeout: 3600s\n" + "#\n" * LONGEST), "length"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_control_a_spoiled_build_is_seen(change: tuple[str, str], complaint: str) -> None:
    spoiled = BUILD.replace(*change)
    assert spoiled != BUILD
    assert any(complaint in one for one in wrong_build(spoiled))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("depends_on:", "depend_on:"), "Additional properties"),
        (("HEADRACE_HOST", "HEADRACE_HOTS"), "variables"),
        (("target: app", "target: apps"), "target"),
        (("127.0.0.1:8080:8080", "8080:8080"), "does not match"),
        (("      postgres:\n        cond", "      postgre:\n        cond"), "dependencies"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_control_a_spoiled_composition_is_seen(change: tuple[str, str], complaint: str) -> None:
    spoiled = COMPOSE.replace(*change)
    assert spoiled != COMPOSE
    assert any(complaint in one for one in wrong_compose(spoiled))
