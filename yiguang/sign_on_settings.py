"""Sign-in by the office's provider, read from the environment (`YIGUANG_OIDC_…`); nothing is read, and nothing asked, without an issuer."""

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from review.sign_on_settings import SignOnSettings
from yiguang.errors import UsageError
from yiguang.loopback import is_loopback
from yiguang.secret_setting import secret_setting

_ISSUER = "YIGUANG_OIDC_ISSUER"
_ID, _SECRET = "YIGUANG_OIDC_CLIENT_ID", "YIGUANG_OIDC_CLIENT_SECRET"
_BASE = "YIGUANG_OIDC_BASE_URL"
_CLAIM, _SCOPES, _ONLY = "YIGUANG_OIDC_CLAIM", "YIGUANG_OIDC_SCOPES", "YIGUANG_OIDC_ONLY"
#: RFC 6749 3.3
_SCOPE = re.compile(r"[!#-\[\]-~]{1,100}")
_WORD = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


def read_sign_on_settings(environ: Mapping[str, str] | None = None) -> SignOnSettings | None:
    """None without an issuer. Raises UsageError naming the variable when a value cannot be used."""
    env = os.environ if environ is None else environ
    issuer = env.get(_ISSUER, "").strip()
    if not issuer:
        return None
    _check_url(_ISSUER, issuer, may_have_path=True)
    client_id, secret = env.get(_ID, "").strip(), secret_setting(env, _SECRET)
    base = env.get(_BASE, "").strip().rstrip("/")
    for name, value in ((_ID, client_id), (_SECRET, secret), (_BASE, base)):
        if not value:
            raise UsageError(f"设置了 {_ISSUER} 时，也须设置 {name}")
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"{name} 含有不允许的字符")
    _check_url(_BASE, base, may_have_path=False)
    scopes = tuple(env.get(_SCOPES, "").split()) or ("openid", "profile")
    if "openid" not in scopes or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise UsageError(f"{_SCOPES} 应为以空格分隔的范围，并含有 openid")
    claim = env.get(_CLAIM, "").strip() or "sub"
    if not _WORD.fullmatch(claim):
        raise UsageError(f"{_CLAIM} 应为一个声明的名称，如 sub")
    return SignOnSettings(issuer, client_id, secret, base.lower(), claim, scopes, _only(env))


def _only(env: Mapping[str, str]) -> bool:
    value = env.get(_ONLY, "").strip().lower()
    if value not in ("", "on", "off"):
        raise UsageError(f"{_ONLY} 只能是 on 或 off，不能是 {value}")
    return value == "on"


def _check_url(name: str, url: str, *, may_have_path: bool) -> None:
    try:
        parsed = urlsplit(url)
        host, _ = parsed.hostname, parsed.port
    except ValueError:
        raise UsageError(f"{name} 不是有效的网址") from None
    if parsed.scheme not in ("https", "http") or not host or not (url.isascii() and url.isprintable()) or " " in url:
        raise UsageError(f"{name} 应为 https:// 网址")
    if parsed.scheme == "http" and not is_loopback(host):
        raise UsageError(f"{name}：不加密的 http:// 只能用于本机")
    if parsed.username is not None or parsed.query or parsed.fragment or (parsed.path and not may_have_path):
        raise UsageError(f"{name} 不能含有账号、参数" + ("" if may_have_path else "或路径"))
