"""Dev, staging and prod: valid, no larger than their database, and as wide as the topology says."""

import json
from pathlib import Path

import pytest

from tests.contract.terraform.conftest import Copy
from tests.contract.terraform.engine import Terraform

ENVIRONMENTS = ["dev", "staging", "prod"]
PLAN = """
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789" }
  }
}
mock_provider "random" {}
variables {
  project     = "a-project"
  region      = "europe-west3"
  image       = "europe-west3-docker.pkg.dev/a-project/headrace/headrace:abc"
  browser_image = "europe-west3-docker.pkg.dev/a-project/headrace/browser:abc"
  alert_email = "team@example.com"
  domain      = "headrace.example.com"
}
run "plans" {
  command = plan
  assert {
    condition     = WISH
    error_message = "It is not as wished."
  }
}
"""


def plan(terraform: Terraform, folder: Path, environment: str, wish: str = "output.system != null") -> tuple[bool, str]:
    """Whether the environment can be planned and is as ``wish`` says, and what Terraform says."""
    place = folder / "environments" / environment
    (place / "plan.tftest.hcl").write_text(PLAN.replace("WISH", wish))
    done = terraform.run(terraform.ready(place), "test", "-no-color")
    return done.returncode == 0, done.stdout


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_valid_and_fits_its_database(terraform: Terraform, copy: Copy, environment: str) -> None:
    folder = copy()
    valid = terraform.run(terraform.ready(folder / "environments" / environment), "validate", "-no-color")
    assert valid.returncode == 0, valid.stdout
    planned, said = plan(terraform, folder, environment)
    assert planned, said


@pytest.mark.parametrize(
    ("place", "change", "complaint"),
    [
        ("modules/database/main.tf", ("availability_type", "availability"), "Unsupported argument"),
        ("modules/database/outputs.tf", ("database.main.name", "database.mian.name"), "undeclared resource"),
    ],
    ids=["a misspelt argument", "a reference to nothing"],
)
def test_control_a_mistake_is_found_without_google(
    terraform: Terraform, copy: Copy, place: str, change: tuple[str, str], complaint: str
) -> None:
    done = terraform.run(terraform.ready(copy({place: change}) / "environments" / "dev"), "validate", "-no-color")
    assert done.returncode != 0
    assert complaint in done.stdout


def test_more_instances_than_connections_are_refused(terraform: Terraform, copy: Copy) -> None:
    folder = copy()
    main = folder / "environments" / "prod" / "main.tf"
    lines = main.read_text().splitlines()
    widened = [
        line.replace("max_instances = ", "max_instances = 9") if line.strip().startswith("functions =") else line
        for line in lines
    ]
    assert widened != lines
    main.write_text("\n".join(widened) + "\n")

    planned, said = plan(terraform, folder, "prod")

    assert not planned
    assert "Lower max_instances or pool" in said


def test_a_new_function_and_event_need_no_line_of_terraform(terraform: Terraform, copy: Copy) -> None:
    folder = copy()
    generated = folder.parents[1] / "schemas" / "generated"
    topology = json.loads((generated / "topology.json").read_text())
    topology["functions"]["count_pages"] = {"topics": ["page.stored"], "doorbells": ["doorbell.pages"]}
    (generated / "topology.json").write_text(json.dumps(topology))
    (generated / "events" / "page.stored.v1.json").write_text("{}")

    deployed, said = plan(terraform, folder, "dev", 'contains(keys(output.system.services), "count_pages")')

    assert deployed, said


def test_control_what_is_not_in_the_topology_is_not_deployed(terraform: Terraform, copy: Copy) -> None:
    deployed, said = plan(terraform, copy(), "dev", 'contains(keys(output.system.services), "count_pages")')

    assert not deployed
    assert "It is not as wished." in said


def test_a_name_too_long_for_a_service_account_is_refused(terraform: Terraform, copy: Copy) -> None:
    folder = copy()
    file = folder.parents[1] / "schemas" / "generated" / "topology.json"
    topology = json.loads(file.read_text())
    topology["functions"]["count_all_the_pages_there_are"] = {"doorbells": ["tick"]}
    file.write_text(json.dumps(topology))

    planned, said = plan(terraform, folder, "dev")

    assert not planned
    assert "30 characters" in said
