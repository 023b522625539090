"""The rule editor's loop: what is wrong with a file, what a change gains and loses, what became of a rule's findings."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from storage.database import open_engine
from tests.e2e.command_line import Run
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import visit

LEXICONS = Path(__file__).parents[2] / "lexicons"
TEXT = "我院采用祖传秘方，根治白癜风，治愈率高达98%，无效退款！咨询电话000-00001234"
PLAIN = "门诊时间调整为上午八点至下午五点，请携带医保卡。"


@pytest.fixture
def lexicons(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout" / "lexicons"
    shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus"))
    return folder


def commit(folder: Path) -> None:
    who = {
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@t.example",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@t.example",
    }
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "rules")):
        subprocess.run(["git", *arguments], cwd=folder.parent, env={**os.environ, **who}, check=True)


def change_rule(lexicons: Path, name: str, old: str, new: str) -> None:
    rule = lexicons / "rules" / f"{name}.yml"
    text = rule.read_text(encoding="utf-8")
    assert old in text
    rule.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_fault_is_listed_with_file_line_and_reason(yiguang: Run, lexicons: Path) -> None:
    change_rule(lexicons, "cure-rate", "severity:", "severeness:")
    change_rule(lexicons, "secret-formula", "detect:\n", "detect:\n  - {anchors: [祖传], pattern: '(?:祖+传?)+秘方'}\n")
    change_rule(lexicons, "superstition", "basis: [", "basis: [没有的法1, ")
    done = yiguang("lexicon", "check", environ={"YIGUANG_LEXICONS": str(lexicons)})
    assert done.returncode == 1
    listed = {line.split(" ")[0]: line for line in done.stdout.decode().splitlines()}
    assert "不认识的键" in listed["rules/cure-rate.yml"]
    assert "正则不安全" in listed["rules/secret-formula.yml"]
    number = next(
        number
        for number, line in enumerate(
            (lexicons / "rules" / "secret-formula.yml").read_text(encoding="utf-8").split("\n"), 1
        )
        if "(?:祖+传?)+" in line
    )
    assert f"第 {number} 行" in listed["rules/secret-formula.yml"]
    assert "没有的法1" in listed["rules/superstition.yml"]
    assert done.stderr.decode().startswith("错误：词库有 3 处格式问题")


def test_what_is_wrong_in_lists_of_institutions_is_told_too(yiguang: Run, lexicons: Path) -> None:
    for name, old, new in (
        ("identity.toml", "[binds.phone]", "[binds.telephone]"),
        ("risk.toml", "[parts.sites]", "[parts.places]"),
        ("findings.toml", 'family = "bad-naming"', 'family = "naming"'),
    ):
        path = lexicons / "registry" / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
    done = yiguang("lexicon", "check", environ={"YIGUANG_LEXICONS": str(lexicons)})
    assert done.returncode == 1
    listed = done.stdout.decode()
    assert "registry/identity.toml：'telephone'" in listed
    assert "registry/risk.toml：" in listed and "registry/findings.toml：" in listed


def test_diff_tells_leads_gained_and_lost(yiguang: Run, lexicons: Path, tmp_path: Path) -> None:
    environ = {"YIGUANG_LEXICONS": str(lexicons)}
    data = tmp_path / "pages.jsonl"
    rows = [{"id": "甲", "text": TEXT, "label": 1}, {"id": "乙", "text": PLAIN, "label": 0}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    commit(lexicons)
    same = json.loads(yiguang("lexicon", "diff", "HEAD", "--data", data, "--json", environ=environ).stdout)
    assert (same["pages"], same["leads_before"], same["leads_after"], same["rules"]) == (2, 1, 1, {})

    change_rule(lexicons, "cure-rate", "status: live", "status: retired")
    found = json.loads(yiguang("lexicon", "diff", "HEAD", "--data", data, "--json", environ=environ).stdout)
    assert found["rules"]["cure-rate"] == {"gained": 0, "lost": 1}
    shown = yiguang("lexicon", "diff", "HEAD", "--data", data, environ=environ).stdout.decode()
    assert "cure-rate  +0 -1" in shown
    assert "治愈率高达98%" in shown


def test_diff_judges_the_stored_pages_of_a_night(yiguang: Run, lexicons: Path, home: Path, tmp_path: Path) -> None:
    environ = {"YIGUANG_LEXICONS": str(lexicons)}
    commit(lexicons)
    assert yiguang("init").returncode == 0
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    for row in claim(engine, night_id, ids, limit=2):
        store.record(visit(row))
    store.close()
    engine.dispose()
    change_rule(lexicons, "cure-rate", "status: live", "status: retired")
    found = json.loads(yiguang("lexicon", "diff", "HEAD", "--night", night_id, "--json", environ=environ).stdout)
    assert found["pages"] == 2
    assert found["rules"]["cure-rate"] == {"gained": 0, "lost": 2}
    assert yiguang("lexicon", "diff", "HEAD", "--night", "1999-01-01", environ=environ).returncode == 1


def test_diff_refuses_what_git_does_not_know(yiguang: Run, lexicons: Path) -> None:
    environ = {"YIGUANG_LEXICONS": str(lexicons), "GIT_CEILING_DIRECTORIES": str(lexicons.parents[1])}
    outside = yiguang("lexicon", "diff", "HEAD", environ=environ)
    assert outside.returncode == 1
    assert "不在 git 仓库中" in outside.stderr.decode()
    commit(lexicons)
    for revision in ("nowhere", "--output=x"):
        refused = yiguang("lexicon", "diff", revision, environ=environ)
        assert refused.returncode in (1, 2)
        assert refused.stderr.decode().count("\n") == 1


def test_ledger_counts_what_people_decided(yiguang: Run, tmp_path: Path) -> None:
    data = tmp_path / "decisions.jsonl"
    rows = [
        {"id": 1, "text": TEXT, "decision": "confirmed"},
        {"id": 2, "text": PLAIN, "decision": "dismissed", "rules": ["cure-rate"]},
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    entries = json.loads(yiguang("lexicon", "ledger", "--data", data, "--json").stdout)
    assert entries["cure-rate"]["hits"] == 2
    assert entries["cure-rate"]["precision"] == 0.5
    assert entries["secret-formula"] == {
        "status": "live", "hits": 1, "confirmed": 1, "dismissed": 0, "precision": 1.0, "interval": [0.2065, 1.0],
    }  # fmt: skip
    assert "cure-rate" in yiguang("lexicon", "ledger", "--data", data).stdout.decode()
    assert yiguang("lexicon", "ledger").returncode == 2
