"""A system with worker processes beside it, any of which is killed at any moment and started again."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import aiohttp

from tests.chaos.black_box import Headrace
from tests.chaos.program import Program

SWIFT = {
    "BACKGROUND_POLL_INTERVAL": 0.5,
    "HEADRACE_LEASE_SECONDS": 3,
    "HEADRACE_SUBMIT_SETTLE_SECONDS": 2,
    "HEADRACE_RETRY_BASE_SECONDS": 0.2,
    "MAX_WORKERS": 1,  # the crew brings its own
}


class Crew:
    """``system`` and ``hands``, which work beside it. ``struck`` counts who was killed."""

    def __init__(self, system: Headrace, random: Random, *, hands: int, settings: Mapping[str, object]) -> None:
        self.system = system
        self.struck: Counter[str] = Counter()
        self._random = random
        folder = system.data.parent
        self.hands = [_hand(folder, number, system, settings) for number in range(hands)]

    async def start(self, http: aiohttp.ClientSession) -> None:
        """Start all; the hands come once there is a database to join."""
        await self.system.start(http)
        for hand in self.hands:
            hand.launch()

    async def endure(self, strikes: int, *, seconds: float) -> None:
        """So many kills, each after a moment of at most so many seconds: the system, one hand, or all of them."""
        for _ in range(strikes):
            await asyncio.sleep(self._random.uniform(0.1, seconds))
            self._strike()

    def _strike(self) -> None:
        hit: list[Program] = self._random.choice(
            [[self.system], [self._random.choice(self.hands)], [self.system, *self.hands]]
        )
        for one in hit:
            one.kill()
            self.struck["system" if one is self.system else "hand"] += 1
        for one in hit:
            one.launch()

    async def recovered(self, http: aiohttp.ClientSession) -> None:
        """Wait until the system answers; a hand that found nobody to join is started again."""
        await self.system.ready(http)
        for hand in self.hands:
            if not hand.running:
                hand.launch()

    def kill(self) -> None:
        """Kill the hands; the system is its fixture's."""
        for hand in self.hands:
            hand.kill()


def _hand(folder: Path, number: int, system: Headrace, settings: Mapping[str, object]) -> Program:
    environment = {"HEADRACE_DATA_DIR": str(system.data), **{name: str(value) for name, value in settings.items()}}
    command = [str(Path(sys.executable).with_name("headrace")), "worker"]
    return Program(command, log=folder / f"hand-{number}.log", environment=environment)
