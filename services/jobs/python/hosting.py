"""A process's own engine for code that is not async: a runtime and its functions in a thread of their own."""

import asyncio
import itertools
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, ClassVar, TypeVar

import uvloop

from infra.runtime.configuration.settings import Settings
from infra.runtime.functions.serving import chosen, serving
from infra.runtime.runtime import Runtime, open_runtime, process_name
from schemas.problem import Problem

Answer = TypeVar("Answer")

_NUMBERS = itertools.count(1)  # leases and the list of workers go by name: two in a process are two workers


class ProcessorStopped(Problem):
    """The processor was shut down."""

    code: ClassVar[str] = "PROCESSOR_STOPPED"
    title: ClassVar[str] = "This processor was shut down"
    recovery: ClassVar[str] = "Make a new one with create_background_processor(); the jobs are where they were."


class Host:
    """Runs from its making to ``stop``. Raises what ``open_runtime`` raises; the schema is brought up to date."""

    def __init__(self, settings: Settings) -> None:
        self._opened: Future[tuple[Runtime, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._main, args=(settings,), name="headrace", daemon=True)
        self._thread.start()
        self.runtime, self._loop, self._stop = self._opened.result()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """What the work answers. Raises what it raises, and ``ProcessorStopped``."""
        if self._stop.is_set():
            work.close()
            raise ProcessorStopped
        answer = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return answer.result()
        except CancelledError as error:
            raise ProcessorStopped from error
        except KeyboardInterrupt:
            answer.cancel()
            raise

    def stop(self) -> None:
        """Give back what is worked here and close everything; stopping twice is fine."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _main(self, settings: Settings) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve(settings))
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    async def _serve(self, settings: Settings) -> None:
        stop = asyncio.Event()
        name = f"{process_name(os.getpid())}-{next(_NUMBERS)}"
        async with open_runtime(settings, migrate=True, name=name) as runtime, serving(runtime, chosen()):
            self._opened.set_result((runtime, asyncio.get_running_loop(), stop))
            await stop.wait()
