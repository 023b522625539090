"""The schema is strict, and says where."""

import shutil
from pathlib import Path

import pytest

from classifier.engine import Analyser
from classifier.errors import LexiconError
from domain.findings import Document

LEXICONS = Path(__file__).parents[2] / "lexicons"
RULE = """\
id: demo-rule
title: 示例
status: {status}
family: efficacy-rate
basis: [广告法16(1)(2)]
weight: 0.5
severity: 3
gates: [G1]
detect:
  - anchors: [示例率]
    pattern: '示例率.{{0,6}}\\d{{2}}％'
{more}
fires_on: [示例率98%, 示例率为97％, 示 例 率 高 达96%, 示例率是95%]
silent_on: [示例率, 不得说示例率98%, 示例, 率98%]
"""


@pytest.fixture
def lexicons(tmp_path: Path) -> Path:
    folder = tmp_path / "lexicons"
    shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus", "model.*"))
    for path in (folder / "rules").glob("*.yml"):
        path.unlink()
    return folder


def put(lexicons: Path, more: str = "", status: str = "live", name: str = "demo-rule") -> Path:
    path = lexicons / "rules" / f"{name}.yml"
    path.write_text(RULE.format(status=status, more=more), encoding="utf-8")
    return path


def found(lexicons: Path, text: str) -> list[tuple[str, tuple[str, ...]]]:
    analysis = Analyser(lexicons).analyse(Document(text=text))
    return [(item.finding.quote, item.finding.gates) for item in analysis.located]


def test_a_rule_finds_its_quote_in_the_original(lexicons: Path) -> None:
    put(lexicons)
    assert found(lexicons, "本店示·例·率 高达９８％，欢迎") == [("本店示·例·率 高达９８％", ())]
    assert found(lexicons, "不得宣传示例率98%") == [("不得宣传示例率98%", ("G1",))]


def test_a_pattern_stays_in_its_sentence(lexicons: Path) -> None:
    put(lexicons)
    assert found(lexicons, "示例率。98%") == []


@pytest.mark.parametrize(
    ("more", "text", "quotes"),
    [
        ("    near: [我院]", "示例率98%", 0),
        ("    near: [我院]", "我院示例率98%", 1),
        ("    near: [我院]\n    near_within: 3", "我院去年做过统计，示例率98%", 0),
        ("    unless: ['文献']", "文献中示例率98%", 0),
        ("    facts: {all: [medical]}", "示例率98%", 0),
        ("    facts: {all: [medical]}", "患者示例率98%", 1),
    ],
)
def test_conditions_of_an_alternative(lexicons: Path, more: str, text: str, quotes: int) -> None:
    put(lexicons, more)
    assert len(found(lexicons, text)) == quotes


def test_shadow_is_reported_and_never_counts(lexicons: Path) -> None:
    put(lexicons, status="shadow")
    assert found(lexicons, "示例率98%") == [("示例率98%", ("shadow",))]


def test_retired_is_not_matched(lexicons: Path) -> None:
    put(lexicons, status="retired")
    assert found(lexicons, "示例率98%") == []


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("weight: 0.5", "weight: 1.5", "weight", 6),
        ("severity: 3", "severity: true", "severity", 7),
        ("family: efficacy-rate", "family: nonsense", "nonsense", 4),
        ("gates: [G1]", "gates: [G99]", "G99", 8),
        ("basis: [广告法16(1)(2)]", "basis: [没有的法3]", "没有的法3", 5),
        ("status: live", "status: on", "status|not one of", 3),
        ("title: 示例", "title: 示例\nweigth: 1", "weigth", 3),
        ("  - anchors: [示例率]", "  - anchors: [示例率]\n    windw: 3", "windw", 11),
        ("fires_on: [示例率98%, ", "fires_on: [", "four examples", 13),
        ("'示例率.{0,6}", "'(示+)+率.{0,6}", "repetition", 11),
        ("id: demo-rule", "id: other-rule", "file name", 1),
        ("detect:\n", "detect:\n  -\n", "expected a mapping", 10),
        ("silent_on: [示例率, 不得说示例率98%, 示例, 率98%]", "silent_on: 示例率之一", "a list of examples", 14),
    ],
)
def test_wrong_rules_name_file_and_line(lexicons: Path, old: str, new: str, message: str, line: int) -> None:
    path = put(lexicons)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(LexiconError, match=message) as caught:
        Analyser(lexicons)
    assert caught.value.path == path
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("gates/G1.yml", "title: 否定\n", "", 0),
        ("gates/G1.yml", "within: 10", "within: 十", 6),
        ("gates/G1.yml", "cues: [很难, ", "cues: [301, ", 8),
        ("gates/G1.yml", "same_clause: true\n    cues: [很难, ", "cues: 很难 # [", 7),
        ("adtest/facts.yml", "facts:\n", "facts:\n  - demo\nother:\n", 0),
        ("adtest/facts.yml", "at_least: 2", "at_least: 两", 0),
        ("adtest/ad.yml", "at_least: 3", "at_least: 三", 0),
    ],
)
def test_other_files_of_a_wrong_shape_are_named(lexicons: Path, name: str, old: str, new: str, line: int) -> None:
    put(lexicons)
    path = lexicons / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        Analyser(lexicons)
    assert (caught.value.path, caught.value.line) == (path, line)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("    terms: [no-such-list]", "no-such-list"),
        ("    facts: {all: [no-such-fact]}", "no-such-fact"),
        ("    facts: {all: [is-ad]}", "is-ad"),
        ("  - page: {all: [medicall]}", "medicall"),
        ("  - page: {all: [medical]}\n    quote: [nothing]", "nothing"),
    ],
)
def test_unknown_names_are_refused(lexicons: Path, more: str, message: str) -> None:
    put(lexicons, more)
    with pytest.raises(LexiconError, match=message):
        Analyser(lexicons)


def test_page_rule_points_at_the_contact(lexicons: Path) -> None:
    put(lexicons, "  - page: {all: [is-ad, medical, contact], none: [review-number]}\n    quote: [contact, title]")
    text = "我院治疗见效快、无痛、不复发，引进国际领先技术，限时特惠。预约电话：000-00001234"
    assert ("000-00001234", ()) in found(lexicons, text)
    assert found(lexicons, text + "（川）医广【2026】第05-20-0123号") == []


def test_any_changed_file_changes_the_digest(lexicons: Path) -> None:
    put(lexicons)
    before = Analyser(lexicons).rules_sha256
    (lexicons / "gates" / "G1.yml").write_text(
        (lexicons / "gates" / "G1.yml").read_text(encoding="utf-8") + "# changed\n", encoding="utf-8"
    )
    assert Analyser(lexicons).rules_sha256 != before


def test_patterns_are_checked_again_only_after_a_change(lexicons: Path) -> None:
    path = put(lexicons)
    checked = Analyser(lexicons)
    assert compiled_when_loaded(checked) == [True]
    again = Analyser(lexicons, checked.rules_sha256)
    assert compiled_when_loaded(again) == [False]
    document = Document(text="本店示·例·率 高达９８％，欢迎")
    assert again.analyse(document).located == checked.analyse(document).located != ()
    path.write_text(path.read_text(encoding="utf-8").replace("{0,6}", "(?:甲+乙)+"), encoding="utf-8")
    with pytest.raises(LexiconError, match="repetition"):
        Analyser(lexicons, checked.rules_sha256)


def compiled_when_loaded(analyser: Analyser) -> list[bool]:
    return [item.pattern._compiled is not None for rule in analyser.rules for item in rule.words if item.pattern]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("gates/G2.yml", "kind: page", "kind: paage", "kind"),
        ("gates/G2.yml", "any: [gov-site]", "any: [gov-sitee]", "gov-sitee"),
        ("gates/G7.yml", "families: [absolute-term]", "families: [absolut]", "absolut"),
        ("adtest/facts.yml", "in: url", "in: urll", "urll"),
        ("adtest/facts.yml", "{signal: widgets}", "{signal: widget}", "widget"),
        ("adtest/ad.yml", "families: [comparison]", "families: [comparisons]", "comparisons"),
        ("adtest/ad.yml", "when: {all: [trial-recruitment]", "when: {all: [trial]", "trial"),
    ],
)
def test_other_lexicons_are_strict_too(lexicons: Path, file: str, old: str, new: str, message: str) -> None:
    path = lexicons / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        Analyser(lexicons)


def test_a_missing_gate_is_an_error(lexicons: Path) -> None:
    (lexicons / "gates" / "G12.yml").unlink()
    with pytest.raises(LexiconError, match="G12"):
        Analyser(lexicons)
