"""A vision model behind an OpenAI-compatible API: one request a page, two more where its answer has to be mended.

Tools are the only way it can answer, and they do nothing: a call is checked and read. Whoever speaks chat completions
with tools will do: OPENAI_BASE_URL says who is asked, and the key goes nowhere else.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from infra.runtime.children import ChildDied, ChildExceeded, in_child
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from services.documents import prompt
from services.documents.ontology.concept import Concept
from services.documents.page import Page
from services.documents.picture import data_url
from services.documents.ports import Found, InvalidOutput, ModelSilent, ModelUnavailable
from services.documents.prompt import Tools, Unfit

if TYPE_CHECKING:
    import aiohttp

ORIGIN = "https://api.openai.com/v1"
REPAIRS = 2
TRIES = 3  # of one request that is refused for now
MAX_ANSWER_BYTES = 1 << 20
MAX_SCREENSHOT_BYTES = 32 << 20
_MOST_CALLS = 20
_OK = 200
_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_PAUSE = 0.5  # seconds, where the service says nothing

log = structlog.get_logger()


class OpenAI:
    """Asks a model. ``seconds`` is what a page may take altogether."""

    prompt = prompt.VERSION

    def __init__(
        self, session: "aiohttp.ClientSession", *, base_url: str, key: Secret | None, model: str, seconds: float
    ) -> None:
        self._session, self._url = session, f"{base_url.rstrip('/')}/chat/completions"
        self._key, self.name, self._seconds = key, model, seconds

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        """What the model finds. Raises ``ModelUnavailable``, ``InvalidOutput``."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._conversation(prompt.messages(page, await _picture(page)), Tools(concepts))
        except TimeoutError:
            raise ModelSilent(f"{self.name} did not answer within {self._seconds:g} s") from None

    async def _conversation(self, said: list[dict[str, Any]], tools: Tools) -> list[Found]:
        wrong = ""
        for _ in range(1 + REPAIRS):
            body = {"model": self.name, "messages": said, "tools": tools.offered(), "tool_choice": "required"}
            message = _message(await self._ask(body))
            if message.get("refusal"):
                raise InvalidOutput(f"{self.name} refused to classify the page")
            found, replies, wrong = _read(message, tools)
            if not wrong:
                return found
            said = [*said, *replies]
        raise InvalidOutput(f"{self.name} was told twice what is wrong, and still: {wrong}"[:500])

    async def _ask(self, body: Mapping[str, Any]) -> bytes:
        """One answer. Raises ``ModelUnavailable``, ``InvalidOutput`` for one without end."""
        for left in reversed(range(TRIES)):
            status, wait, said = await self._send(msgspec.json.encode(body))
            if status == _OK:
                return said
            if status not in _PASSING or not left:
                break
            await asyncio.sleep(wait)  # in vain where that is too long: the page's time ends it
        log.warning("the model's service refuses", model=self.name, status=status)
        raise ModelUnavailable(f"{self.name}: its service answers with status {status}")

    async def _send(self, body: bytes) -> tuple[int, float, bytes]:
        import aiohttp  # noqa: PLC0415  # loaded where something is asked

        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.clear}"
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=None)
            ) as response:
                said = await _whole(response.content)
                return response.status, _wait(response.headers.get("Retry-After")), said
        except (aiohttp.ClientError, OSError) as error:
            # neither texts nor traces go on: they can hold headers, and with them the key
            log.warning("the model cannot be asked", model=self.name, error=type(error).__name__)
            raise ModelSilent(f"{self.name} cannot be reached: {type(error).__name__}") from None


async def _whole(content: "aiohttp.StreamReader") -> bytes:
    said = bytearray()
    while piece := await content.readany():
        said += piece
        if len(said) > MAX_ANSWER_BYTES:
            raise InvalidOutput(f"The answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(said)


def _wait(header: str | None) -> float:
    return float(header) if header and header.isdecimal() else _PAUSE


def _message(answer: bytes) -> dict[str, Any]:
    """The model's message. Raises ``InvalidOutput`` for what is no chat completion."""
    try:
        choice = msgspec.json.decode(answer)["choices"][0]
        message: dict[str, Any] = {**choice["message"]}
    except (msgspec.DecodeError, LookupError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidOutput("The answer is no chat completion") from error
    if choice.get("finish_reason") == "content_filter":
        message["refusal"] = "filtered"
    return message


def _read(message: Mapping[str, Any], tools: Tools) -> tuple[list[Found], list[dict[str, Any]], str]:
    """What was found; what to say next where something is wrong, and what that is."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls or not all(map(_is_call, calls)):
        wrong = "You called no tool. Call one; text is not read."
        return [], [{"role": "user", "content": wrong}], wrong
    found, replies, wrong = [], [], ""
    for call in calls[:_MOST_CALLS]:
        told = "Read."
        try:
            found.append(tools.meant(call["function"]["name"], call["function"].get("arguments")))
        except Unfit as unfit:
            wrong = told = f"Not usable, call the tools again: {unfit}"
        replies.append({"role": "tool", "tool_call_id": str(call.get("id", "")), "content": told})
    echo = {"role": "assistant", "content": None, "tool_calls": calls[:_MOST_CALLS]}
    return found, [echo, *replies], wrong


def _is_call(call: object) -> bool:
    return isinstance(call, dict) and isinstance(call.get("function"), dict) and "name" in call["function"]


async def _picture(page: Page) -> str | None:
    if page.screenshot is None:
        return None
    png = await page.screenshot()
    if len(png) > MAX_SCREENSHOT_BYTES:
        return None
    try:
        return str(await in_child(data_url, [png], memory_bytes=1 << 30, cpu_seconds=20, wall_seconds=30.0))
    except (ChildDied, ChildExceeded) as problem:
        log.warning("the screenshot is left out", job_id=str(page.job_id), reason=problem.detail)
        return None


def build(settings: Settings, session: "aiohttp.ClientSession") -> OpenAI | None:
    """The model that the settings name; None where they name neither a key nor an address."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return None
    return OpenAI(
        session,
        base_url=settings.openai_base_url or ORIGIN,
        key=settings.openai_api_key,
        model=settings.openai_model,
        seconds=settings.classify_seconds,
    )
