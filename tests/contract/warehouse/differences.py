"""What an emulator of BigQuery cannot show, sentence by sentence. One that shows it after all fails the run."""

from urllib.error import HTTPError
from urllib.request import urlopen

_RUNS_AGAIN = "a job whose id was used before runs again"

BQEMULATOR = {
    "test_of_two_concurrent_loads_the_first_stands": _RUNS_AGAIN,
    "test_a_loader_killed_behind_its_job_is_repeated_without_another": _RUNS_AGAIN,
    "test_a_job_that_failed_is_followed_by_another": _RUNS_AGAIN,
    "test_a_new_column_is_added_and_older_processes_go_on": "a column that is added is in the schema, not in the table",
}
LOCAL_BIGQUERY: dict[str, str] = {}


def differences(address: str) -> dict[str, str]:
    """The sentences that the emulator at this address cannot show, each with the reason."""
    try:
        with urlopen(f"{address}/healthz"):  # a loopback address
            return BQEMULATOR
    except HTTPError:
        return LOCAL_BIGQUERY
