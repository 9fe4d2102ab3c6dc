"""One address of the stand-in for each data directory, whoever asks first."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.stand_ins import stand_in
from infra.runtime.configuration.settings import read_settings
from infra.runtime.configuration.stand_in import STAND_INS, address, stood_in, with_stand_in


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BRIGHT_DATA_API_URL", "BRIGHT_DATA_API_TOKEN", "FIRECRAWL_API_URL", "FIRECRAWL_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_all_who_ask_at_once_are_told_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        told = set(pool.map(lambda _: address(tmp_path / "simulators", "bright_data"), range(64)))

    assert len(told) == 1
    assert [file.name for file in (tmp_path / "simulators").iterdir()] == ["bright_data.address"]


def test_what_an_earlier_version_left_empty_is_no_address(tmp_path: Path) -> None:
    (tmp_path / "bright_data.url").write_text("")

    assert address(tmp_path, "bright_data").startswith("http://127.0.0.1:")


def test_another_directory_has_another_address(tmp_path: Path) -> None:
    assert address(tmp_path / "a", "bright_data") != address(tmp_path / "b", "bright_data")


def test_where_nothing_is_set_the_stand_in_is_asked_and_never_the_real_one(tmp_path: Path) -> None:
    settings = with_stand_in(read_settings(data_dir=tmp_path))

    assert settings.bright_data_api_url == address(tmp_path / "simulators", "bright_data")
    assert settings.bright_data_api_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "given", [{"bright_data_api_token": "t"}, {"bright_data_api_url": "https://a.example"}], ids=["token", "url"]
)
def test_what_is_set_stands(tmp_path: Path, given: dict[str, str]) -> None:
    settings = read_settings(data_dir=tmp_path, **given)

    assert with_stand_in(settings).bright_data_api_url == settings.bright_data_api_url
    assert not (tmp_path / "simulators" / "bright_data.address").exists()


def test_each_service_has_a_stand_in_of_its_own(tmp_path: Path) -> None:
    settings = with_stand_in(read_settings(data_dir=tmp_path, bright_data_api_token="t"))

    assert stood_in(read_settings(data_dir=tmp_path)) == list(STAND_INS)
    assert settings.firecrawl_api_url == address(tmp_path / "simulators", "firecrawl")
    assert settings.bright_data_api_url is None


def test_in_the_cloud_nothing_stands_in(tmp_path: Path) -> None:
    assert stood_in(read_settings(data_dir=tmp_path, profile="gcp")) == []


async def test_a_stand_in_listens_where_everybody_was_told_also_when_it_comes_back(tmp_path: Path) -> None:
    told = address(tmp_path, "bright_data")

    for _ in range(2):
        async with stand_in("bright_data", tmp_path) as url:
            assert url == told


async def test_a_stand_in_whose_port_is_taken_moves_and_says_so(tmp_path: Path) -> None:
    told = address(tmp_path, "bright_data")
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(told.rsplit(":", 1)[1])))
        other.listen()
        async with stand_in("bright_data", tmp_path) as url:
            assert url != told
            assert address(tmp_path, "bright_data") == url
            async with stand_in("bright_data", tmp_path) as shared:
                assert shared == url
