"""The end of a process: where its server owns the signals, and where a call holds it up that cannot be stopped."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

Go = Callable[[], None]

LEFT_SECONDS = 0.5


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


def leave(within: float = LEFT_SECONDS) -> None:
    """In so many seconds this process is gone with 0, whatever it still waits for; by default all is cleaned up.

    A thread of Google's clients waits for an answer up to half a minute, and Python for its threads.
    """
    sys.stdout.flush()
    timer = threading.Timer(within, os._exit, args=(0,))
    timer.daemon = True  # a process that waits for nothing is gone before
    timer.start()


def _tell(before: object, number: int, frame: FrameType | None) -> None:
    if callable(before):
        before(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
