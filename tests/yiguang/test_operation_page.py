"""The page on operation names every variable of alerts, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_variable_of_alerts_is_documented() -> None:
    services = ("DINGTALK", "WECOM", "FEISHU")
    source = (ROOT / "yiguang" / "watching" / "alert_settings.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "zh" / "operation.md").read_text(encoding="utf-8")
    named = re.compile(r"YIGUANG_ALERT_[A-Z_]*[A-Z]")
    built = {f"YIGUANG_ALERT_{service}" for service in services}
    signed = {f"YIGUANG_ALERT_{service}_SECRET" for service in services if service.lower() in ("dingtalk", "feishu")}
    assert set(named.findall(page)) == set(named.findall(source)) | built | signed
