"""Settings come from the environment, and a value that cannot be used is refused by name."""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from yiguang.errors import UsageError
from yiguang.home import utc_now
from yiguang.settings import read_settings
from yiguang.wiring import crawl_settings

ROOT = Path(__file__).resolve().parents[2]


def test_an_empty_environment_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.home == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/yiguang.sqlite"
    assert settings.durable_url == f"sqlite:///{tmp_path}/var/workflows.sqlite"
    assert (settings.lexicons / "rules").is_dir()
    assert settings.hosts == {}


def test_a_postgresql_holds_the_workflows_too() -> None:
    settings = read_settings({"YIGUANG_DATABASE_URL": "postgresql://u@h/d"})
    assert settings.durable_url == settings.database_url == "postgresql://u@h/d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YIGUANG_SHARDS", "0"),
        ("YIGUANG_SHARDS", "two"),
        ("YIGUANG_BROWSER_OPEN", "0"),
        ("YIGUANG_CHROMIUM_SANDBOX", "no"),
        ("YIGUANG_BROWSER_KILLED_MB", "899"),
        ("YIGUANG_TIMEOUT_SECONDS", "nan"),
        ("YIGUANG_DATABASE_URL", "mysql://h/d"),
        ("YIGUANG_LEXICONS", "/nowhere/at/all"),
        ("YIGUANG_USER_AGENT", "Mozilla/5.0 (Windows NT 10.0)"),
        ("YIGUANG_HOSTS", "/nowhere/at/all"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name if name != "YIGUANG_LEXICONS" else "词库"):
        read_settings({name: value})


_PATHS = ("YIGUANG_HOME", "YIGUANG_LEXICONS", "YIGUANG_HOSTS")


@pytest.mark.parametrize("name", _PATHS)
@pytest.mark.parametrize("value", ["/" + "a" * 5000, "/tmp/" + "b" * 300, "~nobody-by-this-name/x", "/tmp/a\0b"])
def test_what_no_path_can_be_is_refused_in_a_line_of_readable_length(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name) as refused:
        read_settings({name: value})
    assert len(str(refused.value)) < 250


def test_a_folder_of_something_else_is_no_lexicon(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rules.*YIGUANG_LEXICONS"):
        read_settings({"YIGUANG_LEXICONS": str(tmp_path)})
    file = tmp_path / "lexicons.zip"
    file.touch()
    with pytest.raises(UsageError, match="是文件，不是目录.*YIGUANG_LEXICONS"):
        read_settings({"YIGUANG_LEXICONS": str(file)})


_AS_NOBODY = """
import os, sys
from yiguang.errors import UsageError
from yiguang.settings import read_settings
if os.getuid() == 0:
    os.setuid(65534)
try:
    read_settings({"YIGUANG_LEXICONS": sys.argv[1]})
except UsageError as fault:
    sys.stdout.buffer.write(str(fault).encode())
"""


@pytest.mark.parametrize("closed", ["lexicons", "."])
def test_a_folder_that_this_account_may_not_read_is_refused_by_name(closed: str) -> None:
    with TemporaryDirectory() as above:  # the folder of tests is closed to other accounts
        place = Path(above)
        place.chmod(0o755)
        (place / "lexicons/rules").mkdir(parents=True)
        (place / closed).chmod(0)
        try:
            command = [sys.executable, "-c", _AS_NOBODY, str(place / "lexicons")]
            done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
        finally:
            (place / closed).chmod(0o700)
    assert re.fullmatch(r".*YIGUANG_LEXICONS.*没有权限.*|.*没有权限.*YIGUANG_LEXICONS.*", done.stdout.decode())


def test_the_host_map_is_read_as_etc_hosts_is(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# sample\n127.0.0.1 a.example B.example # two\n\n::1\tc.example\n", encoding="utf-8")
    settings = read_settings({"YIGUANG_HOSTS": str(hosts)})
    assert settings.hosts == {"a.example": "127.0.0.1", "b.example": "127.0.0.1", "c.example": "::1"}
    hosts.write_text("a.example 127.0.0.1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="第 1 行"):
        read_settings({"YIGUANG_HOSTS": str(hosts)})


def test_a_chinese_name_in_the_host_map_is_kept_as_it_is_asked_for(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 示例门诊.example xn--fsqu00a.example\n", encoding="utf-8")
    settings = read_settings({"YIGUANG_HOSTS": str(hosts)})
    assert settings.hosts == {"xn--fsq092hmwl8qj.example": "127.0.0.1", "xn--fsqu00a.example": "127.0.0.1"}
    hosts.write_text("127.0.0.1 a.example\n127.0.0.1 示..例.example\n", encoding="utf-8")
    with pytest.raises(UsageError, match="第 2 行"):
        read_settings({"YIGUANG_HOSTS": str(hosts)})


def test_a_browser_that_may_grow_large_is_killed_later_still() -> None:
    settings = read_settings({"YIGUANG_BROWSER_WORN_MB": "3000", "YIGUANG_BROWSER_OPEN": "4"})
    crawl = crawl_settings(settings, utc_now())
    assert (crawl.browser_worn_bytes, crawl.browser_killed_bytes) == (3_000_000_000, 3_000_000_000)
    assert (crawl.concurrent_renders, crawl.renders_per_browser) == (4, 100)


def test_the_browser_keeps_its_sandbox_unless_told_otherwise() -> None:
    told = {value: read_settings({"YIGUANG_CHROMIUM_SANDBOX": value}) for value in ("", "on", "off")}
    assert [crawl_settings(told[value], utc_now()).chromium_sandbox for value in told] == [True, True, False]
