"""The contract of the command line: exit codes, one-line errors, JSON, a bare folder."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.crawl.nights import finish_night, open_night
from storage.database import open_engine
from tests.e2e.command_line import Run

LEXICONS = Path(__file__).parents[2] / "lexicons"
COMMANDS = (
    ("init",),
    ("targets",),
    ("targets", "import"),
    ("targets", "list"),
    ("targets", "remove"),
    ("intake",),
    ("nightly",),
    ("scan",),
    ("cases",),
    ("cases", "list"),
    ("cases", "show"),
    ("night",),
    ("night", "show"),
    ("night", "list"),
    ("pages",),
    ("pages", "why"),
    ("pages", "versions"),
    ("pages", "copies"),
    ("evidence",),
    ("evidence", "verify"),
    ("evidence", "export"),
    ("evidence", "stamp"),
    ("evidence", "verifier"),
    ("evidence", "hold"),
    ("evidence", "release"),
    ("evidence", "retain"),
    ("evidence", "expire"),
    ("evidence", "records"),
    ("evidence", "rotate-key"),
    ("evidence", "push"),
    ("evidence", "pull"),
    ("registry",),
    ("registry", "import"),
    ("registry", "show"),
    ("registry", "operators"),
    ("lexicon",),
    ("lexicon", "check"),
    ("lexicon", "diff"),
    ("lexicon", "ledger"),
    ("model",),
    ("model", "train"),
    ("model", "evaluate"),
    ("night", "lost"),
    ("rescore",),
    ("backup",),
    ("restore",),
    ("metrics",),
    ("alerts",),
    ("alerts", "test"),
    ("alerts", "send"),
    ("alerts", "digest"),
    ("serve",),
    ("version",),
)
TARGETS = """\
name,url,delay_seconds,local
甲医院,http://www.jia.example/,0.1,是
乙医院,ftp://www.yi.example/,,
丙医院,http://www.bing.example/,soon,
"""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example(yiguang: Run, command: tuple[str, ...]) -> None:
    shown = yiguang(*command, "--help")
    assert shown.returncode == 0
    assert f"yiguang {' '.join(command)}" in shown.stdout.decode().partition("例：")[2]


@pytest.mark.parametrize(
    "command",
    [
        ("targets", "list"),
        ("targets", "import", __file__),
        ("nightly",),
        ("cases", "list"),
        ("cases", "show", "1"),
        ("evidence", "verify", "--all"),
        ("evidence", "export", "1", "--out", "x"),
        ("rescore",),
        ("backup", "--out", "x"),
        ("metrics",),
        ("night", "lost"),
    ],
    ids=" ".join,
)
def test_a_folder_that_is_not_initialised_says_what_to_do(yiguang: Run, home: Path, command: tuple[str, ...]) -> None:
    done = yiguang(*command)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert "yiguang init" in done.stderr.decode()
    assert not home.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("no-such-command",),
        ("init", "--no-such-option"),
        ("targets", "import"),
        ("targets", "import", "no-such-file.csv"),
        ("targets", "remove"),
        ("cases", "show", "first"),
        ("evidence", "verify"),
        ("evidence", "verify", "--all", "x.wacz"),
        ("scan", "no-such-file.txt"),
        ("scan", "--jsonl", "--html", "-"),
        ("nightly", "--date", "11月25日"),
        ("nightly", "--date", "2026-11-01"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exit_code_2(yiguang: Run, command: tuple[str, ...]) -> None:
    yiguang("init")
    done = yiguang(*command)
    assert done.returncode == 2
    assert done.stdout == b""
    assert re.fullmatch("错误：.+\n", done.stderr.decode())


def test_a_setting_that_cannot_be_used_is_wrong_usage(yiguang: Run) -> None:
    done = yiguang("init", environ={"YIGUANG_SHARDS": "many"})
    assert done.returncode == 2
    assert "YIGUANG_SHARDS" in done.stderr.decode()


def test_a_data_folder_that_cannot_be_made_is_a_failure(yiguang: Run, home: Path) -> None:
    home.write_text("a file is in the way", encoding="utf-8")
    done = yiguang("init")
    assert done.returncode == 1
    assert re.fullmatch("错误：.+\n", done.stderr.decode())


def test_init_may_be_repeated(yiguang: Run, home: Path) -> None:
    assert yiguang("init").returncode == 0
    assert yiguang("init").returncode == 0
    assert (home / "yiguang.sqlite").exists()


def test_good_rows_are_kept_and_bad_ones_listed_with_line_and_reason(yiguang: Run, tmp_path: Path) -> None:
    file = tmp_path / "targets.csv"
    file.write_bytes(TARGETS.encode("gb18030"))
    yiguang("init")
    done = yiguang("targets", "import", file)
    assert done.returncode == 1
    complaints = done.stderr.decode().splitlines()
    assert [line.partition("（")[0] for line in complaints[:2]] == ["第 3 行", "第 4 行"]
    listed = [json.loads(line) for line in yiguang("targets", "list", "--json").stdout.splitlines()]
    assert [row["name"] for row in listed] == ["甲医院"]
    assert listed[0]["local"] is True


def test_targets_in_yaml(yiguang: Run, tmp_path: Path) -> None:
    file = tmp_path / "targets.yml"
    file.write_text(
        "- {name: 甲医院, url: 'http://www.jia.example/', include: ['/a', '/b']}\n- {name: 乙医院}\n", "utf-8"
    )
    yiguang("init")
    done = yiguang("targets", "import", file)
    assert done.returncode == 1
    assert "第 2 行" in done.stderr.decode()
    assert json.loads(yiguang("targets", "list", "--json").stdout)["include"] == ["/a", "/b"]


def test_a_night_without_targets_is_red(yiguang: Run) -> None:
    yiguang("init")
    done = yiguang("nightly")
    assert done.returncode == 1
    assert "targets import" in done.stderr.decode()


def test_a_case_that_does_not_exist(yiguang: Run, tmp_path: Path) -> None:
    yiguang("init")
    assert yiguang("cases", "list").stdout == b""
    for command in (("cases", "show", "7"), ("evidence", "export", "7", "--out", str(tmp_path / "out"))):
        done = yiguang(*command)
        assert done.returncode == 1
        assert "7" in done.stderr.decode()


def test_an_empty_store_says_that_nothing_was_captured_yet(yiguang: Run) -> None:
    yiguang("init")
    done = yiguang("evidence", "verify", "--all")
    assert (done.returncode, done.stdout) == (0, b"")
    assert "尚无任何采集" in done.stderr.decode()


def test_stamping_without_an_authority_says_where_to_name_one(yiguang: Run) -> None:
    yiguang("init")
    done = yiguang("evidence", "stamp")
    assert done.returncode == 1
    assert "authorities.toml" in done.stderr.decode()


def test_something_that_is_no_evidence_does_not_verify(yiguang: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.wacz"
    file.write_bytes(b"not a zip")
    done = yiguang("evidence", "verify", file, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


def test_every_rule_bears_out_its_examples(yiguang: Run, tmp_path: Path) -> None:
    assert yiguang("lexicon", "check").returncode == 0
    lexicons = tmp_path / "lexicons"
    shutil.copytree(LEXICONS, lexicons)
    rule = lexicons / "rules" / "cure-rate.yml"
    text = rule.read_text(encoding="utf-8")
    fires = re.search(r"fires_on:\n((?:  ?- .*\n|- .*\n)+)", text)
    assert fires
    rule.write_text(text.replace("silent_on:\n", f"silent_on:\n{fires[1].splitlines()[0]}\n"), encoding="utf-8")
    refused = yiguang("lexicon", "check", environ={"YIGUANG_LEXICONS": str(lexicons)})
    assert refused.returncode == 1
    assert "cure-rate：silent_on 第 1 例" in refused.stdout.decode()


def test_a_broken_rule_file_is_named_with_its_line(yiguang: Run, tmp_path: Path) -> None:
    lexicons = tmp_path / "lexicons"
    shutil.copytree(LEXICONS, lexicons)
    rule = lexicons / "rules" / "cure-rate.yml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("severity:", "severeness:"), encoding="utf-8")
    for command in (("lexicon", "check"), ("scan", "--jsonl", "-")):
        refused = yiguang(*command, environ={"YIGUANG_LEXICONS": str(lexicons)})
        assert refused.returncode == 1
        assert re.fullmatch("错误：.*cure-rate.yml.*\n", refused.stderr.decode())


def test_a_lexicon_that_lacks_files_is_told_in_a_line(yiguang: Run, tmp_path: Path) -> None:
    lexicons = tmp_path / "lexicons"
    (lexicons / "rules").mkdir(parents=True)
    for command in (("lexicon", "check"), ("scan", "--jsonl", "-")):
        refused = yiguang(*command, environ={"YIGUANG_LEXICONS": str(lexicons)})
        assert refused.returncode == 1
        assert re.fullmatch(r"错误：词库.*\.(yml|toml|tsv|txt).*\n", refused.stderr.decode())


def test_the_model_is_measured_on_labelled_texts(yiguang: Run, tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    rows = [
        {"id": "a", "label": 1, "text": "祖传秘方专治糖尿病，治愈率98%，无效退款，预约电话 000-00001234。"},
        {"id": "b", "label": 0, "text": "本院门诊时间调整为上午八点至下午五点。"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    measured = json.loads(yiguang("model", "evaluate", "--data", file, "--json").stdout)
    assert measured["auc"] == 1.0
    file.write_text('{"id": "a", "text": "no label"}\n', encoding="utf-8")
    assert yiguang("model", "evaluate", "--data", file).returncode == 1
    assert yiguang("model", "evaluate").returncode == 2


def test_a_database_of_an_older_version_is_refused_in_one_line(yiguang: Run, home: Path) -> None:
    assert yiguang("init").returncode == 0
    with closing(sqlite3.connect(home / "yiguang.sqlite")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()
    refused = yiguang("cases", "list")
    assert refused.returncode == 1
    assert refused.stderr.count(b"\n") == 1
    assert b"yiguang init" in refused.stderr


def test_tips_are_taken_in_once_and_bad_ones_named(yiguang: Run, tmp_path: Path) -> None:
    yiguang("init")
    tips = tmp_path / "tips.txt"
    post = "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv"
    tips.write_bytes(f"【请查处】{post}?from=timeline。\nhttp://10.0.0.1/\n".encode("gb18030"))
    done = yiguang("intake", post, "--file", str(tips), "--json")
    assert done.returncode == 1
    assert done.stderr.decode() == "错误：1 个网址不能用，见上\n"
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["taken"], row.get("new"), row.get("url")) for row in rows] == [
        (True, True, post),
        (True, False, post),
        (False, None, None),
    ]
    assert yiguang("intake").returncode == 2
    listed = [json.loads(line) for line in yiguang("targets", "list", "--json").stdout.splitlines()]
    assert [(row["url"], row["kind"], row["max_pages"]) for row in listed] == [(post, "wechat", 1)]


def test_posts_of_a_saved_search_are_taken_in_and_none_is_lost(yiguang: Run, tmp_path: Path) -> None:
    yiguang("init")
    item = (
        '<li id="sogou_vr_11002601_box_{0}"><h3><a href="{1}">示例{0}</a></h3>'
        '<div class="s-p" t="1700000000"><a class="account">示例号</a></div></li>'
    )
    links = ["https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv", "/link?url=demo_1"]
    listed = "".join(item.format(number, link) for number, link in enumerate(links))
    page = tmp_path / "result.html"
    page.write_text(f"<!doctype html><ul class='news-list'>{listed}</ul>", encoding="utf-8")
    done = yiguang("intake", "--file", page)
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        f"新增\t{links[0]}\t《示例0》；搜索结果所示公众号 示例号；2023-11-15 06:13 发布",
        "不能用\thttps://weixin.sogou.com/link?url=demo_1\t搜狗的跳转链接，离线无法还原，"
        "请在浏览器中打开后换成文章的链接；《示例1》；搜索结果所示公众号 示例号；2023-11-15 06:13 发布",
    ]
    row = json.loads(yiguang("intake", "--file", page, "--json").stdout.splitlines()[1])
    assert (row["title"], row["listed_account"], row["published_at"]) == (
        "示例1",
        "示例号",
        "2023-11-14T22:13:20+00:00",
    )
    page.write_text("<html><a href='http://weixin.sogou.com/'>搜狗</a>请输入验证码</html>", encoding="utf-8")
    assert "没有搜索结果" in yiguang("intake", "--file", page).stderr.decode()


def test_a_url_that_was_never_seen_and_nights_that_never_were(yiguang: Run) -> None:
    yiguang("init")
    for command in (("night", "show"), ("pages", "why", "http://a.example/")):
        done = yiguang(*command)
        assert (done.returncode, done.stdout) == (1, b"")
        assert "还没有巡查过" in done.stderr.decode()
    assert yiguang("pages", "why", "no url").returncode == 2
    assert yiguang("night", "list").stdout == b""


def test_dates_without_a_night_are_rows(yiguang: Run, home: Path) -> None:
    yiguang("init")
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    began = datetime.now(UTC) - timedelta(days=4)
    finish_night(engine, open_night(engine, began, []), began)
    engine.dispose()
    rows = [json.loads(line) for line in yiguang("night", "list", "--json").stdout.splitlines()]
    assert [row.get("missed", False) for row in rows] == [True, True, True, False]
    shown = yiguang("night", "show").stdout.decode()
    assert "不正常" in shown
    assert "此后已有 3 天没有巡查" in shown
