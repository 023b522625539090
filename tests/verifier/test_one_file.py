"""`verify.pyz` as a recipient runs it: one file, plain Python, nothing of ours, no network."""

import ast
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier.handing_over import HandOver
from yiguang.packages.verifier_file import build_verifier

SOURCES = sorted((Path(__file__).parents[2] / "storage" / "verifier").glob("*.py"))


def run(verifier: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Isolated from this environment (-I) and from installed packages (-S)."""
    command = [sys.executable, "-I", "-S", verifier, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)


def _with_roots(hand_over: HandOver) -> list[str | Path]:
    return ["--key", hand_over.key, *(part for path in hand_over.roots for part in ("--roots", path))]


def test_all_is_checked_and_good(hand_over: HandOver) -> None:
    done = run(hand_over.verifier, *hand_over.bundles[:2], *_with_roots(hand_over))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[不符]" not in done.stdout
    assert "[未查]" not in done.stdout
    assert done.stdout.count("证书链到给定的根证书") == 4
    assert "命中 1 处（均为线索，不是定性）：治愈率达98%" in done.stdout
    assert "本核验不能证明" in done.stdout
    assert "限制：clinic.example 的 TLS 身份校验未通过（自签名证书）" in done.stdout
    assert "限制：有 1 项资源没有采集" in done.stdout
    digest = hashlib.sha256(hand_over.bundles[0].read_bytes()).hexdigest()
    assert digest in done.stdout


def test_looks_are_checked_and_told(hand_over: HandOver) -> None:
    done = run(hand_over.verifier, hand_over.bundles[0], *hand_over.looks, *_with_roots(hand_over))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[不符]" not in done.stdout
    assert "[未查]" not in done.stdout
    assert done.stdout.count("[相符] 首次取证：移送的说法都在首次取证的正文中所写的位置") == 3
    assert done.stdout.count("[相符] 此前复测：第 1 次：时间与结果与其证据包一致") == 2
    assert "移送后第 1 日，第 1 次" in done.stdout
    assert "结果：原页下线，同一内容另处仍在（页面不存在（404/410），HTTP 404，" in done.stdout
    assert "同一内容另见：http://" in done.stdout
    assert "移送的说法 1 处，仍在 0 处，不再出现 1 处，新出现 1 处" in done.stdout
    assert "结果：未能访问，不能认定（超时，没有收到应答，30 秒内没有应答）" in done.stdout
    assert "李小明" not in done.stdout


def test_a_look_alone_says_what_it_could_not_be_held_against(hand_over: HandOver) -> None:
    done = run(hand_over.verifier, hand_over.looks[2], *_with_roots(hand_over))
    assert done.returncode == 0
    assert done.stdout.count("[未查] 首次取证：没有一并给出") == 1
    assert done.stdout.count("[未查] 此前复测") == 2


def test_what_was_not_checked_is_said(hand_over: HandOver, tmp_path: Path) -> None:
    done = run(hand_over.verifier, hand_over.bundles[0])
    assert done.returncode == 0
    assert done.stdout.count("没有用 --roots 给出根证书") == 2
    assert done.stdout.count("没有用 --key 给出公钥指纹") == 1
    alone = shutil.copy(hand_over.bundles[0], tmp_path)
    done = run(hand_over.verifier, alone)
    assert done.returncode == 0
    assert "[未查] 封存证明" in done.stdout


def test_another_key_another_root_and_another_bundle_are_told(hand_over: HandOver) -> None:
    done = run(hand_over.verifier, hand_over.bundles[0], "--key", "0" * 64)
    assert done.returncode == 1
    assert "[不符] 签名人" in done.stdout
    done = run(hand_over.verifier, hand_over.bundles[0], "--roots", hand_over.roots[0])
    assert done.returncode == 1
    assert "[不符] 时间戳 tsa-2" in done.stdout
    assert "[不符] 时间戳 tsa-1" not in done.stdout
    other = hand_over.bundles[1]
    done = run(hand_over.verifier, hand_over.bundles[0], "--proof", f"{other}.seal.json")
    assert done.returncode == 1
    assert "[不符] 哈希链条目" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--no-such-option"], ["x.wacz", "--roots", "none.pem"]])
def test_wrong_usage(hand_over: HandOver, arguments: list[str]) -> None:
    assert run(hand_over.verifier, *arguments).returncode == 2


def test_a_missing_or_foreign_file_is_a_failure(hand_over: HandOver, tmp_path: Path) -> None:
    (tmp_path / "x.wacz").write_bytes(b"PK\3\4 something else")
    for name in ("x.wacz", "none.wacz"):
        done = run(hand_over.verifier, tmp_path / name)
        assert (done.returncode, done.stderr) == (1, "")
        assert "[不符]" in done.stdout


def test_captured_text_cannot_write_to_the_terminal(hand_over: HandOver, tmp_path: Path) -> None:
    bundle = tmp_path / "x.wacz"
    bundle.write_bytes(hand_over.bundles[0].read_bytes().replace(b"evidence/text.txt", b"evidence/\x1b[2J.txt"))
    done = run(hand_over.verifier, bundle)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout


def test_equal_sources_give_equal_bytes(hand_over: HandOver) -> None:
    assert build_verifier() == hand_over.verifier.read_bytes()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_sources_are_python_3_9(path: Path) -> None:
    """Syntax is checked here; names that came later would have to be imported, and only these modules are."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        _package_of(node) if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    known = {"argparse", "base64", "collections", "dataclasses", "datetime", "hashlib", "json", "pathlib", "re"}
    assert imported <= known | {"__future__", "struct", "sys", "typing", ".", "zlib"}


def _package_of(node: ast.ImportFrom) -> str:
    """The top-level package imported from, with a dot for each level of a relative import."""
    return "." * node.level if node.level else (node.module or "").partition(".")[0]
