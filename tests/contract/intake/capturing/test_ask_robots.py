"""A page is read only where the site's robots.txt lets it be, and nothing is while that cannot be known."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from infra.postgres.database import Database
from infra.runtime.egress.refused import EgressRefused
from services.intake.capturing.failures import RobotsDisallowed, RobotsUnavailable
from services.intake.capturing.robots import ask_robots

Site = Callable[[str, int], str]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Says a robots.txt with a status."""
    said = {"text": "", "status": 200}

    async def robots(_: web.Request) -> web.Response:
        return web.Response(text=str(said["text"]), status=int(said["status"]))

    app = web.Application()
    app.router.add_get("/robots.txt", robots)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    def say(text: str, status: int) -> str:
        said.update(text=text, status=status)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield say
    await runner.cleanup()


def allowing(url: str) -> frozenset[str]:
    return frozenset({url.removeprefix("http://")})


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("User-agent: *\nDisallow: /", "/a"),
        ("User-agent: headrace\nDisallow: /a", "/a/b"),
        ("User-agent: *\nDisallow: /*.php", "/x.php"),
        ("User-agent: *\nAllow: /\nUser-agent: Headrace\nDisallow: /", "/"),
    ],
)
async def test_what_is_forbidden_is_not_read(site: Site, database: Database, rules: str, path: str) -> None:
    url = site(rules, 200)

    with pytest.raises(RobotsDisallowed):
        await ask_robots(url + path, allow=allowing(url), database=database)


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ("", 200),
        ("User-agent: other\nDisallow: /", 200),
        ("User-agent: *\nDisallow: /b", 200),
        ("User-agent: *\nDisallow: /\nUser-agent: headrace\nAllow: /", 200),
        ("<html>not found</html>", 404),
        ("who are you", 403),
    ],
)
async def test_everything_else_is(site: Site, database: Database, rules: str, status: int) -> None:
    url = site(rules, status)

    await ask_robots(f"{url}/a", allow=allowing(url), database=database)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_nothing_is_read_while_the_site_cannot_say(site: Site, database: Database, status: int) -> None:
    url = site("", status)

    with pytest.raises(RobotsUnavailable) as waiting:
        await ask_robots(f"{url}/a", allow=allowing(url), database=database)

    assert waiting.value.retryable


async def test_rules_without_end_are_not_read(site: Site, database: Database) -> None:
    url = site("User-agent: *\n" + "Disallow: /b\n" * 60_000, 200)

    with pytest.raises(RobotsUnavailable, match="more than"):
        await ask_robots(f"{url}/a", allow=allowing(url), database=database)


async def test_a_private_host_is_not_asked(site: Site, database: Database) -> None:
    with pytest.raises(EgressRefused):
        await ask_robots(f"{site('', 200)}/a", allow=frozenset(), database=database)


async def asked(url: str, database: Database) -> bool:
    """Whether a page may be read."""
    try:
        await ask_robots(url, allow=allowing(url.rpartition("/")[0]), database=database)
    except RobotsDisallowed:
        return False
    return True


@pytest.mark.parametrize(("rules", "status"), [("User-agent: *\nDisallow: /a", 200), ("", 404)])
async def test_a_site_is_asked_once_an_hour(site: Site, database: Database, rules: str, status: int) -> None:
    url = site(rules, status)
    first = [await asked(f"{url}/{page}", database) for page in "ab"]
    site("User-agent: *\nDisallow: /", 200)
    second = [await asked(f"{url}/{page}", database) for page in "ab"]
    await database.pool.execute("UPDATE site_rules SET read_at = now() - interval '61 minutes'")
    later = [await asked(f"{url}/{page}", database) for page in "ab"]

    assert first == second == [not rules, True]
    assert later == [False, False]


async def test_control_what_could_not_be_read_is_asked_again_at_once(site: Site, database: Database) -> None:
    url = site("", 503)
    with pytest.raises(RobotsUnavailable):
        await ask_robots(f"{url}/a", allow=allowing(url), database=database)
    site("", 200)

    assert await asked(f"{url}/a", database)


async def test_old_rules_go_when_new_ones_come(site: Site, database: Database) -> None:
    await database.pool.execute("INSERT INTO site_rules VALUES ('http://old.example', '', now() - interval '2 hours')")
    await asked(f"{site('', 200)}/a", database)

    assert await database.pool.fetchval("SELECT count(*) FROM site_rules") == 1
