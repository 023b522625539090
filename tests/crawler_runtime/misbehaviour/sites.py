"""Sites that are as they should be, and sites without an end."""

import asyncio

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html


@behaviour("site")
async def _site(turn: Turn) -> None:
    links = "".join(f'<a href="/{number}.html">{number}</a>' for number in range(6))
    await asyncio.sleep(0.02)
    turn.writer.write(answer(html(links), HTML))


@behaviour("neighbour-a")
@behaviour("neighbour-b")
@behaviour("neighbour-c")
async def _neighbour(turn: Turn) -> None:
    await asyncio.sleep(0.1)
    turn.writer.write(answer(PAGE, HTML))


FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>包治百病</title><item><title>一</title><link>/1.html</link></item></channel></rss>"""


@behaviour("feed")
async def _feed(turn: Turn) -> None:
    feed = answer(FEED.encode(), "Content-Type: application/rss+xml")
    turn.writer.write(feed if turn.path == "/" else answer(html('<a href="/2.html">2</a>'), HTML))


@behaviour("calendar")
async def _calendar(turn: Turn) -> None:
    """Every day links to its neighbours, for ever."""
    day = int(turn.path.rpartition("-")[2] or 0) if "-" in turn.path else 0
    links = (
        f'<a href="/cal/{2000 + d // 336}-{d // 28 % 12 + 1:02}-{d % 28 + 1:02}?n=-{d}">d</a>'
        for d in range(day, day + 40)
    )
    turn.writer.write(answer(html(*links), HTML))


@behaviour("nests-itself")
async def _nests_itself(turn: Turn) -> None:
    """Relative links below a path that answers everything."""
    turn.writer.write(answer(html('<a href="news/">a</a><a href="about/news/">b</a>'), HTML))


@behaviour("sessions")
async def _sessions(turn: Turn) -> None:
    """A new session id in every link of every answer."""
    links = (f'<a href="/{n}.php?PHPSESSID={turn.visits}x{n}{abs(hash(turn.path))}">s</a>' for n in range(3))
    turn.writer.write(answer(html(*links), HTML))


@behaviour("facets")
async def _facets(turn: Turn) -> None:
    """Filters that combine without end."""
    start = len(turn.path)
    links = (f'<a href="/list?a={start + n}&b={n}&c={start}&d={n * start}">f</a>' for n in range(40))
    turn.writer.write(answer(html(*links), HTML))
