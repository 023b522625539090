"""Referred pages are visited again: gone, softened, moved, unchanged, unreachable, forbidden, and back again."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from domain.routing import Recipient
from referral.register import record_package, reserve_number
from storage.database import open_engine
from tests.e2e.command_line import Run

HOST = "fucha.example"
CLAIMS = "本院独家秘方专治各种皮肤顽疾，一个疗程根治不复发，治愈率高达99.8%，无任何副作用，欢迎拨打000-00001234预约。"
SOFT = "本院皮肤科按诊疗规范接诊，治疗效果因人而异，请到院面诊后由医师告知。"
OTHER = "云埠示例医馆开设皮肤科门诊，周一至周日全天接诊，地址在云埠市示例路一号。"


def page_of(title: str, body: str) -> bytes:
    links = "".join(f'<a href="/{name}">{name}</a> ' for name in ("down", "soft", "same", "back", "shut", "moved"))
    text = f"<p>{body}</p>" * 4
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<nav>{links}</nav><main><h1>{title}</h1>{text}</main></body></html>"
    ).encode()


def _unlike(number: int) -> str:
    """So much text of its own that no two pages are near-duplicates."""
    words = "春夏秋冬山川河海风云雨雪花草树木日月星辰东南西北金银铜铁"
    return "".join(f"{words[(number * 7 + step * (number + 2)) % len(words)]}区{step}号" for step in range(60))


@dataclass
class ChangingSite:
    """Answers by path; None is 404. `robots` is the text of robots.txt."""

    pages: dict[str, bytes | None] = field(default_factory=dict)
    robots: str = ""
    port: int = 0

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/robots.txt":
                    body: bytes | None = site.robots.encode()
                else:
                    body = site.pages.get(self.path)
                self.send_response(404 if body is None else 200)
                kind = "text/plain" if self.path == "/robots.txt" else "text/html"
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is told."""

        return Answer


@pytest.fixture
def site() -> Iterator[ChangingSite]:
    site = ChangingSite({"/": page_of("云埠示例医馆", OTHER)})
    for number, name in enumerate(("down", "soft", "same", "back", "shut", "moved")):
        site.pages[f"/{name}"] = page_of(f"皮肤专科{number}", f"{CLAIMS}{_unlike(number)}")
    with ThreadingHTTPServer(("127.0.0.1", 0), site.handler()) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


def hours_pass(home: Path, hours: int) -> None:
    """As if everything that was seen so far had been seen so many hours earlier."""
    with sqlite3.connect(home / "yiguang.sqlite") as database:
        for name in ("takedown_looks.looked_at", "referral_packages.made_at", "page_bodies.seen_at"):
            table, column = name.split(".")
            database.execute(f"UPDATE {table} SET {column} = datetime({column}, '-{hours} hours') || '.000000'")


def refer(home: Path, cases: Mapping[str, int]) -> None:
    """What `yiguang refer` leaves in the register."""
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    number = reserve_number(engine, Recipient.AMR, list(cases.values()), "wang", {}, datetime.now(UTC))
    record_package(engine, number, "0" * 64)
    engine.dispose()


def test_the_ladder_over_a_site_that_changes(yiguang: Run, home: Path, site: ChangingSite, tmp_path: Path) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    start = f"http://{HOST}:{site.port}/"
    targets.write_text(f"name,url,delay_seconds,depth,local\n示例医馆,{start},0,2,1\n", "utf-8")
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1", "YIGUANG_RETRY_SECONDS": "0.1"}
    yiguang("init")
    night = yiguang("nightly", "--targets", targets, environ=environ)
    assert night.returncode == 0, night.stderr.decode()
    listed = [json.loads(line) for line in yiguang("cases", "list", "--json").stdout.splitlines()]
    cases = {row["url"].rsplit("/", 1)[1]: row["id"] for row in listed}
    assert set(cases) == {"down", "soft", "same", "back", "shut", "moved"}

    nothing = yiguang("recheck", "--due", environ=environ)
    assert (nothing.returncode, nothing.stdout) == (0, b"")
    assert "没有等待复测的线索" in nothing.stderr.decode()
    assert yiguang("recheck", str(cases["down"]), environ=environ).returncode == 1
    refer(home, cases)
    assert "下一次到期" in yiguang("recheck", "--due", environ=environ).stderr.decode()

    def recheck(*arguments: str) -> dict[str, dict[str, object]]:
        done = yiguang("recheck", "--json", *arguments, environ=environ)
        assert done.returncode == 0, done.stderr.decode()
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["url"].rsplit("/", 1)[1]: row for row in rows}

    hours_pass(home, 25)
    kept = site.pages.copy()
    site.pages |= {"/down": None, "/back": None, "/moved": None}
    site.pages["/soft"] = page_of("皮肤专科", SOFT)
    site.robots = "User-agent: *\nDisallow: /shut\n"
    first = recheck("--due")
    assert {name: row["grade"] for name, row in first.items()} == {
        "down": "gone-once",
        "soft": "softened",
        "same": "unchanged",
        "back": "gone-once",
        "shut": "unknown",
        "moved": "gone-once",
    }
    assert first["soft"]["left"] == []
    assert ["cure-rate", "治愈率高达99.8%"] in first["soft"]["dropped"]  # type: ignore[operator]

    hours_pass(home, 7)
    site.robots = ""
    site.pages["/"] = kept["/moved"]
    again = yiguang("nightly", environ=environ)  # the text of /moved is met at another address
    assert again.returncode in (0, 1), again.stderr.decode()
    second = recheck(*(str(cases[name]) for name in ("down", "back", "shut", "moved")))
    assert {name: row["grade"] for name, row in second.items()} == {
        "down": "gone",
        "back": "gone",
        "shut": "unchanged",
        "moved": "moved",
    }
    assert second["moved"]["copies"] == [start]

    site.pages["/back"] = kept["/back"]
    third = recheck(str(cases["back"]))["back"]
    assert (third["grade"], third["reappeared"]) == ("unchanged", True)
    assert len(third["looks"]) == 3  # type: ignore[arg-type]
    shown = yiguang("cases", "show", str(cases["back"])).stdout.decode()
    assert "现又出现" in shown
    nights = yiguang("night", "list").stdout.decode()
    assert "recheck" not in nights
    verified = yiguang("evidence", "verify", "--all")
    assert verified.returncode == 0, verified.stdout.decode()
