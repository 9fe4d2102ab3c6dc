"""A screenshot as models take it: the top of the page, small."""

import base64
import io

WIDTH, HEIGHT = 1024, 3072
_MOST_PIXELS = 120_000_000  # a page of 8,000 pixels on a wide screen has a quarter of it
_QUALITY = 80


def data_url(png: bytes) -> str:
    """The picture as a data URL of a few hundred KiB. Raises ``ValueError`` for what is no such picture."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # loaded where there is a picture

    try:
        with Image.open(io.BytesIO(png), formats=["PNG", "JPEG", "WEBP"]) as opened:
            width, height = opened.size
            if width * height > _MOST_PIXELS:
                msg = f"a picture of {width} x {height} pixels is too large"
                raise ValueError(msg)
            top = opened.crop((0, 0, width, min(height, width * HEIGHT // WIDTH))).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        msg = "the screenshot is no picture"
        raise ValueError(msg) from error
    top.thumbnail((WIDTH, HEIGHT))
    written = io.BytesIO()
    top.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"
