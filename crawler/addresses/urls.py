"""The canonical form of a URL, under which the frontier knows it."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from domain.urls import canonical_url

WECHAT_HOST = "mp.weixin.qq.com"

#: Query parameters that carry a session, say where a visitor came from or that a firewall let it pass; the page is the same
#: without them.
_NOISE_PARAMETERS = frozenset(
    {
        "phpsessid", "jsessionid", "aspsessionid", "sessionid", "session_id", "cfid", "cftoken",
        "spm", "scm", "gclid", "fbclid", "msclkid", "bd_vid", "qhclickid", "hmsr", "hmpl", "hmcu", "hmkw", "hmci",
        "isappinstalled", "nsukey", "wxshare_count", "share_token", "share_source", "sharer_shareid",
        # With these a firewall sends on whoever has passed its check: 安全狗, 云锁, 宝塔
        "webshieldsessionverify", "webshielddrsessionverify", "security_verify_data", "security_verify_img", "btwaf",
    }
)  # fmt: skip
#: The last one is Cloudflare's, of its checks (__cf_chl_tk, __cf_chl_rt_tk, __cf_chl_jschl_tk__).
_NOISE_PREFIXES = ("utm_", "aspsessionid", "mtm_", "pk_", "__cf_chl_")

# /news/list;jsessionid=0A1B2C?id=3
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
# /s/AbCdEfGhIjKlMnOpQrStUv
_WECHAT_SHORT = re.compile(r"^/s/([\w-]{10,})/?$")

# Browsers drop these from an href, wherever they stand
_BREAKS = re.compile(r"[\t\r\n]")

#: Old names of the parameters of a permanent long WeChat link.
_WECHAT_OLD_NAMES = {"appmsgid": "mid", "itemidx": "idx", "sign": "sn"}
_WECHAT_LONG = ("__biz", "mid", "idx", "sn")
_WECHAT_TEMPORARY = ("src", "timestamp", "ver", "signature")


def frontier_url(url: str) -> str:
    """One spelling for all URLs of the same page, fit to be requested.

    On top of `domain.urls.canonical_url`: dot segments, parameters of sessions, of tracking and of firewalls go (a redirect is
    followed to its own address, which keeps them); WeChat links keep only what names the post. The order of other parameters stays, since servers may read it. Raises `ValueError` for what is not
    an absolute http(s) URL with a host. Applying it twice changes nothing.
    """
    # Links copied out of pages and scripts come escaped, now and then twice; html.unescape would read `&times` in them
    cleaned = url.replace("\\x26", "&").replace("&amp;", "&") if WECHAT_HOST in url else url
    parts = urlsplit(canonical_url(_BREAKS.sub("", cleaned)))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an absolute http(s) URL: {url[:200]!r}")
    scheme, netloc, query = parts.scheme, parts.netloc, parts.query
    path = _without_dot_segments(_PATH_SESSION.sub("", parts.path)) or "/"
    if parts.hostname == WECHAT_HOST:
        path, query = _wechat_key(path, query)
        if netloc == WECHAT_HOST:
            scheme = "https"
    return urlunsplit((scheme, netloc, path, _without_noise(query), parts.fragment))


def ascii_host(host: str) -> str:
    """Lower case, without a final dot, international names in their `xn--` form. Raises `ValueError` for a label that
    has none."""
    lowered = host.lower().rstrip(".")
    return lowered if lowered.isascii() else lowered.encode("idna").decode("ascii")


def host_of(url: str) -> str:
    """Host name or address of a URL, empty when it has none."""
    try:
        return ascii_host(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def without_fragment(url: str) -> str:
    """The part of a URL that is sent to a server."""
    return url.partition("#")[0]


def site_of(host: str) -> str:
    """A host and its www twin are one site."""
    return host.removeprefix("www.")


def _without_noise(query: str) -> str:
    if not query:
        return ""
    kept = [
        pair for pair in query.split("&") if pair and not _is_noise(pair.partition("=")[0].lower())
    ]  # pairs stay as written: decoding and encoding again would change GBK parameters
    return "&".join(kept)


def _is_noise(name: str) -> bool:
    return name in _NOISE_PARAMETERS or name.startswith(_NOISE_PREFIXES)


def _without_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4, on an absolute path."""
    segments: list[str] = []
    pieces = path.split("/")[1:]
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        if piece == "..":
            if segments:
                segments.pop()
        elif piece != ".":
            segments.append(piece)
            continue
        if last:
            segments.append("")
    return "/" + "/".join(segments) if pieces else ""


def _wechat_key(path: str, query: str) -> tuple[str, str]:
    """Path and query of a WeChat link reduced to what names the post (`wechat.md`, section 1)."""
    if match := _WECHAT_SHORT.match(path):
        return f"/s/{match.group(1)}", ""
    if path.rstrip("/") != "/s":
        return path, query
    given = {_WECHAT_OLD_NAMES.get(name, name): value for name, value in parse_qsl(query)}
    for names in (_WECHAT_LONG, _WECHAT_TEMPORARY):
        if all(given.get(name) for name in names):
            return "/s", urlencode([(name, given[name]) for name in names], safe="=")
    return path, query
