"""A whole night over the sample web through the command line, and what it must say about every page."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Row, select

from benchmarks.kill_night import YIGUANG, sample_environment
from domain.urls import canonical_url
from examples.web.server import SampleWeb
from examples.web.truth import Truth, load_truth
from storage.crawl.revisits import server_addresses
from storage.database import open_engine
from storage.tables import findings, pages
from tests.e2e.own_replay import replayed_texts
from tests.storage.time_authority import TimeAuthority


@dataclass(frozen=True)
class Night:
    """One finished night: its environment, how the command ended, and the pages in the database."""

    web: SampleWeb
    environ: dict[str, str]
    done: subprocess.CompletedProcess[str]
    pages: list[Row[Any]]
    families: dict[int, set[str]]

    @property
    def home(self) -> Path:
        return Path(self.environ["YIGUANG_HOME"])

    def yiguang(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*YIGUANG, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=600
        )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    home = tmp_path_factory.mktemp("night") / "home"
    with SampleWeb() as web, TimeAuthority(tmp_path_factory.mktemp("authority") / "tsa") as authority:
        environ = sample_environment(web, home)
        web.write_targets(home / "targets.csv")
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        (home / "authorities.toml").write_text(
            f'[[authority]]\nname = "tsa"\nurl = "{authority.url}"\nroots = "{authority.roots}"\n', encoding="utf-8"
        )
        command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv"), "--json"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)
        engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
        families: dict[int, set[str]] = {}
        with engine.connect() as connection:
            stored = list(connection.execute(select(pages)))
            for row in connection.execute(select(findings).where(findings.c.silenced.is_(False))):
                families.setdefault(row.page_id, set()).add(row.family)
        engine.dispose()
        yield Night(web, environ, done, stored, families)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load_truth()


def test_the_night_is_well(night: Night) -> None:
    assert night.done.stderr == ""
    assert night.done.returncode == 0
    summary = json.loads(night.done.stdout)
    assert summary["healthy"] is True
    assert summary["complaints"] == []
    assert summary["ended_at"] > summary["started_at"]
    assert summary["leads"] == sum(page.flagged for page in night.pages)
    assert sum(summary["outcomes"].values()) == len(night.pages)
    assert summary["bundles_failed"] == []
    assert {target["waiting"] for target in summary["targets"]} == {0}


def test_servers_are_remembered_for_the_next_night(night: Night) -> None:
    engine = open_engine(f"sqlite:///{night.home / 'yiguang.sqlite'}")
    known = server_addresses(engine)
    engine.dispose()
    answered = {urlsplit(page.url).hostname for page in night.pages if page.outcome == "content"}
    assert answered <= known.keys() and set(known.values()) == {"127.0.0.1"}


def test_every_page_has_the_outcome_that_was_planted(night: Night, truth: Truth) -> None:
    wrong = {}
    for page in night.pages:
        expected = truth.of(page.url)
        if expected is None or page.outcome not in expected.outcomes:
            wrong[page.url] = (page.outcome, page.detail, expected)
    assert wrong == {}


def test_no_page_of_the_table_is_missed(night: Night, truth: Truth) -> None:
    seen = {canonical_url(page.url) for page in night.pages}
    base = f":{night.web.port}"
    expected = {
        canonical_url(f"http://{host}{base}{path}")
        for host, paths in truth.hosts.items()
        for path in paths
        if not path.startswith("^")
    }
    assert expected - seen == set()


def test_every_unlawful_host_gives_a_lead_and_no_lawful_one_does(night: Night) -> None:
    leads = {urlsplit(page.url).hostname for page in night.pages if page.flagged}
    sites = night.web.world.sites.items()
    assert {host for host, site in sites if site.verdict == "unlawful"} - leads == set()
    assert leads & {host for host, site in sites if site.verdict == "lawful"} == set()


def test_lawful_pages_give_no_lead(night: Night, truth: Truth) -> None:
    flagged = [page for page in night.pages if page.flagged]
    assert [page.url for page in flagged if (is_known := truth.of(page.url)) and is_known.lead is False] == []


def test_every_lead_has_a_ground_that_the_page_gives(night: Night, truth: Truth) -> None:
    groundless = {}
    for page in night.pages:
        expected = truth.of(page.url)
        if page.flagged and expected and expected.lead:
            found = night.families.get(page.id, set())
            if not found & set(expected.families):
                groundless[page.url] = (found, expected.families)
    assert groundless == {}


def test_most_unlawful_pages_are_leads(night: Night, truth: Truth) -> None:
    unlawful = [page for page in night.pages if (expected := truth.of(page.url)) and expected.lead]
    missed = [page.url for page in unlawful if not page.flagged]
    assert len(missed) <= len(unlawful) * 0.1, missed


def test_a_page_that_makes_its_claims_in_a_picture_is_a_lead_that_says_where(night: Night) -> None:
    url = f"{night.web.base_url('www.songhe-kangfu.example')}/"
    [lead] = [page for page in night.pages if canonical_url(page.url) == canonical_url(url)]
    assert lead.flagged
    shown = night.yiguang("cases", "show", str(lead.id)).stdout
    assert f"图片 {url}zhuanlan.jpg 的 [" in shown
    listed = night.yiguang("pages", "pictures", url).stdout
    assert "一次治愈" in listed
    assert "图片：识别 " in night.yiguang("night", "show").stdout


def test_the_same_is_said_to_a_person(night: Night) -> None:
    listed = [json.loads(line) for line in night.yiguang("cases", "list", "--json").stdout.splitlines()]
    assert {case["url"] for case in listed} == {page.url for page in night.pages if page.flagged}
    shown = night.yiguang("cases", "show", str(listed[0]["id"]))
    assert shown.returncode == 0
    assert listed[0]["url"] in shown.stdout
    detail = json.loads(night.yiguang("cases", "show", str(listed[0]["id"]), "--json").stdout)
    assert detail["findings"]
    for finding in detail["findings"]:
        assert detail["text"][finding["start"] : finding["end"]] == finding["quote"]


def test_evidence_verifies_until_a_byte_is_changed(night: Night, tmp_path: Path) -> None:
    assert night.yiguang("evidence", "verify", "--all").returncode == 0
    case = json.loads(night.yiguang("cases", "list", "--json").stdout.splitlines()[0])
    export = ("evidence", "export", str(case["id"]), "--out", tmp_path, "--original", "--by", "甲", "--reason", "移送")
    exported = night.yiguang(*export)
    bundle = Path(exported.stdout.strip())
    assert night.yiguang("evidence", "verify", bundle).returncode == 0
    assert f"{case['bundle_sha256']}  {bundle.name}" in bundle.with_name(bundle.name + ".sha256").read_text("utf-8")
    assert night.yiguang(*export).returncode == 0, "the same again completes an export that broke off"
    roots = tomllib.loads((night.home / "authorities.toml").read_text("utf-8"))["authority"][0]["roots"]
    command = [sys.executable, "-I", "-S", tmp_path / "verify.pyz", bundle, "--roots", roots]
    alone = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert "[相符] 默克尔路径" in alone.stdout
    assert "[相符] 时间戳 tsa：证书链到给定的根证书" in alone.stdout
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    refused = night.yiguang("evidence", "verify", bundle)
    assert refused.returncode == 1
    assert "未通过" in refused.stdout
    assert night.yiguang(*export).returncode == 1, "what is there and differs is not overwritten"


def test_every_bundle_replays_from_its_own_index(night: Night) -> None:
    """As served or as the browser had it, whichever was judged. (`python -m benchmarks.replay` does it with pywb.)"""
    bundles = list(night.home.glob("evidence/*/*.wacz"))
    different = []
    for bundle in bundles:
        captured, served, shown = replayed_texts(bundle)
        if not captured or captured not in (served, shown):
            different.append(bundle.name)
    assert different == []
    assert len(bundles) >= 50


def test_robots_and_pace_are_kept(night: Night) -> None:
    asked = [request for request in night.web.requests if request.path != "/robots.txt"]
    assert all("YiguangBot" in request.user_agent for request in asked)
    assert not [r.path for r in asked if r.host == "www.jujue-zhuaqu.example"]


def test_sites_of_one_operator_are_told_with_the_words_that_prove_it(night: Night, tmp_path: Path) -> None:
    hosts = {"ankang-nanke.example", "ankang-fuke.example", "ankang-gangchang.example"}
    picture = tmp_path / "operator.svg"
    shown = json.loads(night.yiguang("registry", "show", "000-00001201", "--json", "--picture", str(picture)).stdout)
    (cluster,) = shown["clusters"]
    assert {subject["key"] for subject in cluster["subjects"]} == hosts
    proofs = [item["edge"] for item in cluster["edges"] if item["edge"]["link"]["node"]["key"] == "00000001201"]
    page_urls = {page.id: page.url for page in night.pages}
    assert proofs
    for proof in proofs:
        assert page_urls[proof["page_id"]] == proof["url"]
        assert "000-00001201" in proof["link"]["quote"]
    assert {item["family"] for item in shown["findings"]} & {"efficacy-rate", "cure-guarantee"}
    assert all(host in picture.read_text("utf-8") for host in hosts)
    said = night.yiguang("registry", "show", "云埠谙宁妇科门诊部").stdout
    assert "3 个网站与账号" in said and "［注明“技术支持”］" in said
    operators = [json.loads(line) for line in night.yiguang("registry", "operators", "--json").stdout.splitlines()]
    assert [set(operator["sites"]) for operator in operators if hosts & set(operator["sites"])] == [hosts]
    vendor = night.yiguang("registry", "show", "000-00009001").stdout
    assert "［注明“技术支持”］" in vendor and "另 1 处" in vendor and "风险" not in vendor
