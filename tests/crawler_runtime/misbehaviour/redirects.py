"""Redirects that lead astray."""

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

says("to-file", answer(b"", "Location: file:///etc/passwd", status="302 Found"))
says("to-metadata", answer(b"", "Location: http://169.254.169.254/latest/meta-data/", status="302 Found"))
says("to-other-host", answer(b"", "Location: http://other.example/", status="302 Found"))
says("to-nowhere", answer(b"", "Location: http://[::1/", status="302 Found"))


@behaviour("loop")
async def _loop(turn: Turn) -> None:
    turn.writer.write(answer(b"", f"Location: {'/b' if turn.path == '/' else '/'}", status="302 Found"))


@behaviour("ever-on")
async def _ever_on(turn: Turn) -> None:
    turn.writer.write(answer(b"", f"Location: {turn.path}x", status="302 Found"))


@behaviour("hops")
async def _hops(turn: Turn) -> None:
    here = int(turn.path.strip("/") or 0)
    turn.writer.write(answer(PAGE, HTML) if here == 2 else answer(b"", f"Location: /{here + 1}", status="301 Moved"))


@behaviour("gone-to-start")
async def _gone_to_start(turn: Turn) -> None:
    there = html('<p>包治百病</p><a href="/news/gone-12.html">12</a>') if turn.path == "/" else PAGE
    start = answer(b"", "Location: /", status="302 Found")
    turn.writer.write(answer(there, HTML) if turn.path in ("/", "/news/1.html") else start)


@behaviour("cookie-gate")
async def _cookie_gate(turn: Turn) -> None:
    gate = answer(
        b"", "Location: /", "Set-Cookie: seen=1; Path=/; HttpOnly", "Set-Cookie: x=; Max-Age=0", status="302 Found"
    )
    turn.writer.write(answer(PAGE, HTML) if turn.cookie == "Cookie: seen=1" else gate)


@behaviour("chinese-cookie-gate")
@behaviour("gbk-cookie-gate")
async def _cookie_gate_beyond_ascii(turn: Turn) -> None:
    """Shows its page to whoever sends back a value that is not ASCII, byte for byte; the page asks for more with it."""
    coding = "gbk" if "gbk-" in turn.head else "utf-8"
    value = "门诊".encode(coding).decode("latin-1")
    gate = answer(b"", "Location: /", f"Set-Cookie: place={value}; Path=/", status="302 Found")
    shown = html(
        f"<p>本院开展儿童牙病防治宣教活动。</p><script>fetch('/{coding}').then(got => got.text()).then(text => document.title = text)</script>"
    )
    again = f"Set-Cookie: place={value}; Path=/"
    turn.writer.write(answer(shown, HTML, again) if f"Cookie: place={value}\r\n" in turn.head else gate)


@behaviour("safedog-round")
async def _safedog_round(turn: Turn) -> None:
    place = "/" if "?" in turn.path else "/?WebShieldDRSessionVerify=aB3dEf"
    turn.writer.write(answer(b"", f"Location: {place}", status="302 Found"))


@behaviour("safedog-passed")
async def _safedog_passed(turn: Turn) -> None:
    """Every page is shown at an address with a mark of the firewall, and links to the others with another one."""
    if "WebShieldSessionVerify=" not in turn.path:
        place = f"Location: {turn.path}?WebShieldSessionVerify=aB{turn.visits}dEf"
        turn.writer.write(answer(b"", place, status="302 Found"))
        return
    links = "".join(f'<a href="{path}?WebShieldSessionVerify=gH{turn.visits}">某页</a>' for path in ("/", "/a.html"))
    turn.writer.write(answer(html(f"<p>本院开展儿童牙病防治宣教活动。</p>{links}"), HTML))


@behaviour("yunsuo-round")
async def _yunsuo_round(turn: Turn) -> None:
    """A new cookie each time."""
    cookie = f"Set-Cookie: yunsuo_session_verify={turn.visits}; path=/; HttpOnly"
    turn.writer.write(answer(b"", "Location: /", cookie, status="302 Found"))


@behaviour("www")
@behaviour("gate")
async def _sister_gate(turn: Turn) -> None:
    """One host sets a cookie for both and sends on to the other, which shows its page to whoever has it."""
    port = turn.head.partition("Host: ")[2].partition("\r\n")[0].rpartition(":")[2]
    if "Host: www.gate" in turn.head:
        turn.writer.write(
            answer(PAGE, HTML) if turn.cookie == "Cookie: seen=1" else answer(b"", status="403 Forbidden")
        )
    else:
        place = f"Location: http://www.gate.example:{port}/"
        turn.writer.write(answer(b"", place, "Set-Cookie: seen=1; Domain=gate.example", status="302 Found"))


says("to-javascript", answer(b"", "Location: javascript:alert(1)", status="302 Found"))
says("to-credentials", answer(b"", "Location: http://a:b@to-credentials.example/", status="302 Found"))
says("to-data", answer(b"", "Location: data:text/html,<p>x</p>", status="302 Found"))
says("redirect-without-location", answer(b"", status="302 Found"))
