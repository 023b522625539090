"""Prints HTML of our own to PDF with the browser that the crawl has anyway; nothing is loaded for it."""

import asyncio

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from crawler.rendering.browser import BrowserUnavailable, launch_chromium

_SECONDS = 60.0


def print_pdf(html: str, chromium_path: str | None = None, *, sandbox: bool = True) -> bytes:
    """A4 pages. Raises `BrowserUnavailable`. Blocks; call it outside of an event loop."""
    try:
        return asyncio.run(asyncio.wait_for(_print(html, chromium_path, sandbox), _SECONDS))
    except PlaywrightError as error:
        raise BrowserUnavailable(f"浏览器出错：{error.message[:200]}") from error
    except TimeoutError as error:
        raise BrowserUnavailable(f"浏览器在 {_SECONDS:g} 秒内没有打印完") from error


async def _print(html: str, chromium_path: str | None, sandbox: bool) -> bytes:
    async with async_playwright() as playwright:
        browser = await launch_chromium(playwright, chromium_path, sandbox=sandbox)
        try:
            context = await browser.new_context(java_script_enabled=False, offline=True, locale="zh-CN")
            page = await context.new_page()
            await page.set_content(html)
            return await page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
        finally:
            await browser.close()
