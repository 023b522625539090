"""Which addresses a crawl may talk to: public ones, unless a target is marked local."""

import ipaddress
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Well-known NAT64 prefix (RFC 6052): the IPv4 address sits in its last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: Ways into a network of one's own that `ipaddress` takes for public ones: IPv4-compatible and IPv4-translated addresses, those that
#: are local to a site, NAT64 of local use (RFC 8215).
_INTO_OWN_NETWORK = tuple(
    ipaddress.IPv6Network(text) for text in ("::/96", "::ffff:0:0:0/96", "fec0::/10", "64:ff9b:1::/48")
)


class AddressRefused(OSError):
    """The host is, or resolves to, an address that this target may not reach. The message is Chinese.

    An `OSError`, because it is raised inside the connector, which tries the next address on those only.
    """


class UrlRefused(Exception):
    """The URL is of a kind we never request. The message is Chinese."""


def is_public(address: str) -> bool:
    """True for a globally routable unicast address, also one wrapped in IPv6 (mapped, 6to4, NAT64)."""
    parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if any(parsed in network for network in _INTO_OWN_NETWORK):
            return False
    return parsed.is_global and not parsed.is_multicast


def literal_address(host: str) -> str | None:
    """The address that `host` is written as, None for a name. Odd IPv4 spellings are not decoded here: the resolver
    turns `0x7f.1` or `2130706433` into an address, which is then checked like any other."""
    try:
        return str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None


def check_address(address: str, *, local: bool) -> None:
    """Raise `AddressRefused` for an address that the target may not reach."""
    if not local and not is_public(address):
        raise AddressRefused(f"拒绝访问非公网地址 {address}")


def check_url(url: str, *, local: bool) -> None:
    """Raise `UrlRefused` for another scheme than http(s), a URL without host or with credentials; `AddressRefused` for
    an address literal that the target may not reach."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise UrlRefused(f"网址无法解析：{url[:200]}") from error
    if parts.scheme not in ("http", "https"):
        raise UrlRefused(f"不访问 {parts.scheme or '无'} 协议的网址")
    if not host or host == ".":
        raise UrlRefused("网址缺少主机名")
    if "@" in parts.netloc:
        raise UrlRefused("网址含有用户名或密码")
    try:
        host.removesuffix(".").encode("idna")
    except UnicodeError as error:  # a..example, a label of more than 63 characters
        raise UrlRefused(f"网址的主机名无效：{host[:100]}") from error
    literal = literal_address(host)
    if literal is not None:
        check_address(literal, local=local)
