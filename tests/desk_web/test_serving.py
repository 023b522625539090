"""`yiguang init` and `yiguang serve` as an operator calls them."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.free_ports import free_port
from tests.review.sign_in_provider import CLIENT, SECRET, sign_in_provider
from yiguang.cli import run
from yiguang.loopback import is_loopback

YIGUANG = Path(sys.executable).with_name("yiguang")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "YIGUANG_HOME": str(tmp_path / "home")}


@contextmanager
def served(home: dict[str, str], port: int, *options: str) -> Iterator[list[str]]:
    """`yiguang serve` until the block ends; what it said on stderr besides its address is in the list then."""
    said: list[str] = []
    command = [str(YIGUANG), "serve", "--port", str(port), *options]
    desk = subprocess.Popen(command, env=home, stderr=subprocess.PIPE, text=True)
    assert desk.stderr is not None
    try:
        assert f"http://127.0.0.1:{port}/" in desk.stderr.readline()
        yield said
    finally:
        desk.send_signal(signal.SIGINT)
        assert desk.wait(20) == 0
    said += desk.stderr.read().splitlines()


def test_the_first_account_is_told_once_and_opens_the_desk(home: dict[str, str]) -> None:
    first = subprocess.run([YIGUANG, "init"], env=home, capture_output=True, text=True, check=True).stdout
    again = subprocess.run([YIGUANG, "init"], env=home, capture_output=True, text=True, check=True).stdout
    told = re.search(r"首个账号：(\w+)，一次性口令（只显示这一次）：([a-z0-9-]+)", first)
    assert told and "口令" not in again
    port, viewer = free_port(), free_port()
    with served(home, port, "--viewer-port", str(viewer)) as said:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            assert client.get("/login").status_code == 200
            answer = client.post("/login", data={"name": told[1], "password": told[2]})
            assert answer.status_code == 303
            assert client.get("/queue").headers["location"] == "/password"
        assert httpx.get(f"http://127.0.0.1:{viewer}/", trust_env=False).status_code == 403
    assert said == []


def test_what_is_no_http_does_not_fill_the_terminal(home: dict[str, str]) -> None:
    """Libraries warned of each in English; anybody who reaches the port can send it."""
    subprocess.run([YIGUANG, "init"], env=home, capture_output=True, check=True)
    port, viewer = free_port(), free_port()
    upgrade = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with served(home, port, "--viewer-port", str(viewer)) as said:
        for place in (port, viewer):
            for sent in (b"\x16\x03\x01\x02no HTTP\r\n\r\n", upgrade):
                with socket.create_connection(("127.0.0.1", place), timeout=30) as client:
                    client.sendall(sent)
                    assert client.recv(9) == b"HTTP/1.1 "
    assert said == []


def test_a_fault_of_the_desk_is_logged_like_any_other_and_leaves_it_running(home: dict[str, str]) -> None:
    subprocess.run([YIGUANG, "init"], env=home, capture_output=True, check=True)
    port = free_port()
    with served(home, port) as said:
        database = sqlite3.connect(Path(home["YIGUANG_HOME"], "yiguang.sqlite"))
        database.execute("ALTER TABLE desk_accounts RENAME TO accounts_away")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            assert client.post("/login", data={"name": "a", "password": "b"}).status_code == 500
            database.execute("ALTER TABLE accounts_away RENAME TO desk_accounts")
            assert client.post("/login", data={"name": "a", "password": "b"}).status_code == 401
        database.close()
    (told,) = [json.loads(line) for line in said]  # the server logged it a second time, without the request
    assert told["event"] == "POST /login failed" and told["level"] == "error"
    assert told["exception"].count("no such table: desk_accounts") >= 1


def sign_on_environment(issuer: str, base_url: str, secret: str = SECRET) -> dict[str, str]:
    known = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": secret, "BASE_URL": base_url}
    return {f"YIGUANG_OIDC_{name}": value for name, value in known.items()}


def test_the_desk_is_entered_by_the_provider_that_is_set(home: dict[str, str], tmp_path: Path) -> None:
    subprocess.run([YIGUANG, "init"], env=home, capture_output=True, check=True)
    port, kept = free_port(), tmp_path / "secret"
    kept.write_text(f"{SECRET}\n", encoding="utf-8")
    kept.chmod(0o600)
    url = f"http://127.0.0.1:{port}"
    with sign_in_provider(lambda: datetime.now(UTC), "localhost") as provider:
        env = home | sign_on_environment(provider.issuer, url, f"file:{kept}")
        subprocess.run([YIGUANG, "accounts", "link", "admin"], env=env, capture_output=True, check=True)
        desk = subprocess.Popen(
            [YIGUANG, "serve", "--port", str(port), "--no-viewer"], env=env, stderr=subprocess.PIPE, text=True
        )
        try:
            assert desk.stderr is not None and url in desk.stderr.readline()
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
                back = provider.agree(client.get("/login/oidc").headers["location"], "s-1", "admin")
                assert client.get(back).status_code == 200
                assert client.get("/accounts").status_code == 200  # the one-time password was never asked for
        finally:
            desk.send_signal(signal.SIGINT)
            assert desk.wait(20) == 0
        assert desk.stderr.read() == ""


@pytest.mark.parametrize(
    ("base_url", "arguments"),
    [
        ("http://127.0.0.1:8001", []),
        ("http://127.0.0.9:8000", []),
        ("https://127.0.0.1:8000", []),
        ("http://127.0.0.1:8000", ["--behind-proxy", "--public-name", "127.0.0.1", "--no-viewer"]),
        ("https://other.example", ["--behind-proxy", "--public-name", "desk.example", "--no-viewer"]),
    ],
)
def test_the_provider_must_lead_back_to_this_desk(
    base_url: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in sign_on_environment("https://id.example", base_url).items():
        monkeypatch.setenv(name, value)
    assert run(["serve", *arguments]) == 2
    assert "YIGUANG_OIDC_BASE_URL" in capsys.readouterr().err


def test_a_port_that_is_taken_is_a_failure_in_one_line(home: dict[str, str]) -> None:
    subprocess.run([YIGUANG, "init"], env=home, capture_output=True, check=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [YIGUANG, "serve", "--port", port, "--no-viewer"], env=home, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == f"错误：无法监听 127.0.0.1:{port}：端口已被占用\n"  # and not where the desk is


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "8000", "--viewer-port", "8000"],
        ["--behind-proxy", "--no-viewer"],
        ["--behind-proxy", "--public-name", "desk.example"],
        ["--behind-proxy", "--public-name", "desk.example", "--viewer-url", "https://"],
        ["--behind-proxy", "--public-name", "desk.example", "--viewer-url", "viewer.example"],
        ["--behind-proxy", "--public-name", "", "--no-viewer"],
        ["--port", "0"],
        ["--port", "70000"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", *arguments]) == 2
    assert capsys.readouterr().err.startswith("错误：")


def test_behind_a_proxy_the_viewer_needs_an_address_that_browsers_reach(capsys: pytest.CaptureFixture[str]) -> None:
    """It was http on a port that listens on loopback only, so no original page was shown."""
    assert run(["serve", "--behind-proxy", "--public-name", "desk.example"]) == 2
    assert "须同时用 --viewer-url" in capsys.readouterr().err
    assert run(["serve", "--help"]) == 0
    examples = capsys.readouterr().out.partition("例：")[2]
    assert "--viewer-url https://viewer.example.gov.example" in " ".join(examples.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--behind-proxy", "--public-name", "desk.example", "--viewer-url", "https://desk.example/"],
        ["--behind-proxy", "--public-name", "desk.example", "--viewer-url", "https://DESK.example:443/seen"],
        ["--port", "8000", "--viewer-url", "http://localhost:8000/"],
        ["--host", "0.0.0.0", "--public-name", "desk.example", "--port", "80", "--viewer-url", "http://desk.example"],
    ],
    ids=" ".join,
)
def test_the_viewer_is_no_part_of_the_desk(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A script of an original page would else act with the cookies of who looks at it."""
    assert run(["serve", *arguments]) == 2
    assert "不得与审核台同源" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "only_here"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.7", False), ("desk.example", False)],
)  # fmt: skip
def test_which_addresses_only_this_machine_reaches(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here
