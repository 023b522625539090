"""Settings of one process, read once from the environment; `YIGUANG_*` is the only place they come from."""

import getpass
import ipaddress
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from crawler.addresses.urls import ascii_host
from domain.abilities import EVERYTHING, Ability, abilities_in
from domain.beijing import BEIJING
from domain.system_words import file_fault
from domain.user_agent import DEFAULT_USER_AGENT, ROBOTS_TOKEN
from yiguang.errors import UsageError
from yiguang.night_window import DEFAULT_ZONE, NightWindow, read_window, read_zone

DATABASE_FILE = "yiguang.sqlite"
_PATH_SHOWN = 120  # characters of a path that is refused
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Paths are absolute.

    `operator` answers for the evidence: an organisation or a person, else the account that runs the night. `contact` is
    a URL or mail address added to the user agent. `shards` is the number of crawl processes of a night,
    `concurrent_sites` the sites each of them visits at once, `shard_restarts` how often a crashed one is started again.
    `ocr_budget_seconds` is the time that all processes of a night together spend on reading pictures, 0 for none.
    `browser_open` pages are shown at once by each process; its browser gets no new page after `browser_pages` or while it
    holds more than `browser_worn_mb` (10^6 bytes), and is killed at `browser_killed_mb`.
    `retry_seconds` is the first wait before a failed URL is tried again. `hosts` maps host names to addresses, as
    /etc/hosts does. `durable_url` is the database in which the workflow engine keeps its own state. `night_window` None
    lets a night run at any time. `dns_control` are host names that certainly exist, see `CrawlSettings`. `egress` is
    the public address that servers see, as only the operator knows it. `audit_pages` are drawn each night from the pages
    below the threshold, for readers of the desk. `recheck_seconds` is the time a night spends on checking evidence of earlier
    nights again; `evidence_store` is a second place for evidence, a folder or a URL, empty for none, with options for it as
    `name=value`. `seal_token` says where in a PKCS#11 token the signing key is, empty when it is in a file.
    `chromium_sandbox` False runs the browser without its sandbox. `time_zone` is whose clock window and timetable go by. Less than `disk_low_mb` (10^6 bytes)
    free on the disk of the data folder are told. `can` is what this process does of a night's work, and leaves the rest to others.
    """

    home: Path
    database_url: str
    durable_url: str
    lexicons: Path
    chromium: str | None
    user_agent: str
    contact: str
    operator: str
    shards: int
    concurrent_sites: int
    shard_restarts: int
    timeout_seconds: float
    render_timeout_seconds: float
    retry_seconds: float
    browser_open: int
    browser_pages: int
    browser_worn_mb: int
    browser_killed_mb: int
    ocr_budget_seconds: float
    hosts: Mapping[str, str] = field(default_factory=dict)
    night_window: NightWindow | None = None
    dns_control: tuple[str, ...] = ()
    egress: str = ""
    audit_pages: int = 20
    recheck_seconds: float = 1800.0
    evidence_store: str = ""
    evidence_store_options: tuple[str, ...] = ()
    seal_token: str = ""
    chromium_sandbox: bool = True
    disk_low_mb: int = 5000
    time_zone: tzinfo = BEIJING
    can: frozenset[Ability] = EVERYTHING

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def authorities(self) -> Path:
        """Who stamps the nightly heads; need not exist."""
        return self.home / "authorities.toml"

    @property
    def seal_key(self) -> Path:
        """The private key that signs evidence, unless it is in a token; it never leaves this file."""
        return self.home / "keys" / "seal.pem"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises UsageError naming the variable when a value cannot be used."""
    env = os.environ if environ is None else environ
    home = _path("YIGUANG_HOME", env.get("YIGUANG_HOME") or "var")
    user_agent = env.get("YIGUANG_USER_AGENT") or DEFAULT_USER_AGENT
    if ROBOTS_TOKEN not in user_agent:
        raise UsageError(f"YIGUANG_USER_AGENT 必须含有 {ROBOTS_TOKEN}（网站在 robots.txt 中以此称呼本系统）")
    database_url = env.get("YIGUANG_DATABASE_URL") or f"sqlite:///{home / DATABASE_FILE}"
    if not database_url.startswith(("sqlite:///", "postgresql")):
        raise UsageError("YIGUANG_DATABASE_URL 只支持 sqlite:///… 或 postgresql://…")
    worn_mb = _number(env, "YIGUANG_BROWSER_WORN_MB", int, 900, 100, 64_000)
    return Settings(
        home=home,
        database_url=database_url,
        durable_url=_durable_url(database_url, home),
        lexicons=_lexicons(env.get("YIGUANG_LEXICONS")),
        chromium=env.get("YIGUANG_CHROMIUM") or None,
        chromium_sandbox=_switch(env, "YIGUANG_CHROMIUM_SANDBOX", default=True),
        user_agent=user_agent,
        contact=env.get("YIGUANG_CONTACT", ""),
        operator=env.get("YIGUANG_OPERATOR") or _this_account(),
        shards=_number(env, "YIGUANG_SHARDS", int, min(4, os.cpu_count() or 1), 1, 64),
        concurrent_sites=_number(env, "YIGUANG_CONCURRENT_SITES", int, 16, 1, 256),
        shard_restarts=_number(env, "YIGUANG_SHARD_RESTARTS", int, 3, 0, 20),
        timeout_seconds=_number(env, "YIGUANG_TIMEOUT_SECONDS", float, 30.0, 0.1, 600.0),
        render_timeout_seconds=_number(env, "YIGUANG_RENDER_TIMEOUT_SECONDS", float, 45.0, 1.0, 600.0),
        ocr_budget_seconds=_number(env, "YIGUANG_OCR_BUDGET_SECONDS", float, 1800.0, 0.0, 86_400.0),
        browser_open=_number(env, "YIGUANG_BROWSER_OPEN", int, 2, 1, 16),
        browser_pages=_number(env, "YIGUANG_BROWSER_PAGES", int, 100, 1, 100_000),
        browser_worn_mb=worn_mb,
        browser_killed_mb=_number(env, "YIGUANG_BROWSER_KILLED_MB", int, max(2000, worn_mb), worn_mb, 64_000),
        retry_seconds=_number(env, "YIGUANG_RETRY_SECONDS", float, 30.0, 0.1, 3600.0),
        hosts=_hosts(env.get("YIGUANG_HOSTS")),
        dns_control=tuple(env.get("YIGUANG_DNS_CONTROL", "").split()),
        egress=env.get("YIGUANG_EGRESS", "").strip(),
        recheck_seconds=_number(env, "YIGUANG_RECHECK_SECONDS", float, 1800.0, 0.0, 86_400.0),
        evidence_store=env.get("YIGUANG_EVIDENCE_STORE", "").strip(),
        evidence_store_options=tuple(env.get("YIGUANG_EVIDENCE_STORE_OPTIONS", "").split()),
        seal_token=env.get("YIGUANG_SEAL_TOKEN", "").strip(),
        disk_low_mb=_number(env, "YIGUANG_DISK_LOW_MB", int, 5000, 0, 10_000_000),
        audit_pages=_number(env, "YIGUANG_AUDIT_PAGES", int, 20, 0, 2000),
        night_window=read_window(env.get("YIGUANG_NIGHT_WINDOW", ""), env.get("YIGUANG_TIME_ZONE") or DEFAULT_ZONE),
        can=read_abilities(env.get("YIGUANG_CAN", ""), "YIGUANG_CAN"),
        time_zone=read_zone(env.get("YIGUANG_TIME_ZONE") or DEFAULT_ZONE),
    )


def read_abilities(text: str, named: str) -> frozenset[Ability]:
    """All of them for an empty text, none for `none`. Raises UsageError that says `named`."""
    if not text.strip():
        return EVERYTHING
    try:
        return abilities_in("" if text.strip() == "none" else text)
    except ValueError:
        raise UsageError(
            f"{named} 只能由 crawl、show、read 组成，以逗号分隔（都不做写 none），现在是 {text!r}"
        ) from None


def _this_account() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        name = f"uid {os.getuid()}"
    return f"{name}@{platform.node()}"


def _durable_url(database_url: str, home: Path) -> str:
    """The workflow engine shares a PostgreSQL (in a schema of its own); beside SQLite it gets a file of its own."""
    if database_url.startswith("postgresql"):
        return database_url
    return f"sqlite:///{home / 'workflows.sqlite'}"


def _path(name: str, value: str) -> Path:
    """Absolute; need not exist. Raises UsageError for what no file or folder can be called, or what may not be looked at."""
    try:
        path = Path(value).expanduser().absolute()
    except RuntimeError:  # ~name of an account that is not there
        raise UsageError(f"{name} 中的 {_shown(value)} 没有对应的账号目录") from None
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError) as fault:  # too long, below a folder that is closed to this account, a NUL
        said = file_fault(fault) if isinstance(fault, OSError) else "含有不能用于路径的字符"
        raise UsageError(f"{name} 指定的路径无法使用：{_shown(value)}（{said}）") from None
    return path


def _shown(path: str) -> str:
    return path if len(path) <= _PATH_SHOWN else f"{path[:_PATH_SHOWN]}…（共 {len(path)} 字符）"


def _lexicons(value: str | None) -> Path:
    folder = _path("YIGUANG_LEXICONS", value) if value else Path(__file__).resolve().parent.parent / "lexicons"
    if not folder.is_dir():
        said = "是文件，不是目录" if folder.exists() else "没有这个目录"
        raise UsageError(f"找不到词库目录 {folder}：{said}（用 YIGUANG_LEXICONS 指定）")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(f"无法读取词库目录 {folder}：没有权限（用 YIGUANG_LEXICONS 指定）")
    if not (folder / "rules").is_dir():
        raise UsageError(f"{folder} 不是词库目录，其中没有 rules（用 YIGUANG_LEXICONS 指定）")
    return folder


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "").strip().lower()
    if value not in ("", "on", "off"):
        raise UsageError(f"{name} 只能是 on 或 off，不能是 {value}")
    return value == "on" if value else default


def _number(
    env: Mapping[str, str], name: str, kind: Callable[[str], Number], default: Number, low: Number, high: Number
) -> Number:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        raise UsageError(f"{name} 应为数字，现在是 {text!r}") from None
    if not low <= value <= high:
        raise UsageError(f"{name} 应在 {low} 与 {high} 之间，现在是 {text}")
    return value


def _hosts(value: str | None) -> dict[str, str]:
    """A file in the form of /etc/hosts: `127.0.0.1 www.some-clinic.example other.example  # note`. International names are
    kept as they are asked for, in their `xn--` form."""
    if not value:
        return {}
    path = _path("YIGUANG_HOSTS", value)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        said = file_fault(fault) if isinstance(fault, OSError) else "不是 UTF-8 文本"
        raise UsageError(f"YIGUANG_HOSTS 指定的文件无法读取：{path}（{said}）") from None
    hosts: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        address, *names = line.partition("#")[0].split() or [""]
        if not address:
            continue
        try:
            ipaddress.ip_address(address)
            hosts.update({ascii_host(name): address for name in names})
        except ValueError:
            raise UsageError(f"{path} 第 {number} 行不是“地址 主机名”的形式") from None
    return hosts
