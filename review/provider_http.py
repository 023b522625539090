"""One question to the sign-in provider: within a time, up to a size, to that address and no other."""

import asyncio
from collections.abc import Mapping

import aiohttp

from review.sign_on_settings import SignOnFault, Trouble

#: All of it: looking up the name, connecting, the whole answer. One that trickles is not waited for.
TIMEOUT_SECONDS = 10.0
MAX_BYTES = 256 * 1024


def ask(
    url: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> tuple[int, bytes]:
    """Status and body of a GET, or of a POST where there is a form. No redirect is followed, no cookie kept, no proxy of the
    environment asked, nothing unpacked. Called in a thread without an event loop. Raises SignOnFault."""
    try:
        return asyncio.run(_ask(url, form, headers or {}, timeout_seconds))
    except TimeoutError as fault:
        raise SignOnFault(Trouble.SLOW, f"no answer within {timeout_seconds:g} s") from fault
    except (aiohttp.ClientConnectionError, OSError) as fault:
        raise SignOnFault(Trouble.UNREACHABLE, _said(fault)) from fault
    except (aiohttp.ClientError, ValueError) as fault:
        raise SignOnFault(Trouble.GARBLED, _said(fault)) from fault


async def _ask(
    url: str, form: Mapping[str, str] | None, headers: Mapping[str, str], timeout_seconds: float
) -> tuple[int, bytes]:
    asked = {"accept": "application/json", "accept-encoding": "identity", **headers}
    async with (
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        ) as session,
        session.request(
            "GET" if form is None else "POST", url, data=form, headers=asked, allow_redirects=False
        ) as response,
    ):
        body = bytearray()
        async for part in response.content.iter_chunked(16_384):
            body += part
            if len(body) > MAX_BYTES:
                raise SignOnFault(Trouble.TOO_LARGE, f"more than {MAX_BYTES} bytes")
        return response.status, bytes(body)


def _said(fault: Exception) -> str:
    return f"{type(fault).__name__}: {' '.join(str(fault).split())}"[:200]
