"""The page that says how to deploy: its sums are right, and what it names exists."""

import json
import re
from pathlib import Path

import pytest

from infra.gcp.pubsub.given_up import WAIT_SECONDS
from services.crawling.order import Order

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "infra/terraform/README.md").read_text()
ROW = re.compile(r"^\| (?P<what>.+?) \| (?:(?P<sum>[^|]*?) = )?\$(?P<result>[\d.,]+) \|$", re.MULTILINE)
PARTS = re.compile(r"<!-- cost: (?P<name>[a-z ]+) -->\n(?P<table>(?:\|.*\n)+)")
ARITHMETIC = re.compile(r"[\d.+*() -]+")
CENT = 0.0051


def wrong_sums(page: str) -> list[str]:
    """Lines whose arithmetic does not hold, and tables whose total is not the sum of their lines."""
    wrong = []
    for part in PARTS.finditer(page):
        rows = list(ROW.finditer(part["table"]))
        *lines, last = rows
        if last["what"] != "together" or len(rows) != part["table"].count("\n") - 2:
            wrong.append(part["name"])
        wrong += [line["what"] for line in lines if abs(value(line["sum"]) - number(line["result"])) > CENT]
        if abs(sum(number(line["result"]) for line in lines) - number(last["result"])) > CENT:
            wrong.append(f"{part['name']}: together")
    return wrong


def number(text: str) -> float:
    return float(text.replace(",", ""))


def value(arithmetic: str) -> float:
    assert ARITHMETIC.fullmatch(arithmetic), arithmetic
    return float(eval(arithmetic))  # nothing but numbers and signs


def together(page: str, name: str) -> float:
    (table,) = [part["table"] for part in PARTS.finditer(page) if part["name"] == name]
    return number(list(ROW.finditer(table))[-1]["result"])


def missing(page: str) -> list[str]:
    """Modules, variables, substitutions and commands that the page names and nobody has."""
    variables = (ROOT / "infra/terraform/environments/dev/variables.tf").read_text()
    modules = {path.name for path in (ROOT / "infra/terraform/modules").iterdir()}
    routes = (ROOT / "schemas/generated/openapi.json").read_text()
    build = (ROOT / "cloudbuild.yaml").read_text()
    tfvars = page.partition("<<'END'\n")[2].partition("END\n")[0]
    return [
        *(modules ^ set(re.findall(r"`modules/(\w+)`", page))),
        *(name for name in re.findall(r"^(?:# )?(\w+) +=", tfvars, re.MULTILINE) if f'"{name}"' not in variables),
        *(name for name in re.findall(r"[,=](_\w+)=", page) if f"  {name}: " not in build),
        *(path for path in re.findall(r"(?:GET|POST) (/api/[\w/-]+)", page) if f'"{path}"' not in routes),
        *(path for path in re.findall(r"--policy=(\S+)", page) if not (ROOT / path).is_file()),
    ]


def test_its_sums_are_right() -> None:
    assert len(list(PARTS.finditer(PAGE))) == 3
    assert wrong_sums(PAGE) == []


def test_the_whole_is_what_idle_and_a_million_crawls_make() -> None:
    whole = together(PAGE, "idle prod") + together(PAGE, "a million crawls")
    assert f"So ${whole:.2f} in all, or ${whole / 1e6:.4f} a crawl." in PAGE
    readme = (ROOT / "README.md").read_text()
    assert (
        f"(idle from ${together(PAGE, 'idle dev'):.0f} a month; a million crawls ${whole:.0f} with everything)"
        in readme
    )


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def faces_and_ticks(page: str) -> tuple[str, ...]:
    """How many faces beside crawling the page pays for, and how many ticking functions."""
    found = re.search(r"one warm instance of each of (\w+) other faces", page)
    ticks = re.search(r"ticks: (\w+) functions of 0\.1 s, one of 5 s", page)
    assert found is not None
    assert ticks is not None
    return found[1], ticks[1]


def test_it_pays_for_as_many_faces_and_ticks_as_there_are() -> None:
    topology = json.loads((ROOT / "schemas/generated/topology.json").read_text())
    ticking = sum("tick" in one for one in topology["functions"].values())

    assert faces_and_ticks(PAGE) == (NUMBERS[len(topology["services"]) - 1], NUMBERS[ticking - 1])
    assert faces_and_ticks(PAGE.replace("of five other", "of three other")) != faces_and_ticks(PAGE)  # control


def seconds_of_ticks(page: str) -> list[float]:
    """How long each of a tick's functions works, by the page; and what all of them do in a month."""
    (line,) = re.findall(r"ticks: (.+?): ([\d,]+) s, of which", page)
    each = re.findall(r"(\w+)(?: functions?)? of ([\d.]+) s", line[0])
    return [number(line[1]), *(float(seconds) for count, seconds in each for _ in range(NUMBERS.index(count)))]


def test_it_pays_for_as_long_as_a_tick_waits_for_what_pub_sub_gave_up() -> None:
    month, *each = seconds_of_ticks(PAGE)

    assert max(each) == WAIT_SECONDS
    assert month == pytest.approx(43_800 * sum(each))


def test_it_pays_for_as_many_images_as_are_kept() -> None:
    kept, deleted = json.loads((ROOT / "infra/terraform/images.json").read_text())
    number = NUMBERS[kept["mostRecentVersions"]["keepCount"]]

    assert (kept["action"], deleted["action"]) == ({"type": "Keep"}, {"type": "Delete"})
    assert f"| {number} images of 0.4 GB, and {number} of 0.7 GB" in PAGE
    assert f"{number} of each image stay" in PAGE


def test_its_first_order_is_one_and_buys_nothing() -> None:
    (body,) = re.findall(r"/crawl/trigger .*?-d '(\{.*?\})'", PAGE, re.DOTALL)

    assert Order.model_validate_json(body).provider == "website"


def test_its_prices_have_a_date_and_are_to_be_checked() -> None:
    before = PAGE.partition("<!-- prices -->")[0].rpartition("## What it costs")[2]
    assert "noted in May 2026" in before
    assert "check the prices of your region" in before


def test_what_it_names_is_there() -> None:
    assert missing(PAGE) == []


@pytest.mark.parametrize(
    "change",
    [("= $25.55", "= $25.65"), ("730 * 0.035", "744 * 0.035"), ("| together | $29.85", "| together | $30.45")],
)
def test_control_a_wrong_sum_is_seen(change: tuple[str, str]) -> None:
    assert change[0] in PAGE
    assert wrong_sums(PAGE.replace(*change)) != []


@pytest.mark.parametrize(
    "change",
    [
        ("`modules/watch`", "`modules/clock`"),
        ("_REGION=", "_PLACE="),
        ("alert_email ", "alerts "),
        ("/alerts`", "/alarms`"),
        ("images.json", "pictures.json"),
    ],
)
def test_control_a_name_of_nothing_is_seen(change: tuple[str, str]) -> None:
    assert change[0] in PAGE
    assert missing(PAGE.replace(*change)) != []
