"""What is expected to differ, by test: each entry fails as soon as the difference is gone."""

EMULATOR: dict[str, str] = {}
"""Google's emulator does not do what the service does."""

PUSHED_BY_PUBSUB: dict[str, str] = {}
"""Pub/Sub pushes by itself, and tells nobody why it gave up."""
