"""The modules: one form, one meaning, and their own tests pass; each control spoils a copy."""

from pathlib import Path

import pytest

from tests.contract.terraform.conftest import Copy
from tests.contract.terraform.engine import ROOT, Terraform, found

MODULES = sorted(path.parent.parent.name for path in (ROOT / "infra/terraform/modules").glob("*/tests/*.tftest.hcl"))

SPOILED = {
    "dead letters that Pub/Sub may not take off": (
        "subscription",
        "subscription/main.tf",
        ("roles/pubsub.subscriber", "roles/pubsub.viewer"),
    ),
    "doorbells among the dead letters": (
        "subscription",
        "subscription/main.tf",
        ("var.doorbell ? [] :", "false ? [] :"),
    ),
    "a push that wraps the event": (
        "subscription",
        "subscription/main.tf",
        ("write_metadata = true", "write_metadata = false"),
    ),
    "a server that is promised to too many": (
        "database",
        "database/main.tf",
        ("max_connections - local.reserved", "max_connections"),
    ),
    "revisions counted once": ("system", "system/main.tf", ("connections = 2 * (", "connections = (")),
    "a migration before its rights": (
        "system",
        "system/migration.tf",
        ("    google_storage_bucket_iam_member.migration,\n", ""),
    ),
    "a rule that deletes results": ("system", "system/main.tf", ('      matches_prefix = [".pending/"]\n', "")),
    "a bucket that goes with its results": (
        "system",
        "system/main.tf",
        ("force_destroy               = !var.protected", "force_destroy               = true"),
    ),
    "results that nothing brings back": ("system", "system/main.tf", ("var.protected ? 604800 : 0", "0")),
    "rights of what is not there": ("system", "system/identities.tf", ("store_snapshot =", "store_snapshots =")),
}


def test_every_file_has_the_one_form(terraform: Terraform, copy: Copy) -> None:
    done = terraform.run(copy(), "fmt", "-check", "-recursive", "-no-color")
    assert done.returncode == 0, done.stdout


def test_control_another_form_is_seen(terraform: Terraform, copy: Copy) -> None:
    spoiled = copy({"modules/database/main.tf": ("  reserved = 10", "  reserved=10")})
    assert "main.tf" in terraform.run(spoiled, "fmt", "-check", "-recursive", "-no-color").stdout


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_what_its_tests_say(terraform: Terraform, copy: Copy, module: str) -> None:
    done = terraform.run(terraform.ready(copy() / "modules" / module), "test", "-no-color")
    assert done.returncode == 0, done.stdout
    assert "Success!" in done.stdout


@pytest.mark.parametrize(("module", "place", "change"), SPOILED.values(), ids=SPOILED.keys())
def test_control_a_spoiled_module_fails(
    terraform: Terraform, copy: Copy, module: str, place: str, change: tuple[str, str]
) -> None:
    spoiled = copy({f"modules/{place}": change}) / "modules" / module
    assert terraform.run(terraform.ready(spoiled), "test", "-no-color").returncode != 0


def test_a_terraform_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "terraform"
    old.write_text("#!/bin/sh\necho Terraform v1.8.5\n")
    old.chmod(0o755)
    assert found(str(tmp_path)) is None

    old.write_text("#!/bin/sh\necho Terraform v1.9.0\n")
    assert found(str(tmp_path)) == [str(old)]
