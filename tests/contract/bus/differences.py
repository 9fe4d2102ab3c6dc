"""What is expected to differ, by test: an entry fails as soon as its difference is gone, so this list stays true."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Why a test fails, how many seconds it has to pass all the same, and whether that is too long for every run."""

    why: str
    patience: float = 1.5
    slow: bool = False


DIFFERENCES: dict[str, Difference] = {
    # Google's emulator does not do what the service does
    "test_two_consumers_share_the_work_without_doubling_it": Difference("a stream gets more than it has room for"),
    "test_an_event_survives_the_kill_of_its_reader": Difference(
        "a killed reader's stream is served for some leases more", patience=15.0, slow=True
    ),
    "test_any_other_answer_means_again_and_redirects_are_not_followed[302]": Difference("a redirect is followed"),
    "test_any_other_answer_means_again_and_redirects_are_not_followed[307]": Difference("a redirect is followed"),
    # Pub/Sub counts no fewer than five attempts of a push, and tells nobody how they failed
    "test_an_endpoint_that_is_not_there_ends_as_a_dead_letter": Difference("five attempts, for no reason known"),
}
"""Of the promises of every bus, those that cannot be shown over Google's emulator."""
