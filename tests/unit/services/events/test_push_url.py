"""Where events may be pushed to."""

import pytest

from services.events.push_url import PushUrlRefused, check_push_url

PUBLIC = [
    "https://team.example/hook",
    "http://team.example:8080/hook?key=value#part",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
    "HTTPS://Team.Example./",
    "https://xn--bcher-kva.example/",
]
PRIVATE = [
    "http://localhost:9000/",
    "http://LOCALHOST./",
    "http://api.localhost/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://database/",
]
NEVER = [
    "",
    "team.example/hook",
    "//team.example/hook",
    "ftp://team.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///hook",
    "https://user@team.example/",
    "https://user:password@team.example/",
    "https://@team.example/",
    "https://team.example:99999/",
    "https://team.example:port/",
    "https://[::1/",
    "https://team.example/a b",
    "https://team.example/\r\nX: y",
    "https://team.example\\@127.0.0.1/",
    "https://bücher.example/",
    "https://team.example/" + "x" * 2048,
]


@pytest.mark.parametrize("url", PUBLIC)
@pytest.mark.parametrize("private_urls", [True, False])
def test_public_web_addresses_are_taken(url: str, *, private_urls: bool) -> None:
    check_push_url(url, private_urls=private_urls)


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_taken_only_where_that_is_allowed(url: str) -> None:
    check_push_url(url, private_urls=True)

    with pytest.raises(PushUrlRefused) as refused:
        check_push_url(url, private_urls=False)
    assert "only while HEADRACE_AUTH is off" in refused.value.recovery


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("private_urls", [True, False])
def test_anything_else_is_never_taken(url: str, *, private_urls: bool) -> None:
    with pytest.raises(PushUrlRefused):
        check_push_url(url, private_urls=private_urls)
