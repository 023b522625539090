"""Whether the browser can draw Chinese at all: without a font every screenshot is rows of boxes, and no evidence."""

import asyncio
from collections.abc import Mapping

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from crawler.rendering.browser import BrowserUnavailable, launch_chromium

#: A common, a telling and a rare character (traditional, 16 strokes twice over).
SAMPLE_GLYPHS = "医癌龘"
#: Code points that no font has a glyph for: an unassigned one and one for private use.
_NO_GLYPHS = "\u0378\uf8fe"

# Draws each character on its own canvas and gives the pixels as text.
_DRAW = """characters => Array.from(characters).map(character => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const context = canvas.getContext("2d");
  context.font = "40px sans-serif";
  context.textBaseline = "top";
  context.fillText(character, 2, 2);
  return canvas.toDataURL();
})"""


class FontMissing(Exception):
    """The browser draws Chinese characters as empty boxes. The message is Chinese."""


def check_cjk_font(
    chromium_path: str | None = None, *, sandbox: bool = True, env: Mapping[str, str] | None = None
) -> None:
    """Draw known characters and compare them with how the same browser draws a missing one.

    Raises `FontMissing`, or `BrowserUnavailable` when there is no browser to ask. `env` replaces the browser's
    environment. Blocks; call it outside of an event loop.
    """
    missing = asyncio.run(_missing_glyphs(chromium_path, sandbox, env))
    if missing:
        raise FontMissing(
            f"Chromium 画不出汉字“{missing}”，截图将全是方框。请安装中文字体，例如 apt install fonts-wqy-zenhei 或 fonts-noto-cjk"
        )


async def _missing_glyphs(chromium_path: str | None, sandbox: bool, env: Mapping[str, str] | None) -> str:
    driver = async_playwright()
    try:
        playwright = await driver.start()
    except Exception as error:  # noqa: BLE001 - Playwright raises a bare Exception when its driver cannot start
        raise BrowserUnavailable(
            f"Playwright 的驱动程序无法启动（{error}）。可用 .venv/bin/python -m playwright --version 查看原因"
        ) from error
    try:
        browser = await launch_chromium(playwright, chromium_path, sandbox=sandbox, env=env)
        try:
            page = await browser.new_page()
            images: list[str] = await page.evaluate(_DRAW, SAMPLE_GLYPHS + _NO_GLYPHS + " ")
        except PlaywrightError as error:
            raise BrowserUnavailable(f"浏览器出错：{error.message[:200]}") from error
        finally:
            await browser.close()
    finally:
        await playwright.stop()
    drawn, unlike = images[: len(SAMPLE_GLYPHS)], set(images[len(SAMPLE_GLYPHS) :])
    # Two different characters that look the same are boxes too, whatever the box of a missing glyph looks like
    return "".join(
        glyph for glyph, image in zip(SAMPLE_GLYPHS, drawn, strict=True) if image in unlike or drawn.count(image) > 1
    )
