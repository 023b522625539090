"""A plain HTTP client for the sample web, down to the socket."""

import re
import socket
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urljoin, urlsplit

from examples.web.server import SampleWeb


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Links(HTMLParser):
    """Link targets and the title of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_title = tag == "title"
        if tag in ("a", "area"):
            self.hrefs.append(values.get("href") or "")
        self.hrefs.append(values.get("data-link") or "")
        if scripted := re.match(r"window\.location='([^']+)'", values.get("onclick") or ""):
            self.hrefs.append(scripted[1])

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


class Client:
    """Fetches from the sample web by URL, the name mapped to the loopback address."""

    def __init__(self, web: SampleWeb) -> None:
        self.web = web

    def get(self, url: str, **headers: str) -> Answer:
        parts = urlsplit(url)
        connection = HTTPConnection("127.0.0.1", self.web.port, timeout=10)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path or "/", headers={"Host": parts.netloc, **headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def page(self, url: str) -> tuple[Answer, str]:
        """An answer and its text, decoded as its site encodes it."""
        answer = self.get(url)
        return answer, answer.body.decode(self.web.world.sites[urlsplit(url).hostname or ""].encoding)

    def raw(self, url: str, limit_bytes: int = 1 << 16, seconds: float = 2.0) -> bytes:
        """What comes over the socket, up to a size or a silence; raises ConnectionResetError as it happens."""
        parts = urlsplit(url)
        received = b""
        with socket.create_connection(("127.0.0.1", self.web.port), timeout=seconds) as connection:
            connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            try:
                while len(received) < limit_bytes and (data := connection.recv(1 << 16)):
                    received += data
            except TimeoutError:
                return received
        return received

    def links(self, url: str, text: str) -> list[str]:
        """Absolute http(s) links of a page or feed, and of the JSON that the script-built site fetches."""
        found = Links()
        found.feed(text)
        of_script = re.findall(r'"href": "([^"]+)"', text)
        of_feed = re.findall(r"<link>([^<]+)</link>", text)
        hrefs = [*found.hrefs, *of_script, *of_feed]
        absolute = (urljoin(url, href.replace("&amp;", "&")).partition("#")[0] for href in hrefs if href)
        return [link for link in absolute if link.startswith("http")]
