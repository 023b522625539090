"""Pages that need a browser, and pages that fight it."""

import asyncio

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

says("case", answer(html('<p>包治百病</p><img src="/a.png"><script src="/a.js"></script>'), HTML))
APP = """const pages = {"/": "首页", "/about": "概况", "/claim": "包治百病"};
document.getElementById("app").innerHTML = `<h1>${pages[location.pathname]}</h1>` + "门诊介绍。".repeat(60)
  + Object.keys(pages).map(path => `<a href="${path}">${pages[path]}</a>`).join(" ");"""


@behaviour("script-built")
async def _script_built(turn: Turn) -> None:
    shell = (
        b'<html><head><title>app</title></head><body><div id="app"></div><script src="/app.js"></script></body></html>'
    )
    script = answer(APP.encode(), "Content-Type: text/javascript; charset=utf-8")
    turn.writer.write(script if turn.path == "/app.js" else answer(shell, HTML))


@behaviour("wanders-off")
async def _wanders_off(turn: Turn) -> None:
    """Flagged, and its script leads out of scope."""
    script = '<p>包治百病</p><script>location.replace("http://other.example/")</script>'
    turn.writer.write(answer(html(script), HTML))


says("vanishes", answer(html("<p>包治百病</p><script>onload = () => document.body.remove()</script>"), HTML))
says(
    "vanishes-with-script",
    answer(html('<p>包治百病</p><script src="/a.js"></script><script>document.body.remove()</script>'), HTML),
)


def sends(target: str, inside: str = "正在为您跳转") -> bytes:
    """A page that leaves before it is parsed, as splash pages of chat services do."""
    script = f"<script>var target = '{target}'; window.location.href = target;</script>"
    return f"<html><head><title>欢迎</title>{script}</head><body>{inside}</body></html>".encode()


says("sends-away", answer(sends("http://chat.other.example/LR/Chatpre.aspx?id=1"), HTML))
says("sends-in-circles", answer(sends("/"), HTML))
says("reloads", answer(html("<script>setTimeout(() => location.reload(), 1)</script>"), HTML))
says("refreshes", answer(html('<meta http-equiv="refresh" content="0; url=/">'), HTML))


@behaviour("sends-to-what-moved-away")
@behaviour("parts-moved-away")
async def _moved_away(turn: Turn) -> None:
    """What the page goes on to, or a picture of it, has moved to where nobody may follow."""
    if turn.path == "/moved":
        turn.writer.write(answer(b"", "Location: ftp://chat.other.example/", status="302 Found"))
    elif "Host: parts" in turn.head:
        turn.writer.write(answer(html('<img src="/moved">'), HTML))
    else:
        script = "<script>location.href = ['/mov', 'ed'].join('')</script>"  # only a browser sees where to
        turn.writer.write(answer(f"<html><head>{script}</head><body>正在为您跳转</body></html>".encode(), HTML))


@behaviour("sends-on")
async def _sends_on(turn: Turn) -> None:
    turn.writer.write(answer(PAGE if turn.path == "/home" else sends("/home"), HTML))


@behaviour("lead-sends-on")
async def _lead_sends_on(turn: Turn) -> None:
    """Flagged in the markup, but a visitor with scripts is shown another page of the same site."""
    lead = html('<p>包治百病</p><script>location.replace("/home")</script>')
    turn.writer.write(answer(PAGE if turn.path == "/home" else lead, HTML))


CLAIM = "<p>包治百病</p>"
says("spins", answer(html(f"{CLAIM}<script>onload = () => {{ for (;;) {{}} }}</script>"), HTML))
says("alerts", answer(html(f"{CLAIM}<script>for (let n = 0; n < 200; n++) alert(n)</script>"), HTML))
says("popups", answer(html(f"{CLAIM}<script>for (let n = 0; n < 20; n++) open('/p' + n)</script>"), HTML))
says("prints", answer(html(f"{CLAIM}<script>print(); confirm('x'); prompt('y')</script>"), HTML))
says("shuts-itself", answer(html(f"{CLAIM}<script>onload = () => window.close()</script>"), HTML))
says("towers", answer(html(f'{CLAIM}<div style="height:900000px">x</div>'), HTML))
says("keeps-asking", answer(html(f"{CLAIM}<script>setInterval(() => fetch('/x' + Math.random()), 5)</script>"), HTML))
says(
    "frames",
    answer(html(f'{CLAIM}<iframe src="/" width="300"></iframe><iframe src="file:///etc/passwd"></iframe>'), HTML),
)
says("downloads", answer(html(f'{CLAIM}<a id="d" href="/a.exe" download>x</a><script>d.click()</script>'), HTML))
says(
    "grows",
    answer(html(f"{CLAIM}<script>setInterval(() => document.body.append('包'.repeat(9999)), 20)</script>"), HTML),
)
says("to-other-schemes", answer(html(f"{CLAIM}<script>location = 'tel:00012345678'</script>"), HTML))
says(
    "folds",
    answer(
        html(
            "<div id=d>展开全文</div><script>d.onclick = () => { d.outerHTML = '<p>包治' + '百病</p>' + '余下。'.repeat(30) }</script>"
        ),
        HTML,
    ),
)
says("breaks-tools", answer(html(f"{CLAIM}<script>window.Map = null; Array.prototype.slice = 1</script>"), HTML))


@behaviour("posts-on")
async def _posts_on(turn: Turn) -> None:
    """A page whose script posts to what has moved, by each status that says so."""
    if turn.path.startswith("/moved-"):
        status = turn.path.removeprefix("/moved-")
        turn.writer.write(answer(b"", f"Location: /to-{status}", status=f"{status} Moved"))
    elif turn.path == "/":
        post = "fetch('/moved-' + status, {method: 'POST', body: new URLSearchParams('a=1')})"
        script = f"<script>onload = () => {{ for (const status of [301, 302, 303, 307, 308]) {post} }}</script>"
        turn.writer.write(answer(html(script), HTML))
    else:
        turn.writer.write(answer(b"{}", "Content-Type: application/json"))


_ENDLESS: list[str] = []


@behaviour("keeps-loading")
async def _keeps_loading(turn: Turn) -> None:
    """A page asks for what has no end; the next page says whether that is still being fetched."""
    if turn.path == "/endless":
        _ENDLESS.append(turn.path)
        try:
            turn.writer.write(answer(b"", HTML, length=1_000_000))
            while not turn.writer.is_closing():
                turn.writer.write(b"<p>")
                await turn.writer.drain()
                await asyncio.sleep(0.02)
        finally:
            _ENDLESS.pop()
    elif turn.path == "/next":
        for _ in range(50):
            if _ENDLESS:
                await asyncio.sleep(0.02)
        turn.writer.write(answer(html("仍在传送" if _ENDLESS else "传送已停"), HTML))
    else:
        ask = "<script>onload = () => { fetch('/a.js'); fetch('/endless') }</script>"
        turn.writer.write(answer(html('<a href="/next">下一页</a>', ask), HTML))
