"""An emulator that dies while it is used is started again where it was; one that does not come back ends its users."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import ClassVar

import aiohttp
import structlog

from infra.local.emulators.child import Child, Program, started
from schemas.problem import Problem

log = structlog.get_logger()

TRIES = 3
REST_SECONDS = 1.0  # before a start that follows another one


class EmulatorDied(Problem):
    """An emulator ended while it was used, and does not start again."""

    code: ClassVar[str] = "EMULATOR_DIED"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "An emulator has died and does not come back"
    recovery: ClassVar[str] = (
        "Read its log in the folder `emulators` of HEADRACE_DATA_DIR, then start the system again; what it held of"
        " crawls is in the database."
    )


@asynccontextmanager
async def failing() -> AsyncIterator[Callable[[Problem], None]]:
    """A block that ends with a problem as soon as it is told of one."""
    owner, told = asyncio.current_task(), list[Problem]()

    def fail(problem: Problem) -> None:
        told.append(problem)
        if owner is not None and len(told) == 1:
            owner.cancel()

    try:
        yield fail
    except asyncio.CancelledError:
        if not told or (owner is not None and owner.uncancel() > 0):
            raise
        raise told[0] from None


@asynccontextmanager
async def kept_up(
    program: Program, folder: Path, *, again: Callable[[], Awaitable[None]], fail: Callable[[Problem], None]
) -> AsyncIterator[Callable[[], None]]:
    """The program at work inside the block, also after its death; what is yielded has it go, without waiting.

    ``again`` puts back what it forgot; where it does not come back, ``fail`` is told. Raises ``EmulatorFailed``.
    """
    async with AsyncExitStack() as stack:
        keeper = _Keeper(program, folder, again, stack)
        await keeper.start()
        keeping = asyncio.create_task(keeper.keep(fail))
        try:
            yield keeper.let_go
        finally:
            keeper.let_go()
            keeping.cancel()
            await asyncio.wait([keeping])


class _Keeper:
    def __init__(
        self, program: Program, folder: Path, again: Callable[[], Awaitable[None]], stack: AsyncExitStack
    ) -> None:
        self._program = program
        self._folder = folder
        self._again = again
        self._stack = stack
        self._child: Child | None = None
        self._over = False

    async def start(self) -> None:
        self._child = await self._stack.enter_async_context(started(self._program, self._folder))

    def let_go(self) -> None:
        self._over = True
        if self._child is not None:
            self._child.let_go()

    async def keep(self, fail: Callable[[Problem], None]) -> None:
        while self._child is not None and not self._over:
            code = await self._child.process.wait()
            if self._over:
                return
            log.warning("emulator died and is started again", emulator=self._program.name, code=code)
            try:
                await self._revive()
            except EmulatorDied as problem:
                fail(problem)
                return
            log.info("emulator is back; what it had not handed on is lost", emulator=self._program.name)

    async def _revive(self) -> None:
        for number in range(TRIES):
            await asyncio.sleep(number * REST_SECONDS)
            try:
                await self._stack.aclose()  # what is left of it
                await self.start()
                await self._again()
            except (Problem, OSError, aiohttp.ClientError) as error:
                last = error
                log.warning("emulator does not start", emulator=self._program.name, reason=str(error)[-300:])
            else:
                return
        raise EmulatorDied(f"{self._program.name}: {str(last)[-300:]}")
