"""The end of a process whose server owns its signals."""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType

Go = Callable[[], None]


def before_ending(told: Callable[[Go], None]) -> None:
    """Have ``told`` called in this loop when a signal asks the process to end: the server hears of it by ``Go``.

    Asked twice, the server hears of it at once. The server's own handlers must be there already.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handler(number: int, frame: FrameType | None, before: object = before) -> None:
            go = partial(_tell, before, number, frame)
            if asked.is_set() or loop.is_closed():
                go()
                return
            asked.set()
            loop.call_soon_threadsafe(told, go)

        signal.signal(number, handler)


def _tell(before: object, number: int, frame: FrameType | None) -> None:
    if callable(before):
        before(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
