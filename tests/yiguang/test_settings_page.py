"""Both pages on settings name every variable, and no other; the Chinese one says ranges as they are checked."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from yiguang.settings import read_settings
from yiguang.sign_on_settings import read_sign_on_settings
from yiguang.watching.alert_settings import read_alert_settings

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("settings.md", "zh/settings.md")}
PACKAGES = ("crawler", "classifier", "domain", "referral", "review", "storage", "yiguang")
NAMED = re.compile(r"YIGUANG_[A-Z]+(?:_[A-Z]+)*(?![A-Z_*{])")
_NUMBER = re.compile(r'_number\(env, "(\w+)", (?:int|float), ((?:(?!_number).)+?), ([\d_.]+), ([\d_.]+)\)')


class _Asked(Mapping[str, str]):
    """Knows what was looked for. Some variables are looked for only when others are set."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._values = {f"YIGUANG_ALERT_{name}": "https://robot.example/" for name in ("DINGTALK", "WECOM", "FEISHU")}
        self._values |= {f"YIGUANG_OIDC_{name}": "https://desk.example" for name in ("ISSUER", "BASE_URL")}
        self._values |= {f"YIGUANG_OIDC_{name}": "a" for name in ("CLIENT_ID", "CLIENT_SECRET")}
        self._values |= {f"YIGUANG_ALERT_MAIL_{name}": "a@desk.example" for name in ("FROM", "TO")}
        self._values["YIGUANG_ALERT_SMTP"] = "smtps://mail.example"

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def variables() -> set[str]:
    """What the readers of the environment look for, and what is named anywhere else in the code."""
    asked = _Asked()
    for read in (read_settings, read_alert_settings, read_sign_on_settings):
        read(asked)
    sources = (path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    named = {name for source in sources for name in NAMED.findall(source)}
    return {name for name in asked.names | named if name.startswith("YIGUANG_")}


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_is_documented(page: str) -> None:
    assert len(variables()) > 45
    assert set(NAMED.findall(PAGES[page])) == variables()


def test_the_chinese_page_has_the_ranges_and_defaults_of_numbers() -> None:
    source = " ".join((ROOT / "yiguang" / "settings.py").read_text(encoding="utf-8").split())
    checked = _NUMBER.findall(source)
    assert len(checked) > 12
    rows = dict(re.findall(r"^\| `(\w+)` (\|.*)$", PAGES["zh/settings.md"], re.MULTILINE))
    for name, default, low, high in checked:
        assert f"| {float(low):g}–{float(high):.0f}" in rows[name], name
        if re.fullmatch(r"[\d_.]+", default):
            assert f"| {float(default):g} |" in rows[name], name


def test_the_chinese_page_is_found_from_the_chinese_readme() -> None:
    readme = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    section = readme.partition("## 安装与部署")[2].partition("\n## ")[0]
    linked = re.findall(r"\]\(([^)#]+)\)", section)
    assert {"docs/zh/settings.md", "docs/zh/single-sign-on.md", "deploy/README.md"} <= set(linked)
    assert all((ROOT / path).exists() for path in linked)
    manuals = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "zh").glob("*.md")}
    assert manuals <= set(linked)
