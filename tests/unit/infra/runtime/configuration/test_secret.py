"""What is secret is told from other text, and shown nowhere."""

import pickle

from infra.runtime.configuration.secret import Secret

CANARY = "CANARY-9c1e"


def test_a_secret_is_shown_as_stars() -> None:
    secret = Secret(CANARY)

    assert CANARY not in f"{secret} {secret!r} {[secret]} {secret:}"


def test_control_whoever_asks_gets_the_text() -> None:
    assert Secret(CANARY).clear == CANARY
    assert pickle.loads(pickle.dumps(Secret(CANARY))) == Secret(CANARY)


def test_secrets_are_as_equal_as_their_texts() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"
