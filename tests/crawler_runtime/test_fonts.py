"""The font check, with and without a Chinese font, in the real browser."""

import os
from pathlib import Path

import pytest

from crawler.rendering.browser import BrowserUnavailable
from crawler.rendering.fonts import FontMissing, check_cjk_font


def test_this_machine_draws_chinese() -> None:
    check_cjk_font()


def test_says_so_when_no_font_is_configured(tmp_path: Path) -> None:
    empty = tmp_path / "fonts.conf"
    empty.write_text(f"<fontconfig><cachedir>{tmp_path}/cache</cachedir></fontconfig>")
    with pytest.raises(FontMissing, match="医癌龘.*中文字体"):
        check_cjk_font(env={**os.environ, "FONTCONFIG_FILE": str(empty)})


def test_says_so_when_there_is_no_browser(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailable, match="无法启动 Chromium"):
        check_cjk_font(str(tmp_path / "no-such-browser"))


def test_says_so_when_the_system_allows_no_sandbox(tmp_path: Path) -> None:
    refused = tmp_path / "chromium"
    refused.write_text("#!/bin/sh\necho '[1:1:FATAL:zygote.cc] No usable sandbox! Update your kernel' >&2\nexit 1\n")
    refused.chmod(0o755)
    with pytest.raises(BrowserUnavailable, match="不允许它的沙箱.*YIGUANG_CHROMIUM_SANDBOX=off"):
        check_cjk_font(str(refused))
