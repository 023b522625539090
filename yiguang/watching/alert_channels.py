"""Sending a message by mail or to the robot of a chat; nothing is sent anywhere but to the host that was set."""

import base64
import hashlib
import hmac
import json
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from http.client import HTTPException
from pathlib import Path
from string import Template
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from domain.alerts import Alert, message_text
from yiguang.watching.alert_settings import MailServer, Webhook

TIMEOUT_SECONDS = 20.0
_FOLDER = "alerts"
_MAIL_BYTES = 200_000
_ANSWER_BYTES = 65_536


class NotSent(Exception):
    """The message is Chinese, fits one line, and has no secret in it."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a service wants its message: `limit_bytes` for the text, and what its answer has when it took it."""

    limit_bytes: int
    success: Mapping[str, Any]
    message: Mapping[str, Any]


def send_mail(
    server: MailServer,
    title: str,
    text: str,
    now: datetime,
    recipients: Sequence[str] = (),
    context: ssl.SSLContext | None = None,
) -> None:
    """Plain text; to the recipients that are set unless others are named. Raises NotSent."""
    message = EmailMessage()
    message["From"], message["To"] = server.sender, ", ".join(recipients or server.recipients)
    message["Subject"], message["Date"] = " ".join(title.split()), format_datetime(now)
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with _connected(server, context or ssl.create_default_context()) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            refused = smtp.send_message(message)
    except (smtplib.SMTPException, OSError) as fault:
        raise NotSent(f"邮件（{server.host}）没有发出：{_said(fault)}") from fault
    except UnicodeError:  # smtplib has ASCII alone; what it says has a letter of the password in it
        raise NotSent(f"邮件（{server.host}）没有发出：用户名、口令或地址中有非 ASCII 字符") from None
    if refused:
        raise NotSent(f"邮件服务器 {server.host} 拒收：{'、'.join(sorted(refused))}")


def _connected(server: MailServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    if server.security == "smtp+starttls":
        try:
            smtp.starttls(context=context)
        except (smtplib.SMTPException, OSError):
            smtp.close()
            raise
    return smtp


def _said(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        answer = fault.smtp_error
        return f"{fault.smtp_code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"
    return " ".join(str(fault).split()) or type(fault).__name__


def mail_text(lexicons: Path, alerts: Sequence[Alert], home: Path) -> str:
    """Raises NotSent when the template names something that there is not."""
    try:
        template = (lexicons / _FOLDER / "mail.txt").read_text(encoding="utf-8")
        return Template(template).substitute(text=message_text(alerts, _MAIL_BYTES), home=home)
    except (OSError, KeyError, ValueError) as fault:
        raise NotSent(f"邮件模板有误：{fault}") from fault


def post_webhook(lexicons: Path, hook: Webhook, title: str, alerts: Sequence[Alert], now: datetime) -> None:
    """Raises NotSent."""
    shape = _shape(lexicons, hook.service)
    body = _filled(shape.message, {"title": title, "text": message_text(alerts, shape.limit_bytes)})
    url, body = _SIGNERS[hook.service](hook, body, now)
    request = urllib.request.Request(  # noqa: S310  # the scheme was checked where the setting was read
        url, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"}
    )
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as response:
            answer = json.loads(response.read(_ANSWER_BYTES))
    except HTTPError as fault:
        raise NotSent(f"{hook.service}（{hook.host}）没有收下：HTTP {fault.code}") from fault
    except (OSError, HTTPException, ValueError) as fault:
        raise NotSent(f"{hook.service}（{hook.host}）没有收下：{_without(hook, _said(fault))}") from fault
    if not isinstance(answer, dict) or any(answer.get(name) != value for name, value in shape.success.items()):
        raise NotSent(
            f"{hook.service}（{hook.host}）没有收下：{_without(hook, json.dumps(answer, ensure_ascii=False))[:200]}"
        )


def _without(hook: Webhook, text: str) -> str:
    for secret in (hook.url, hook.secret):
        text = text.replace(secret, "***") if secret else text
    return text


def _shape(lexicons: Path, service: str) -> _Shape:
    path = lexicons / _FOLDER / f"{service}.json"
    try:
        return _Shape(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as fault:
        raise NotSent(f"{path.name} 无法读取：{fault}") from fault


def _filled(shape: Any, words: Mapping[str, str]) -> Any:
    match shape:
        case str():
            return Template(shape).safe_substitute(words)
        case dict():
            return {name: _filled(item, words) for name, item in shape.items()}
        case list():
            return [_filled(item, words) for item in shape]
        case _:
            return shape


def _sign_dingtalk(hook: Webhook, body: dict[str, Any], now: datetime) -> tuple[str, dict[str, Any]]:
    """HMAC over the time in milliseconds and the secret, in the query."""
    if not hook.secret:
        return hook.url, body
    moment = str(round(now.timestamp() * 1000))
    sign = _mac(hook.secret, f"{moment}\n{hook.secret}")
    joint = "&" if "?" in hook.url else "?"
    return f"{hook.url}{joint}{urlencode({'timestamp': moment, 'sign': sign})}", body


def _sign_feishu(hook: Webhook, body: dict[str, Any], now: datetime) -> tuple[str, dict[str, Any]]:
    """HMAC of nothing, under the time in seconds and the secret as key, in the body."""
    if not hook.secret:
        return hook.url, body
    moment = str(round(now.timestamp()))
    return hook.url, {"timestamp": moment, "sign": _mac(f"{moment}\n{hook.secret}", ""), **body}


def _as_it_is(hook: Webhook, body: dict[str, Any], _now: datetime) -> tuple[str, dict[str, Any]]:
    return hook.url, body


def _mac(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


_SIGNERS: Mapping[str, Callable[[Webhook, dict[str, Any], datetime], tuple[str, dict[str, Any]]]] = {
    "dingtalk": _sign_dingtalk,
    "feishu": _sign_feishu,
    "wecom": _as_it_is,
}


def _opener() -> urllib.request.OpenerDirector:
    """Without redirects, which would carry the message to a host that nobody set."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
