"""Messages reach a mail server and the robots of chats, signed as these want it, and nobody else."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from domain.alerts import Alert, AlertKind
from tests.free_ports import free_port
from yiguang.errors import UsageError
from yiguang.settings import read_settings
from yiguang.watching.alert_channels import NotSent, mail_text, post_webhook, send_mail
from yiguang.watching.alert_settings import MailServer, Webhook, read_alert_settings

NOW = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
ALERTS = [Alert(AlertKind.NIGHT, "a", "示例门诊部：只取得 2 页"), Alert(AlertKind.DISK, "home", "磁盘\n只余 3 MB")]
LEXICONS = read_settings({}).lexicons


@dataclass
class Robot:
    """What a chat's server answers, and what it was sent."""

    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: {"errcode": 0, "code": 0})
    location: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)


@pytest.fixture
def robot() -> Iterator[Robot]:
    state = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((self.path, json.loads(body)))
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(json.dumps(state.answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/send?access_token=t0ken"
        yield state
        server.shutdown()
        thread.join()


def test_each_service_gets_its_own_shape(robot: Robot) -> None:
    for service in ("dingtalk", "wecom", "feishu"):
        post_webhook(LEXICONS, Webhook(service, robot.url), "医广哨兵：2 项", ALERTS, NOW)
    said = "医广哨兵：2 项\n· 示例门诊部：只取得 2 页\n· 磁盘 只余 3 MB"
    text = {"msgtype": "text", "text": {"content": said}}
    assert [body for _, body in robot.asked] == [text, text, {"msg_type": "text", "content": {"text": said}}]


def test_signatures_are_as_the_services_compute_them(robot: Robot) -> None:
    """Values from `openssl dgst -sha256 -hmac KEY -binary | base64` over what each service's manual says."""
    post_webhook(LEXICONS, Webhook("dingtalk", robot.url, "SEC000"), "t", ALERTS, NOW)
    post_webhook(LEXICONS, Webhook("feishu", robot.url, "SEC000"), "t", ALERTS, NOW)
    query = parse_qs(urlsplit(robot.asked[0][0]).query)
    assert query["access_token"] == ["t0ken"]
    assert query["timestamp"] == ["1795651200000"]
    assert query["sign"] == ["CmwrvsVWwPHydRerr6ohT5DB3t0ywJaVapwo0JRjD1M="]
    assert {name: robot.asked[1][1][name] for name in ("timestamp", "sign")} == {
        "timestamp": "1795651200",
        "sign": "EZ0fR0x9lrhhu9l3p99YCIg8djKr7ZrOEEHOumF7Jok=",
    }


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, {"errcode": 310000, "errmsg": "sign not match"}, "sign not match"),
        (500, {}, "HTTP 500"),
        (200, ["no object"], "no object"),
    ],
)
def test_a_refusal_is_told_without_the_secret(robot: Robot, status: int, answer: Any, said: str) -> None:
    robot.status, robot.answer = status, answer
    with pytest.raises(NotSent, match=said) as told:
        post_webhook(LEXICONS, Webhook("dingtalk", robot.url), "t", ALERTS, NOW)
    assert "t0ken" not in str(told.value)


def test_a_redirect_is_not_followed(robot: Robot) -> None:
    robot.status, robot.location = 302, robot.url.replace("send", "elsewhere")
    with pytest.raises(NotSent, match="HTTP 302"):
        post_webhook(LEXICONS, Webhook("wecom", robot.url), "t", ALERTS, NOW)
    assert len(robot.asked) == 1


def test_a_long_list_is_cut_to_what_the_service_takes(robot: Robot) -> None:
    many = [Alert(AlertKind.NIGHT, str(number), f"示例门诊部第 {number} 处：只取得 2 页") for number in range(200)]
    post_webhook(LEXICONS, Webhook("wecom", robot.url), "t", many, NOW)
    content = robot.asked[0][1]["text"]["content"]
    assert len(content.encode()) <= 2048
    listed = content.count("·")
    assert content.endswith(f"另有 {200 - listed} 项") and listed > 20


@dataclass
class Post:
    host: str = "127.0.0.1"
    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    context: ssl.SSLContext | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002
        self.envelopes.append(envelope)
        return "250 OK"


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ARG001
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"clerk", b"pass word")
    return AuthResult(success=good, handled=good)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def post(certificate: Path) -> Iterator[Post]:
    """A mail server that takes mail only under TLS and from who logs in."""
    handler = Post()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate)
    handler.context = ssl.create_default_context(cafile=certificate)
    controller = Controller(
        handler, hostname="127.0.0.1", port=free_port(), tls_context=server_side, require_starttls=True,
        authenticator=_login, auth_required=True,
    )  # fmt: skip
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


def _server(post: Post, password: str = "pass word", security: str = "smtp+starttls") -> MailServer:
    return MailServer(
        security,
        "localhost",
        post.port,
        "clerk",
        password,
        "yiguang@desk.example",
        ("a@desk.example", "b@desk.example"),
    )


def test_mail_goes_under_tls_to_whoever_is_set(post: Post) -> None:
    text = mail_text(LEXICONS, ALERTS, Path("/srv/home"))
    send_mail(_server(post), "医广哨兵：2 项\n需要处理", text, NOW, context=post.context)
    send_mail(_server(post), "今日待办", "没有", NOW, ["c@desk.example"], post.context)
    first, second = post.envelopes
    assert first.rcpt_tos == ["a@desk.example", "b@desk.example"] and second.rcpt_tos == ["c@desk.example"]
    assert isinstance(first.content, bytes)
    message = message_from_bytes(first.content, policy=default)
    assert message["Subject"] == "医广哨兵：2 项 需要处理"
    assert "· 示例门诊部：只取得 2 页\n· 磁盘 只余 3 MB\n" in message.get_content().replace("\r\n", "\n")


def test_mail_that_is_not_taken_is_told(post: Post) -> None:
    with pytest.raises(NotSent, match="没有发出：535"):
        send_mail(_server(post, "wrong"), "t", "x", NOW, context=post.context)
    with pytest.raises(NotSent, match="口令或地址中有非 ASCII 字符"):
        send_mail(_server(post, "口令"), "t", "x", NOW, context=post.context)
    with pytest.raises(NotSent, match="certificate verify failed"):
        send_mail(_server(post), "t", "x", NOW)
    with pytest.raises(NotSent, match="没有发出：530"):  # it wants TLS first
        server = MailServer("smtp", "127.0.0.1", post.port, "", "", "y@desk.example", ("a@desk.example",))
        send_mail(server, "t", "x", NOW)
    assert post.envelopes == []


MAIL = {
    "YIGUANG_ALERT_SMTP": "smtps://clerk%40desk@mail.example",
    "YIGUANG_ALERT_MAIL_FROM": "yiguang@desk.example",
    "YIGUANG_ALERT_MAIL_TO": "a@desk.example b@desk.example",
}


def test_settings_are_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pass word\n", encoding="utf-8")
    secret.chmod(0o600)
    read = read_alert_settings(
        {**MAIL, "YIGUANG_ALERT_SMTP_PASSWORD": f"file:{secret}", "YIGUANG_ALERT_WECOM": "https://chat.example/?key=k"}
    )
    assert read.mail is not None
    assert (read.mail.host, read.mail.port, read.mail.user) == ("mail.example", 465, "clerk@desk")
    assert (read.mail.password, read.ways) == ("pass word", 2)
    assert "pass word" not in repr(read) and "key=k" not in repr(read)
    assert read_alert_settings({}).ways == 0
    secret.chmod(0o644)
    with pytest.raises(UsageError, match="其他账号也能读"):
        read_alert_settings({**MAIL, "YIGUANG_ALERT_SMTP_PASSWORD": f"file:{secret}"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"YIGUANG_ALERT_SMTP": "smtp://mail.example"},
        {"YIGUANG_ALERT_SMTP": "smtps://clerk:pass@mail.example"},
        {"YIGUANG_ALERT_SMTP": "smtps://mail.example:port"},
        {"YIGUANG_ALERT_MAIL_TO": ""},
        {"YIGUANG_ALERT_DINGTALK": "http://chat.example/send"},
        {"YIGUANG_ALERT_FEISHU": "chat.example"},
        {"YIGUANG_ALERT_QUIET_HOURS": "soon"},
        {"YIGUANG_ALERT_WECOM": "file:/nowhere/at/all"},
    ],
)
def test_a_setting_that_cannot_be_used_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="YIGUANG_ALERT_"):
        read_alert_settings({**MAIL, **wrong})
