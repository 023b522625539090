"""Scrapy's download handler: aiohttp on the wire, keeping each exchange exactly as it was received.

Scrapy's own handlers give header names in another spelling and order and cannot be told which addresses to refuse, so
this one stands in their place. It is the only module that imports aiohttp.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast

import aiohttp
import aiohttp.abc
import aiohttp.connector
from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from yarl import URL

from crawler.addresses.guard import AddressRefused, check_address, is_public
from crawler.failure import FetchFailed
from crawler.fetching.tls import lenient_context, tls_fault, tls_of
from crawler.settings import CrawlSettings
from domain.connections import AnsweredBy, Connection, Tls
from domain.outcome import Outcome
from domain.page import Exchange

#: Response headers may be larger than aiohttp's 8 kB: policies and cookies of real sites are.
_MAX_HEADER_BYTES = 65_536

_END_OF_HEAD = b"\r\n\r\n"

#: A server that acknowledges nothing for so long is lost, as TCP notices. After the death of this process too: the kernel keeps what was
#: sent, and would deliver a request of ours half a minute late, when other processes are visiting the site.
_UNACKNOWLEDGED_SECONDS = 15

#: getaddrinfo says with these that the name has no address, with others (EAI_AGAIN) that it could not find out.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


@dataclass(frozen=True, slots=True)
class FetchTerms:
    """On which terms one request is made; travels in `request.meta["terms"]`.

    `local` allows addresses that are not public. `source` names the engine that asked, as `Exchange.source` does.
    """

    local: bool
    max_body_bytes: int
    timeout_seconds: float
    source: str = "http"


class CrawlContext(Protocol):
    """What the handler needs to know of the spider."""

    crawl_settings: CrawlSettings
    clock: Callable[[], datetime]


class HostResolver(aiohttp.abc.AbstractResolver):
    """Names to addresses: the settings' own map first, then the system; refused addresses are left out.

    `answers` keeps what each name led to when it was last looked up, refused addresses too.
    """

    def __init__(self, hosts: Mapping[str, str], *, local: bool) -> None:
        self._hosts = hosts
        self._local = local
        self.answers: dict[str, tuple[tuple[str, ...], AnsweredBy]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[aiohttp.abc.ResolveResult]:
        """Raises `AddressRefused` when no address of the name is allowed, `socket.gaierror` when it has none."""
        if (mapped := self._hosts.get(host)) is not None:
            found = [(socket.AF_INET6 if ":" in mapped else socket.AF_INET, mapped)]
        else:
            infos = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
            found = [(info[0], str(info[4][0])) for info in infos]
        by = AnsweredBy.SYSTEM if mapped is None else AnsweredBy.HOST_TABLE
        self.answers[host] = (tuple(dict.fromkeys(address for _, address in found)), by)
        allowed = [(kind, address) for kind, address in found if self._local or is_public(address)]
        if not allowed:
            check_address(found[0][1], local=self._local)
        return [
            aiohttp.abc.ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in allowed
        ]

    async def close(self) -> None:
        """Nothing is held open."""


class _PeerResponse(aiohttp.ClientResponse):
    """Notes both ends of the connection while it is surely still there: a short body lets it go at once."""

    peer_ip = ""
    local_ip = ""
    tls: Tls | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        if connection.transport is not None:
            peer = connection.transport.get_extra_info("peername")
            self.peer_ip = str(peer[0]) if peer else ""
            own = connection.transport.get_extra_info("sockname")
            self.local_ip = str(own[0]) if own else ""
            session = connection.transport.get_extra_info("ssl_object")
            self.tls = None if session is None else tls_of(session, "")
        return await super().start(connection)


class _BytesRequest(aiohttp.ClientRequest):
    """Sends header fields as the bytes that their characters are in latin-1, as those of responses are kept; aiohttp makes UTF-8
    of all text, and of a cookie in GBK something that its server never set.
    """

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        if all(value.isascii() for value in self.headers.values()):
            return await super().send(conn)
        # Whoever sends takes the protocol from the connection, and writes to the transport that it takes from the protocol
        wire = _Delegate(conn.protocol, transport=_HeadInBytes(conn.transport))
        return await super().send(cast(aiohttp.connector.Connection, _Delegate(conn, protocol=wire)))


class _Delegate:
    """An object with some of its attributes replaced."""

    def __init__(self, whole: Any, **replaced: Any) -> None:
        self._whole = whole
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class _HeadInBytes(_Delegate):
    """A transport that takes the head of one request, the first thing written, as UTF-8 of latin-1."""

    def __init__(self, transport: asyncio.Transport | None) -> None:
        super().__init__(transport)
        self._is_head_sent = False

    def write(self, data: bytes) -> None:
        if not self._is_head_sent:
            self._is_head_sent = True
            head, end, rest = data.partition(_END_OF_HEAD)
            data = head.decode("utf-8").encode("latin-1") + end + rest
        self._whole.write(data)

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))


class CaptureHandler(BaseDownloadHandler):
    """Downloads for http and https. Of a request's `meta`, `url` is what to ask for, as Scrapy respells its own copy, and
    `terms` are the `FetchTerms`; `exchange` is set to the exchange as received. `transfer` is set to the task that makes the
    request, to be cancelled by whoever does not wait for it any more; with `is_cut_off` it is not made at all.

    Raises `FetchFailed`, never anything of aiohttp's.
    """

    lazy = True  # the session needs a running loop

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        context = cast(CrawlContext, crawler.spider)
        self._clock = context.clock
        self._hosts = context.crawl_settings.hosts
        # Kept apart, so that a connection opened for a local target is never reused for another
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._resolvers = {local: HostResolver(self._hosts, local=local) for local in (False, True)}
        self._lenient = lenient_context()

    async def download_request(self, request: Request) -> Response:
        terms: FetchTerms = request.meta["terms"]
        if request.meta.get("is_cut_off"):
            raise asyncio.CancelledError
        request.meta["transfer"] = asyncio.current_task()
        try:
            async with asyncio.timeout(terms.timeout_seconds):
                exchange = await self._exchange_despite_faults(request, terms)
        except TimeoutError as error:
            raise FetchFailed(Outcome.TIMEOUT, f"{terms.timeout_seconds:g} 秒内未收完", again=True) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: aiohttp's word for URLs and header values that it cannot send or read
            raise failure_of(error) from error
        request.meta["exchange"] = exchange
        return Response(exchange.url, status=exchange.status, request=request)

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    def _session(self, local: bool) -> aiohttp.ClientSession:
        if local not in self._sessions:

            def open_socket(info: aiohttp.connector.AddrInfoType) -> socket.socket:
                check_address(str(info[4][0]), local=local)  # the address really connected to, literals too
                opened = socket.socket(info[0], info[1], info[2])
                if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_SECONDS * 1000)
                return opened

            connector = aiohttp.TCPConnector(
                resolver=self._resolvers[local],
                socket_factory=open_socket,
                limit=0,  # the spider's gates bound what is open at once
                ttl_dns_cache=60,
            )
            self._sessions[local] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                request_class=_BytesRequest,
                response_class=_PeerResponse,
                max_line_size=_MAX_HEADER_BYTES,
                max_field_size=_MAX_HEADER_BYTES,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                timeout=aiohttp.ClientTimeout(total=None),  # one clock for connecting, headers and body: ours
            )
        return self._sessions[local]

    async def _exchange_despite_faults(self, request: Request, terms: FetchTerms) -> Exchange:
        """With a server that can be trusted; else with one that cannot, and the exchange says why. Nothing has been sent when
        the first of the two handshakes fails."""
        try:
            return await self._exchange(request, terms)
        except aiohttp.ClientConnectorError as error:  # also when the certificate is at fault
            if not (fault := tls_fault(error)):
                raise
        return await self._exchange(request, terms, fault)

    async def _exchange(self, request: Request, terms: FetchTerms, fault: str = "") -> Exchange:
        """`fault` says why the server is not trusted; its certificate is not looked at then."""
        fetched_at = self._clock()
        url: str = request.meta["url"]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in _pairs(request)]
        async with self._session(terms.local).request(
            request.method,
            URL(url, encoded=True),
            data=request.body or None,
            headers=headers,
            allow_redirects=False,
            ssl=self._lenient if fault else True,
        ) as response:
            body = await _read_limited(response, terms.max_body_bytes)
            return Exchange(
                url=url,
                method=request.method,
                request_headers=tuple((str(name), str(value)) for name, value in response.request_info.headers.items()),
                status=response.status,
                reason=response.reason or "",
                response_headers=tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
                ),
                body=body,
                fetched_at=fetched_at,
                ip=response.peer_ip if isinstance(response, _PeerResponse) else "",
                source=terms.source,
                connection=self._connection(response, terms.local, fault),
            )

    def _connection(self, response: aiohttp.ClientResponse, local: bool, fault: str) -> Connection | None:
        # As the resolver was asked for it; `host` would be the name that the `xn--` form stands for
        host, port = response.url.raw_host, response.url.port
        if not isinstance(response, _PeerResponse) or not response.peer_ip or host is None or port is None:
            return None
        answers, by = self._resolvers[local].answers.get(host, ((response.peer_ip,), AnsweredBy.LITERAL))
        tls = None if response.tls is None else replace(response.tls, fault=fault)
        return Connection(host, port, response.peer_ip, response.local_ip, answers, by, tls)


def failure_of(error: Exception) -> FetchFailed:
    """The typed outcome of an error on the wire."""
    cause = _root(error)
    if isinstance(cause, AddressRefused):
        return FetchFailed(Outcome.OUT_OF_SCOPE, str(cause), again=False)
    if isinstance(cause, socket.gaierror):
        if cause.errno in _NO_SUCH_NAME:
            return FetchFailed(Outcome.DNS_GONE, "域名没有地址记录", again=False)
        return FetchFailed(Outcome.OUR_FAULT, "域名解析暂时失败", again=True)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FetchFailed(Outcome.HTTP_ERROR, f"证书校验失败：{str(cause)[:120]}", again=False)
    if isinstance(cause, ssl.SSLError):
        return FetchFailed(Outcome.HTTP_ERROR, f"TLS 连接失败：{str(cause)[:120]}", again=True)
    if isinstance(cause, aiohttp.ClientPayloadError):
        return FetchFailed(Outcome.HTTP_ERROR, "正文未收完连接就断开", again=True)
    if isinstance(cause, aiohttp.ClientResponseError):
        return FetchFailed(Outcome.HTTP_ERROR, f"响应不合 HTTP 规范：{str(cause.message)[:120]}", again=True)
    if isinstance(cause, OSError) and cause.errno in _OUR_ERRNOS:
        return FetchFailed(Outcome.OUR_FAULT, f"本机网络故障：{cause.strerror}", again=True)
    if isinstance(cause, OSError) and cause.errno == errno.ETIMEDOUT:
        return FetchFailed(Outcome.TIMEOUT, "对方没有应答，连接超时", again=True)
    if isinstance(cause, ConnectionRefusedError):
        return FetchFailed(Outcome.HTTP_ERROR, "连接被拒绝", again=True)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
        return FetchFailed(Outcome.HTTP_ERROR, f"连接中断：{str(cause)[:120]}", again=True)
    return FetchFailed(Outcome.HTTP_ERROR, f"请求失败：{type(cause).__name__} {str(cause)[:120]}", again=False)


#: Nothing that the other side did: no route, no file descriptors.
_OUR_ERRNOS = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS})


def _root(error: BaseException) -> BaseException:
    """The error that aiohttp wrapped."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error


async def _read_limited(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    if (response.content_length or 0) > limit_bytes:
        raise FetchFailed(
            Outcome.TOO_LARGE, f"正文声明 {response.content_length} 字节，超过 {limit_bytes}", again=False
        )
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit_bytes:
            raise FetchFailed(Outcome.TOO_LARGE, f"正文超过 {limit_bytes} 字节", again=False)
        parts.append(part)
    return b"".join(parts)


def _pairs(request: Request) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in request.headers.items() for value in values]
