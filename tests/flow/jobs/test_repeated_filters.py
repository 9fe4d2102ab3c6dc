"""A list that is asked for two statuses at once says that it takes one."""

import pytest

from tests.flow.jobs.reader import Reader


@pytest.mark.parametrize("path", ["/api/v2/jobs", "/api/background/dead-letters", "/api/v2/jobs/active"])
async def test_a_filter_that_is_given_twice_is_refused(reading: Reader, path: str) -> None:
    status, problem = await reading.get(f"{path}?page_size=1&page_size=2")

    assert (status, problem["errors"][0]["field"]) == (422, "page_size")
    assert (await reading.get(f"{path}?page_size=1"))[0] == 200
