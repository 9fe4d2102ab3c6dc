"""What is captured, and how much of it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one page may take; ``bytes`` are of all it loads, ``pixels`` its height in the picture."""

    seconds: float = 30.0
    bytes: int = 20 * 1024 * 1024
    pixels: int = 8_000


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A page as it was. ``truncated``: it is larger than the picture; not ``complete``: it was still loading."""

    url: str
    final_url: str
    status_code: int
    title: str
    html: str
    text: str
    screenshot: bytes
    width: int
    height: int
    truncated: bool
    complete: bool
