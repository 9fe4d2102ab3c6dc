"""What a page shows: a picture of its whole height, its HTML, its text."""

import base64
from typing import TYPE_CHECKING, Any

from services.intake.capturing.captured import Budget
from services.intake.capturing.failures import CaptureTooLarge

if TYPE_CHECKING:
    from playwright.async_api import Page

WIDEST = 1920  # pixels
LONGEST_TITLE = 300
_STEP = 800
# What comes only when somebody scrolls there is part of the page, as far down as the picture goes.
_SCROLL = """async ([step, limit]) => {
  const root = document.scrollingElement || document.documentElement;
  for (let y = 0; y < Math.min(root.scrollHeight, limit); y += step) {
    window.scrollTo(0, y);
    await new Promise(done => setTimeout(done, 20));
  }
  window.scrollTo(0, 0);
}"""
_LENGTH = "document.documentElement.outerHTML.length"


async def photograph(page: "Page", budget: Budget) -> dict[str, Any]:
    """``screenshot``, ``width``, ``height``, ``truncated``, ``html``, ``text`` and ``title``.

    Raises ``CaptureTooLarge``.
    """
    await page.evaluate(_SCROLL, [_STEP, budget.pixels])
    if await page.evaluate(_LENGTH) > budget.bytes:
        raise CaptureTooLarge(f"The page has more than {budget.bytes:,} characters of HTML")
    return {
        **await _picture(page, budget),
        "html": sound(await page.content()),
        "text": sound(await page.inner_text(":root", timeout=0)),
        "title": sound(await page.title())[:LONGEST_TITLE],
    }


def sound(text: str) -> str:
    """The text as every store can keep it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


async def _picture(page: "Page", budget: Budget) -> dict[str, Any]:
    session = await page.context.new_cdp_session(page)
    # asked of the browser, for the page could say anything
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    width, height = (
        max(1, min(int(size[name]), most)) for name, most in (("width", WIDEST), ("height", budget.pixels))
    )
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    told = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    shot = await session.send("Page.captureScreenshot", told)
    truncated = size["width"] > width or size["height"] > height
    return {"screenshot": base64.b64decode(shot["data"]), "width": width, "height": height, "truncated": truncated}
