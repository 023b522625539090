"""A clinic's site on loopback that a test may change while it runs, and time that passes at once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from storage.database import open_engine, writing
from storage.tables import page_bodies, referral_packages, takedown_looks

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
    letters = [chr(0x4E00 + (number * 997 + step * 31) % 5000) for step in range(240)]
    return "".join(f"{''.join(letters[start : start + 20])}。" for start in range(0, len(letters), 20))


@dataclass
class ChangingSite:
    """Answers by path; None is 404, what is in `broken` is 503. `robots` is the text of robots.txt, `asked` what was asked for."""

    pages: dict[str, bytes | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    robots: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                if self.path == "/robots.txt":
                    body: bytes | None = site.robots.encode()
                else:
                    body = site.pages.get(self.path)
                self.send_response(503 if self.path in site.broken else 404 if body is None else 200)
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


def hours_pass(url: str, hours: int) -> None:
    """As if everything that was seen so far had been seen so many hours earlier. `url` is the database's."""
    engine = open_engine(url)
    with writing(engine) as connection:
        for column in (takedown_looks.c.looked_at, referral_packages.c.made_at, page_bodies.c.seen_at):
            (key,) = column.table.primary_key.columns
            for number, moment in connection.execute(select(key, column)).all():
                earlier = {column.name: moment - timedelta(hours=hours)}
                connection.execute(update(column.table).where(key == number).values(earlier))
    engine.dispose()
