"""What Google refuses before something else is there: each is made after it, also in an empty project."""

import re

import pytest

from tests.contract.terraform.conftest import Copy
from tests.contract.terraform.engine import Terraform

ORDER = """
run "orders" {
  command = plan
  plan_options {
    target = [TARGET]
  }
}
"""
RIGHTS = [
    "google_project_iam_member.database",
    "google_secret_manager_secret_iam_member.main",
    "google_storage_bucket_iam_member.lake",
]
SERVICE = """
mock_provider "google" {}
variables {
  project              = "a-project"
  region               = "europe-west3"
  name                 = "jobs"
  image                = "an-image:abc"
  command              = ["uvicorn", "services.jobs.main:app"]
  database             = "a-project:europe-west3:headrace"
  environment          = {}
  secrets              = { HEADRACE_DATABASE_URL = "HEADRACE_DATABASE_URL" }
  grants               = ["lake_read"]
  resources            = { topics = [], bucket = "a-bucket", dataset = "headrace", maker = "a-role" }
  verified_by_platform = false
  ingress              = "INGRESS_TRAFFIC_ALL"
  invoker              = null
  min_instances        = 0
  max_instances        = 1
  concurrency          = 10
  timeout              = 600
  cpu_between_requests = false
}
"""
SUBSCRIPTION = "google_pubsub_subscription.warehouse", "google_bigquery_dataset_iam_member.event_writer"
TOKENS = "google_service_account_iam_member.push_tokens", "google_project_service.main"


def made_before(terraform: Terraform, copy: Copy, target: str, before: str, *spoiled: tuple[str, str]) -> bool:
    """Whether Terraform makes ``before`` first wherever it makes ``target``; a spoiled file lacks a line."""
    folder = copy({f"modules/{place}": (line, "") for place, line in spoiled}) / "modules"
    is_service = target.startswith("google_cloud_run")
    module = folder / ("service" if is_service else "system")
    head = SERVICE if is_service else (module / "tests/system.tftest.hcl").read_text().partition("run ")[0]
    (module / "tests").mkdir(exist_ok=True)
    (module / "tests/order.tftest.hcl").write_text(head + ORDER.replace("TARGET", target))
    done = terraform.run(terraform.ready(module), "test", "-no-color", "-verbose", "-filter=tests/order.tftest.hcl")
    assert done.returncode == 0, done.stdout
    planned = set(re.findall(r"^ *# (\w+\.\w+)\S* will be created", done.stdout, re.MULTILINE))
    assert target in planned, done.stdout
    return before in planned


def test_pubsub_writes_where_its_account_may(terraform: Terraform, copy: Copy) -> None:
    assert made_before(terraform, copy, *SUBSCRIPTION)


def test_pubsub_is_switched_on_before_its_agent_gets_a_right(terraform: Terraform, copy: Copy) -> None:
    assert made_before(terraform, copy, *TOKENS)


@pytest.mark.parametrize("right", RIGHTS)
def test_a_service_starts_with_what_it_looks_at_first(terraform: Terraform, copy: Copy, right: str) -> None:
    assert made_before(terraform, copy, "google_cloud_run_v2_service.main", right)


@pytest.mark.parametrize(
    ("pair", "place", "line"),
    [
        (SUBSCRIPTION, "system/topics.tf", "    google_bigquery_dataset_iam_member.event_writer,\n"),
        (
            TOKENS,
            "system/identities.tf",
            "depends_on = [google_project_service.main] # before, there is no such agent\n",
        ),
        *((("google_cloud_run_v2_service.main", right), "service/main.tf", f"    {right},\n") for right in RIGHTS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_control_another_order_is_seen(
    terraform: Terraform, copy: Copy, pair: tuple[str, str], place: str, line: str
) -> None:
    assert not made_before(terraform, copy, *pair, (place, line))
