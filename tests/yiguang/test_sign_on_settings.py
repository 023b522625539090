"""Settings of sign-in by a provider: none without an issuer, and refused by name when they cannot be used."""

import re
from pathlib import Path

import pytest

from review.sign_on_settings import SignOnSettings
from yiguang.errors import UsageError
from yiguang.sign_on_settings import read_sign_on_settings

ROOT = Path(__file__).parents[2]
WELL = {
    "YIGUANG_OIDC_ISSUER": "https://id.office.example/realm",
    "YIGUANG_OIDC_CLIENT_ID": "desk",
    "YIGUANG_OIDC_CLIENT_SECRET": "s3cret",
    "YIGUANG_OIDC_BASE_URL": "https://Desk.office.example/",
}


def test_without_an_issuer_there_is_none() -> None:
    assert read_sign_on_settings({}) is None
    assert read_sign_on_settings({**WELL, "YIGUANG_OIDC_ISSUER": " "}) is None


def test_what_is_set_is_read_and_the_secret_not_shown() -> None:
    settings = read_sign_on_settings(WELL)
    assert settings == SignOnSettings(
        "https://id.office.example/realm", "desk", "s3cret", "https://desk.office.example"
    )
    assert settings.return_url == "https://desk.office.example/login/oidc/callback"
    assert "s3cret" not in repr(settings)
    more = {"YIGUANG_OIDC_CLAIM": "employee_number", "YIGUANG_OIDC_SCOPES": "openid hr", "YIGUANG_OIDC_ONLY": "on"}
    settings = read_sign_on_settings(WELL | more)
    assert settings is not None
    assert (settings.claim, settings.scopes, settings.only) == ("employee_number", ("openid", "hr"), True)


def test_an_issuer_is_kept_to_the_letter() -> None:
    """Providers end their names with a slash or without; both mean it."""
    settings = read_sign_on_settings({**WELL, "YIGUANG_OIDC_ISSUER": "https://id.office.example/Realm/"})
    assert settings is not None and settings.issuer == "https://id.office.example/Realm/"


def test_a_secret_is_read_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text("from-a-file\n", encoding="utf-8")
    environment = {**WELL, "YIGUANG_OIDC_CLIENT_SECRET": f"file:{kept}"}
    kept.chmod(0o640)
    with pytest.raises(UsageError, match="YIGUANG_OIDC_CLIENT_SECRET.*0600"):
        read_sign_on_settings(environment)
    kept.chmod(0o600)
    settings = read_sign_on_settings(environment)
    assert settings is not None and settings.client_secret == "from-a-file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "id.office.example"), ("ISSUER", "http://id.office.example"), ("ISSUER", "https://"), ("ISSUER", "https://[::1"),
        ("ISSUER", "https://id.example:x"), ("ISSUER", "https://u:p@id.example"), ("ISSUER", "https://id.example?a=1"),
        ("ISSUER", "ftp://id.example"), ("ISSUER", "https://id.example/a b"), ("ISSUER", "https://身份.example"),
        ("CLIENT_ID", ""), ("CLIENT_ID", "审核台"), ("CLIENT_SECRET", ""), ("CLIENT_SECRET", "file:/nowhere/at/all"), ("BASE_URL", ""),
        ("BASE_URL", "https://desk.example/desk"), ("BASE_URL", "http://desk.example"), ("SCOPES", "profile"), ("SCOPES", 'openid "'),
        ("CLAIM", "a b"), ("CLAIM", "名"), ("ONLY", "yes"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"YIGUANG_OIDC_{name}"):
        read_sign_on_settings({**WELL, f"YIGUANG_OIDC_{name}": value})


def test_every_variable_is_documented() -> None:
    named = re.compile(r"YIGUANG_OIDC_[A-Z_]+")
    code = set(named.findall((ROOT / "yiguang" / "sign_on_settings.py").read_text(encoding="utf-8")))
    page = set(named.findall((ROOT / "docs" / "zh" / "single-sign-on.md").read_text(encoding="utf-8")))
    assert page == code
