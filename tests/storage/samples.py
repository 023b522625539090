"""Visits to a clinic that does not exist."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from domain.connections import AnsweredBy, Connection, Tls
from domain.findings import Finding, Judgement
from domain.institutions import RegisteredInstitution
from domain.outcome import Outcome
from domain.page import Contact, ContactKind, Exchange, ExtractedPage
from domain.targets import Target
from domain.visits import FrontierUrl, Rendering, Visit
from storage.sealing.seal_key import SealKey

#: The key of tests that need no data folder
KEY = SealKey.generate()
NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # 02:00 on the 26th in Beijing
PROVENANCE = {"operator": "示例监测中心", "tool": "yiguang", "tool_version": "0.1.0", "os": "Linux"}
TEXT = "示例门诊部\n本院治愈率达98%，签约治疗，无效退款。\n电话 000-00001234"
TARGETS = (
    Target("示例门诊部", "http://clinic.example/", max_pages=50),
    Target("示例医院", "http://hospital.example/", max_pages=50),
)

#: A clinic of a register, and its numbers as pages print them
REGISTERED = RegisteredInstitution(
    "青屿安和门诊部", "样例", date(2026, 11, 1), credit_code="914403001922038216", licence="PDY90001X31010412D2152"
)
PRINTED = (
    "登记号：PDY90001X31010412D2152",
    "登记号：PDY90001X-31010412D2152",
    "登记号：ＰＤＹ９０００１Ｘ－３１０１０４１２Ｄ２１５２",
    "统一社会信用代码：914403001922038216",
    "统一社会信用代码：９１４４０３００１９２２０３８２１６",
)


def png(width: int = 2, height: int = 2) -> bytes:
    """A real grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def exchange(url: str, body: bytes = b"<html>hello</html>", source: str = "http", status: int = 200) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=(("User-Agent", "yiguang"), ("Accept", "text/html")),
        status=status,
        reason="OK",
        response_headers=(("Content-Type", "text/html; charset=utf-8"), ("Server", "example")),
        body=body,
        fetched_at=NOW + timedelta(seconds=1),
        ip="127.0.0.1",
        source=source,
    )


@cache
def certificate() -> bytes:
    """Of a server that signed for itself, as DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic.example")])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=90))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def secure(item: Exchange) -> Exchange:
    """The same exchange over TLS to a server that nobody vouches for."""
    tls = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", (certificate(),), "自签名证书")
    connection = Connection("clinic.example", 443, "127.0.0.1", "127.0.0.1", ("127.0.0.1",), AnsweredBy.HOST_TABLE, tls)
    return replace(item, url=item.url.replace("http:", "https:"), connection=connection)


def page(url: str, text: str = TEXT) -> ExtractedPage:
    return ExtractedPage(
        url=url,
        title="示例门诊部",
        text=text,
        encoding="utf-8",
        site_name="示例门诊部",
        published_at=NOW - timedelta(days=3),
        contacts=(Contact(ContactKind.LANDLINE, "000-00001234", 30, 42),),
    )


def judgement(flagged: bool, text: str = TEXT) -> Judgement:
    quote = "治愈率达98%"
    start = text.index(quote)
    live = Finding("cure-rate", "efficacy-rate", quote, start, start + len(quote), 0.8, ("广告法16(1)(2)",), 4)
    silenced = Finding(
        "refund", "cure-guarantee", "无效退款", text.index("无效退款"), text.index("无效退款") + 4, 0.9,
        ("广告法16(1)(1)",), 5, silenced=True, gates=("G1",),
    )  # fmt: skip
    return Judgement(
        score=0.93 if flagged else 0.1,
        flagged=flagged,
        genre="promotion",
        is_ad=True,
        ad_basis=("认定指南6(2)",),
        findings=(live, silenced),
        reasons=("宣称治愈率",),
        rules_sha256="r" * 64,
        model_sha256="m" * 64,
        parts={"rules": 0.7},
    )


def rendering(url: str) -> Rendering:
    return Rendering(
        screenshot_png=png(),
        dom_html="<html><body>本院治愈率达98%</body></html>",
        final_url=url,
        title="示例门诊部",
        browser="Chromium 140",
        user_agent="Mozilla/5.0 yiguang",
        viewport=(1280, 800),
        started_at=NOW + timedelta(seconds=2),
        ended_at=NOW + timedelta(seconds=3),
        exchanges=(exchange(url, source="browser"), exchange(url + "logo.png", b"\x89PNG", source="browser")),
        not_captured=(("http://video.example/a.mp4", "视频不下载"),),
    )


def visit(row: FrontierUrl, flagged: bool = False, **changes: object) -> Visit:
    """A visit that found content; `changes` replace fields of the Visit."""
    plain = Visit(
        frontier=row,
        outcome=Outcome.CONTENT,
        outcome_detail="",
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=4),
        final_url=row.url,
        status=200,
        exchanges=(exchange(row.url),),
        page=page(row.url),
        judgement=judgement(flagged),
        rendering=rendering(row.url) if flagged else None,
        robots="allowed",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the field types are checked where they are read


def failed_visit(row: FrontierUrl, outcome: Outcome = Outcome.HTTP_GONE, **changes: object) -> Visit:
    gone = {"page": None, "judgement": None, "outcome": outcome, "outcome_detail": "页面不存在", "status": 404}
    return visit(row, flagged=False, **(gone | changes))
