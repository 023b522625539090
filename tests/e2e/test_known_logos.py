"""Signs of owners through the command line: taken in, listed, met on a site in a night, forgotten."""

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from benchmarks.drawn_logos import draw_logo
from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.posters import cjk_font
from examples.web.server import SampleWeb
from examples.web.sites import load_sites
from examples.web.world import World
from storage.database import open_engine
from storage.pages.stored_texts import stored_pages
from storage.tables import pages
from tests.e2e.command_line import Run

HOST, OWNER, SIGN = "www.heyun-menzhen.example", "青屿中心医院", 3
SITE = """\
title = "青屿合云门诊部"
about = "A clinic that shows another's sign"
verdict = "unlawful"

[[target]]
institution = "青屿合云门诊部"
"""
PAGE = """\
<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>青屿合云门诊部</title>
<meta property="og:site_name" content="青屿合云门诊部"></head><body>
<div class="top-logo"><a href="/"><img src="/images/top.jpg"></a></div>
<div class="main"><h1>颈肩腰腿痛专科</h1><p>本院独家秘方一贴见效，治愈率高达98.7%，永不复发，无效退款。
预约热线：000-00001234，地址：青屿市河滨路19号。</p><p>合作医院：<img src="/images/hz-logo.jpg" alt="合作医院标志"></p></div>
</body></html>
"""


def jpeg(number: int) -> bytes:
    file = io.BytesIO()
    draw_logo(number, cjk_font()).resize((64, 64)).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "官方标志"
    folder.mkdir()
    draw_logo(SIGN, cjk_font()).save(folder / f"{OWNER}-2.png")
    draw_logo(5, cjk_font()).save(folder / "临浦县医院.webp")
    (folder / "说明.txt").write_text("不是图片", "utf-8")
    return folder


@pytest.fixture
def web(tmp_path: Path) -> Iterator[SampleWeb]:
    site = tmp_path / "sites" / HOST
    (site / "images").mkdir(parents=True)
    (site / "site.toml").write_text(SITE, "utf-8")
    (site / "layout.html").write_text("{{body}}", "utf-8")
    (site / "index.html").write_text(PAGE, "utf-8")
    (site / "images" / "top.jpg").write_bytes(jpeg(SIGN))
    (site / "images" / "hz-logo.jpg").write_bytes(jpeg(7))
    with SampleWeb(world=World(load_sites(tmp_path / "sites"))) as running:
        yield running


def test_signs_are_taken_in_listed_and_forgotten(yiguang: Run, folder: Path, tmp_path: Path) -> None:
    assert yiguang("init").returncode == 0
    empty = yiguang("registry", "logos")
    assert empty.returncode == 0 and "没有标志" in empty.stdout.decode()
    first = yiguang("registry", "logos", folder, "--as-of", "2026-11-01")
    assert (first.returncode, first.stdout.decode()) == (0, "新增 2，已有 0\n")
    assert OWNER in first.stderr.decode() and "权利人表" in first.stderr.decode()
    (folder / "坏.png").write_bytes(b"no picture")
    (folder / "空.jpg").write_bytes(Image.new("RGB", (90, 90), "white").tobytes())
    (folder / "7.png").write_bytes((folder / f"{OWNER}-2.png").read_bytes())
    again = yiguang("registry", "logos", folder, "--source", "官方标志", "--as-of", "2026-11-02")
    told = again.stderr.decode()
    assert again.returncode == 1 and again.stdout.decode() == "新增 0，已有 2\n"
    assert "坏.png：图片无法解码" in told and "空.jpg" in told and "7.png：文件名不含权利人名称" in told
    listed = yiguang("registry", "logos").stdout.decode()
    assert f"{OWNER}  官方标志  2026-11-02" in listed and "共 2 个标志" in listed
    assert yiguang("registry", "logos", "--forget", "别处").returncode == 1
    assert yiguang("registry", "logos", "--forget", "官方标志").stdout.decode() == "已删除 2 个标志\n"
    assert yiguang("registry", "logos", tmp_path / "没有").returncode == 2
    assert yiguang("registry", "logos", tmp_path).returncode == 2
    assert yiguang("registry", "logos", folder, "--forget", "官方标志").returncode == 2
    assert yiguang("registry", "logos", "--as-of", "2026-11-02").returncode == 2


def test_a_night_tells_whose_sign_a_site_shows(web: SampleWeb, folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = sample_environment(web, home)
    web.write_targets(home / "targets.csv")

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*YIGUANG, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=600
        )

    assert run("init").returncode == 0
    assert run("registry", "logos", folder).returncode == 0
    night = run("nightly", "--targets", home / "targets.csv", "--json")
    assert night.returncode == 0, night.stderr
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    with engine.connect() as connection:
        [stored] = stored_pages(connection, pages.c.url == web.base_url(HOST) + "/")
        judgement = connection.scalars(select(pages.c.judgement).where(pages.c.id == stored.id)).one()
    assert stored.page.logo is not None
    assert (stored.page.logo.owner, stored.page.logo.url) == (OWNER, web.base_url(HOST) + "/images/top.jpg")
    assert any(f"待核：站标“{stored.page.logo.url}”：与{OWNER}的标志相似" in line for line in judgement["reasons"])
    asked = [request.path for request in web.requests]
    assert asked.count("/images/top.jpg") >= 1
    rescored = run("rescore", "--json")
    assert rescored.returncode == 0
    told = json.loads(rescored.stdout)
    assert (told["gained"], told["lost"]) == ([], [])
