"""Secrets of the environment, or of a file that nobody else can read."""

from collections.abc import Mapping
from pathlib import Path

from yiguang.errors import UsageError


def secret_setting(env: Mapping[str, str], name: str) -> str:
    """The variable's value, or with `file:/path` what stands in that file; empty when unset. Raises UsageError naming the variable."""
    value = env.get(name, "").strip()
    if not value.startswith("file:"):
        return value
    path = Path(value.removeprefix("file:")).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{name} 指定的文件 {path} 其他账号也能读；请改为 0600")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{name} 指定的文件 {path} 无法读取：{fault}") from None
