"""Who may do what, in one applied state over mocks, against the code that runs there."""

import re

from tests.contract.terraform.applied import State, spoiled
from tests.contract.terraform.engine import ROOT

PROJECT_WIDE = {"roles/cloudsql.client", "roles/bigquery.jobUser"}


def too_mighty(state: State) -> list[str]:
    """Roles that reach further than one resource, and services that share an identity."""
    wide = [one["role"] for one in state["google_project_iam_member"] if one["role"] not in PROJECT_WIDE]
    accounts = [one["template"][0]["service_account"] for one in state["google_cloud_run_v2_service"]]
    basic = {"roles/owner", "roles/editor", "roles/viewer"}
    granted = [one["role"] for kind, all_of in state.items() if kind.endswith("_iam_member") for one in all_of]
    return [*wide, *(basic & set(granted)), *{one for one in accounts if accounts.count(one) > 1}]


def test_every_service_has_its_own_small_identity(state: State) -> None:
    assert too_mighty(state) == []


def test_only_crawling_signs_addresses_and_only_who_writes_may_write(state: State) -> None:
    signing = [one for one in state["google_service_account_iam_member"] if one["at"].startswith("module.face")]
    assert [re.findall(r'"(\w+)"', one["at"])[0] for one in signing] == ["crawling"]
    writing = [one for one in state["google_storage_bucket_iam_member"] if one["role"] == "roles/storage.objectUser"]
    written = {one["at"].split('"')[1] if '"' in one["at"] else "migration" for one in writing}
    collecting = {"capture_page", "crawl_site", "import_file", "intake", "process_media", "store_snapshot"}
    loading = {"erase_dataset", "load_datasets", "load_warehouse"}
    assert written == {*collecting, *loading, "clean_up", "erase_crawl", "migration"}


def test_a_providers_key_is_read_by_those_who_ask_it_and_by_nobody_else(state: State) -> None:
    reading = [one for one in state["google_secret_manager_secret_iam_member"] if "BRIGHT" in one["secret_id"]]
    files = (ROOT / "functions").glob("*.py")
    asking = {one.stem for one in files if re.search(r"\.providers[,)]", one.read_text())}
    assert {one["at"].split('"')[1] for one in reading} == {*asking, "crawling"}


def test_control_a_mighty_role_is_seen(state: State) -> None:
    assert too_mighty(spoiled(state, "google_project_iam_member", role="roles/editor"))
