"""Who stamps the nightly heads: a TOML file of the operator's, and kinds of authorities that plug-ins may add."""

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from domain.stamps import StampAuthority
from storage.sealing.rfc3161 import Rfc3161Authority, find_openssl
from yiguang.errors import CommandFailed

#: A distribution that adds a kind declares `name = "module:function"` here; see docs/time-stamps.md.
PLUG_IN_GROUP = "yiguang.stamp_authorities"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")  # sample: national-tsa.2
Maker = Callable[[str, Mapping[str, Any], Path], StampAuthority]


def load_authorities(file: Path) -> list[StampAuthority]:
    """The configured authorities; none when there is no such file. Raises CommandFailed naming what is wrong."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("authority", [])
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as fault:
        raise CommandFailed(f"时间戳机构配置 {file} 无法读取：{fault}") from fault
    authorities = [_authority(table, file) for table in tables]
    names = [authority.name for authority in authorities]
    for name in names:
        if names.count(name) > 1:
            raise CommandFailed(f"{file}：有两个机构都叫 {name}")
    return authorities


def _authority(table: Mapping[str, Any], file: Path) -> StampAuthority:
    name, kind = str(table.get("name", "")), str(table.get("kind", "rfc3161"))
    if not _NAME.fullmatch(name):
        raise CommandFailed(f"{file}：机构名 {name!r} 只能用字母、数字、点和连字符")
    maker = _maker(kind)
    if maker is None:
        raise CommandFailed(f"{file}：不认识机构 {name} 的类型 {kind}")
    try:
        return maker(name, table, file.parent)
    except (KeyError, ValueError, TypeError) as fault:
        raise CommandFailed(f"{file}：机构 {name} 的配置有误：{fault}") from fault


def _maker(kind: str) -> Maker | None:
    if kind == "rfc3161":
        return _rfc3161
    for point in entry_points(group=PLUG_IN_GROUP, name=kind):
        maker: Maker = point.load()
        return maker
    return None


def _rfc3161(name: str, table: Mapping[str, Any], folder: Path) -> StampAuthority:
    """Keys: `url`, `roots` (PEM file, relative to the configuration), `timeout_seconds`."""
    url = str(table["url"])
    if not url.startswith(("http://", "https://")):
        raise ValueError("url 应以 http:// 或 https:// 开头")
    roots = folder / str(table["roots"])
    if not roots.is_file():
        raise ValueError(f"找不到根证书文件 {roots}")
    return Rfc3161Authority(name, url, roots, float(table.get("timeout_seconds", 30.0)), find_openssl())
