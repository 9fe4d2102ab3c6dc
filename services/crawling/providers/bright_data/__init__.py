"""Bright Data's Datasets API v3.

Facts are from docs.brightdata.com, the official SDK 2.5.2 and answers recorded by others in 2026; none was checked
with an account of ours. Where sources contradict each other both readings are accepted.

- An order has no idempotency key. Ours travels as an extra input field, which comes back with the inputs (CSV).
- Plain-text answers come as ``text/html``; statuses outside the documented ones mean "still working".
- A snapshot may say "not ready" (202, 409, 400) for a while after progress has said ``ready``.
- With ``include_errors`` a failed input is a line of the result, so lines = records + errors.
"""

from services.crawling.providers.bright_data.provider import BrightData, build

__all__ = ["BrightData", "build"]
