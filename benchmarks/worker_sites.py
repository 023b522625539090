"""Many small sites on one port, which note who asked for what and when."""

import asyncio
import re
import threading
import time
from collections import defaultdict
from typing import NamedTuple

from aiohttp import web


class Asked(NamedTuple):
    """A request as the server saw it: `at` in monotonic seconds, `by` an address."""

    at: float
    path: str
    by: str


class WorkerSites:
    """`sites` hosts with `pages` pages each at `address`; the start page links to all of its host. `seen` are the requests by host,
    in order."""

    def __init__(self, sites: int, pages: int, address: str = "127.0.0.1") -> None:
        self.address = address
        self.hosts = [f"site{number}.example" for number in range(sites)]
        self.pages = pages
        self.seen: defaultdict[str, list[Asked]] = defaultdict(list)
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="sites")

    def __enter__(self) -> "WorkerSites":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *failure: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, self.address, 0)
        self._loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())

    async def _answer(self, request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        self.seen[host].append(Asked(time.monotonic(), request.path, request.remote or ""))
        if not re.fullmatch(r"/(?:p\d+)?", request.path):
            return web.Response(status=404, text="没有这一页", content_type="text/html")
        links = "".join(f'<li><a href="/p{number}">第{number}页</a></li>' for number in range(1, self.pages))
        said = f"{host} 门诊部 {request.path}：门诊时间为每日八时至十七时，节假日照常开诊，具体安排以现场公告为准。"
        text = f"<h1>门诊部</h1><p>{said}</p>" + "<p>请携带身份证件到院挂号，按叫号顺序就诊。</p>" * 120
        return web.Response(
            text=f"<!doctype html><meta charset='utf-8'><title>{host}</title>{text}<ul>{links}</ul>",
            content_type="text/html",
        )
