"""Who stamps is the operator's to say, in one file, and plug-ins may bring authorities of other kinds."""

from pathlib import Path

import pytest

from domain.stamps import StampReading
from storage.sealing.rfc3161 import Rfc3161Authority
from yiguang.authorities import load_authorities
from yiguang.errors import CommandFailed

GOOD = """\
[[authority]]
name = "tsa-1"
url = "http://tsa.example/stamp"
roots = "roots.pem"
timeout_seconds = 5
"""
PLUG_IN = """
from domain.stamps import StampReading

class Deposit:
    suffix = "receipt"

    def __init__(self, name):
        self.name = name

    def stamp(self, document):
        return b"receipt"

    def read(self, document, token):
        return StampReading(token == b"receipt", "receipt")

def make(name, table, folder):
    return Deposit(f"{name}-{table['court']}")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "roots.pem").write_text("-", encoding="ascii")
    return tmp_path / "authorities.toml"


def test_no_file_means_no_authority(file: Path) -> None:
    assert load_authorities(file) == []


def test_an_rfc_3161_authority(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    (authority,) = load_authorities(file)
    assert isinstance(authority, Rfc3161Authority)
    assert (authority.name, authority.roots_file, authority.timeout_seconds) == (
        "tsa-1",
        file.with_name("roots.pem"),
        5.0,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[authority]", "无法读取"),
        (GOOD.replace("tsa-1", "a/b"), "只能用字母"),
        (GOOD.replace("http:", "ftp:"), "http://"),
        (GOOD.replace("roots.pem", "none.pem"), "找不到根证书"),
        (GOOD.replace('url = "http://tsa.example/stamp"', ""), "url"),
        (GOOD + 'kind = "unheard-of"\n', "不认识"),
        (GOOD + GOOD, "都叫 tsa-1"),
    ],
)
def test_what_is_wrong_is_said(file: Path, text: str, complaint: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandFailed, match=complaint):
        load_authorities(file)


def test_a_plug_in_brings_a_kind(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo_deposit.py").write_text(PLUG_IN, encoding="utf-8")
    info = tmp_path / "demo_deposit-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-deposit\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[yiguang.stamp_authorities]\njudicial-chain = demo_deposit:make\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    file.write_text('[[authority]]\nname = "chain"\nkind = "judicial-chain"\ncourt = "demo"\n', encoding="utf-8")
    (authority,) = load_authorities(file)
    assert (authority.name, authority.suffix) == ("chain-demo", "receipt")
    assert authority.read(b"head", authority.stamp(b"head")) == StampReading(True, "receipt")
