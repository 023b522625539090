"""The page on operation names every variable of alerts, and no other."""

import re
from pathlib import Path

import pytest

from yiguang.errors import UsageError
from yiguang.watching.alert_settings import read_alert_settings

ROOT = Path(__file__).parents[2]


def test_every_variable_of_alerts_is_documented() -> None:
    services = ("DINGTALK", "WECOM", "FEISHU")
    source = (ROOT / "yiguang" / "watching" / "alert_settings.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "zh" / "operation.md").read_text(encoding="utf-8")
    named = re.compile(r"YIGUANG_ALERT_[A-Z_]*[A-Z]")
    built = {f"YIGUANG_ALERT_{service}" for service in services}
    signed = {f"YIGUANG_ALERT_{service}_SECRET" for service in services if service.lower() in ("dingtalk", "feishu")}
    assert set(named.findall(page)) == set(named.findall(source)) | built | signed


def test_only_the_values_that_the_page_says_are_read_from_files(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "zh" / "operation.md").read_text(encoding="utf-8")
    assert "发件人、收件人与时长须直接写明" in page
    secrets = {"SMTP": "smtps://mail.example", "SMTP_PASSWORD": "x", "WECOM": "https://wecom.example/"}
    for service in ("DINGTALK", "FEISHU"):
        secrets |= {service: f"https://{service.lower()}.example/", f"{service}_SECRET": "y"}
    env = {"YIGUANG_ALERT_MAIL_FROM": "file:/from", "YIGUANG_ALERT_MAIL_TO": "file:/to"}
    for name, value in secrets.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
        env[f"YIGUANG_ALERT_{name}"] = f"file:{tmp_path / name}"
    read = read_alert_settings(env)
    assert read.mail is not None
    assert (read.mail.host, read.mail.password, read.mail.sender) == ("mail.example", "x", "file:/from")
    assert [(hook.host, hook.secret) for hook in read.webhooks] == [
        (f"{name}.example", secret) for name, secret in (("dingtalk", "y"), ("wecom", ""), ("feishu", "y"))
    ]
    with pytest.raises(UsageError, match="QUIET_HOURS"):
        read_alert_settings({"YIGUANG_ALERT_QUIET_HOURS": "file:/hours"})
