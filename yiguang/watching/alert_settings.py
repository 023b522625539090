"""Where alerts go, read from the environment. Secrets may be in files that nobody else can read: `file:/path`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from yiguang.errors import UsageError
from yiguang.loopback import is_loopback
from yiguang.secret_setting import secret_setting

_MAIL_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
_SERVICES = ("dingtalk", "wecom", "feishu")
#: Those whose robots may ask for a signature.
_SIGNED = ("dingtalk", "feishu")


@dataclass(frozen=True, slots=True)
class MailServer:
    """`security` is `smtps`, `smtp+starttls` or, to this machine only, `smtp`. Without a `user` none logs in."""

    security: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Webhook:
    """`service` names the file of its message under `lexicons/alerts/`. The URL has a secret in it."""

    service: str
    url: str = field(repr=False)
    secret: str = field(repr=False, default="")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """`quiet_hours`: the same trouble is not told again for so long."""

    mail: MailServer | None
    webhooks: tuple[Webhook, ...]
    quiet_hours: float

    @property
    def ways(self) -> int:
        """How many channels there are."""
        return len(self.webhooks) + (self.mail is not None)


def read_alert_settings(environ: Mapping[str, str] | None = None) -> AlertSettings:
    """Raises UsageError naming the variable when a value cannot be used."""
    env = os.environ if environ is None else environ
    hooks = [_webhook(env, service) for service in _SERVICES]
    return AlertSettings(_mail(env), tuple(hook for hook in hooks if hook is not None), _hours(env))


def _hours(env: Mapping[str, str]) -> float:
    text = env.get("YIGUANG_ALERT_QUIET_HOURS", "").strip() or "12"
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 31:
        raise UsageError(f"YIGUANG_ALERT_QUIET_HOURS 应在 0 与 744 之间，现在是 {text}")
    return hours


def _mail(env: Mapping[str, str]) -> MailServer | None:
    name = "YIGUANG_ALERT_SMTP"
    if not (place := secret_setting(env, name)):
        return None
    parsed = _split(name, place)
    security = parsed.scheme
    if security not in _MAIL_PORTS or not parsed.hostname:
        raise UsageError(f"{name} 应为 smtps://…、smtp+starttls://… 或（仅本机）smtp://…")
    if parsed.password:
        raise UsageError(f"{name} 中不要写口令；用 YIGUANG_ALERT_SMTP_PASSWORD")
    if security == "smtp" and not is_loopback(parsed.hostname):
        raise UsageError(f"{name}：不加密的 smtp:// 只能用于本机；请用 smtps:// 或 smtp+starttls://")
    sender, recipients = env.get("YIGUANG_ALERT_MAIL_FROM", "").strip(), env.get("YIGUANG_ALERT_MAIL_TO", "").split()
    if not sender or not recipients:
        raise UsageError("设置了 YIGUANG_ALERT_SMTP 时，也须设置 YIGUANG_ALERT_MAIL_FROM 与 YIGUANG_ALERT_MAIL_TO")
    port = parsed.port or _MAIL_PORTS[security]
    password = secret_setting(env, "YIGUANG_ALERT_SMTP_PASSWORD")
    return MailServer(
        security, parsed.hostname, port, unquote(parsed.username or ""), password, sender, tuple(recipients)
    )


def _webhook(env: Mapping[str, str], service: str) -> Webhook | None:
    name = f"YIGUANG_ALERT_{service.upper()}"
    if not (url := secret_setting(env, name)):
        return None
    parsed = _split(name, url)
    if not parsed.hostname or parsed.scheme not in ("https", "http"):
        raise UsageError(f"{name} 应为 https:// 网址")
    if parsed.scheme == "http" and not is_loopback(parsed.hostname):
        raise UsageError(f"{name}：不加密的 http:// 只能用于本机")
    return Webhook(service, url, secret_setting(env, f"{name}_SECRET") if service in _SIGNED else "")


def _split(name: str, url: str) -> SplitResult:
    try:
        parsed = urlsplit(url)
        _ = parsed.port
    except ValueError:
        raise UsageError(f"{name} 不是有效的网址") from None
    return parsed
