"""What the sites of small hospitals and the hosts that they rent from do, as it was seen, in invented words and names."""

import asyncio
import gzip

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

GBK = "Content-Type: text/html; charset=gb2312"


def short(text: str, title: str = "", head: str = "") -> bytes:
    return f"<html><head><title>{title}</title>{head}</head><body><p>{text}</p></body></html>".encode()


def gbk(page: bytes) -> bytes:
    return page.decode().encode("gb18030")


# Instead of the page
says(
    "parked-by-refresh",
    answer(short("", head='<meta http-equiv="refresh" content="0;url=http://parked.other.example/">'), HTML),
)
says("soft-404-gbk", answer(gbk(short("对不起，您访问的页面不存在或已被删除，3 秒后返回首页", "提示信息")), GBK))
says(
    "asp-error",
    answer(gbk(short("Microsoft OLE DB Provider for ODBC Drivers 错误 '80004005' /conn.asp，行 12", "")), GBK),
)
says(
    "no-filing-403",
    answer(
        short("该网站暂时无法进行访问，该网站未根据工信部相关法规进行备案", "TestPage"), HTML, status="403 Forbidden"
    ),
)
says("space-expired", answer(short("您的虚拟主机已到期，请与空间商联系续费", "主机到期"), HTML))
says("closed-for-a-while", answer(short("根据上级部门要求，本网站临时关闭，给您带来不便敬请谅解", "通知"), HTML))
says("too-many-people", answer(short("当前访问人数过多，请稍后再试", "系统繁忙"), HTML))
says("old-browser", answer(short("您的浏览器版本过低，请升级浏览器后访问本站", "温馨提示"), HTML))
says("wrong-region", answer(short("抱歉，您所在的地区暂时无法访问本站", "访问受限"), HTML))
says(
    "json-error",
    answer('{"code":500,"msg":"系统异常，请联系管理员","data":null}'.encode(), "Content-Type: application/json"),
)
says("json-not-found", answer(b'{"status":404,"error":"Not Found","path":"/"}', "Content-Type: application/json"))
# Instead of the page, because of who asks
says(
    "waf-405",
    answer(
        short("很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。", "405"),
        HTML,
        status="405 Method Not Allowed",
    ),
)
says("waf-493", answer(short("当前访问疑似黑客攻击，已被网站管理员设置为拦截", "拦截提示"), HTML, status="493 Unknown"))
says(
    "asks-for-digits",
    answer(short('为了您的访问安全，请输入验证码：<input name="code"><img src="/captcha.php">', "安全验证"), HTML),
)
says(
    "cookie-by-script",
    answer(
        b'<html><head><script>function f(){document.cookie="srcurl=2f;path=/;";'
        b'window.location="/?security_verify_data=3230"}</script></head><body onload="f()"></body></html>',
        HTML,
    ),
)
says(
    "script-sets-and-reloads",
    answer(b"<html><script>document.cookie='__tst_status=1#;';location.reload()</script></html>", HTML),
)


@behaviour("to-login")
async def _to_login(turn: Turn) -> None:
    login = short('请先登录<form><input name="user"><input type="password"></form>', "用户登录")
    to = answer(b"", "Location: /login.aspx?ReturnUrl=%2f", status="302 Found")
    turn.writer.write(to if turn.path == "/" else answer(login, HTML))


# The page, in a bad way
says("http-one", b"HTTP/1.0 200 OK\r\n" + HTML.encode() + b"\r\n\r\n" + PAGE)
says("no-reason", b"HTTP/1.1 200\r\n" + HTML.encode() + b"\r\nConnection: close\r\n\r\n" + PAGE)
says("gbk-in-a-header", answer(PAGE, HTML, "X-Powered-By: " + "医院网站系统".encode("gb18030").decode("latin-1")))
says("utf-8-said-to-be-gbk", answer(PAGE, GBK))
says("no-such-charset", answer(gbk(PAGE), "Content-Type: text/html; charset=gb2312utf8mb4"))
says(
    "warning-above",
    answer(b"<br /><b>Warning</b>: mysql_connect(): in <b>/www/conn.php</b> on line <b>3</b><br />" + PAGE, HTML),
)
says("two-documents", answer(PAGE + html("<p>第二份</p>"), HTML))
says("attachment", answer(PAGE, HTML, "Content-Disposition: attachment; filename=index.html"))
says("xhtml-broken", answer(PAGE.replace(b"</p>", b"<p><br></div>"), "Content-Type: application/xhtml+xml"))
says("gzip-unsaid", answer(gzip.compress(PAGE), HTML))
says("gzip-said-twice", answer(gzip.compress(PAGE), HTML, "Content-Encoding: gzip", "Content-Encoding: gzip"))
says("gzip-and-rubbish", answer(gzip.compress(PAGE) + b"\0" * 300, HTML, "Content-Encoding: gzip"))
says("two-types", answer(PAGE, "Content-Type: text/plain", HTML))
says("lines-without-return", b"HTTP/1.1 200 OK\n" + HTML.encode() + b"\n\n" + PAGE)
says(
    "last-chunk-missing",
    b"HTTP/1.1 200 OK\r\n"
    + HTML.encode()
    + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    + f"{len(PAGE):x}\r\n".encode()
    + PAGE
    + b"\r\n",
)


@behaviour("pauses")
async def _pauses(turn: Turn) -> None:
    turn.writer.write(answer(PAGE[:500], HTML, length=len(PAGE)))
    await turn.writer.drain()
    await asyncio.sleep(0.8)
    turn.writer.write(PAGE[500:])


@behaviour("moves-in-gbk")
async def _moves_in_gbk(turn: Turn) -> None:
    place = "/医院概况.html".encode("gb18030").decode("latin-1")
    turn.writer.write(answer(b"", f"Location: {place}", status="302 Found") if turn.path == "/" else answer(PAGE, HTML))


@behaviour("moves-with-blanks")
async def _moves_with_blanks(turn: Turn) -> None:
    to = answer(b"", "Location:  /about us/index.html ", status="302 Found")
    turn.writer.write(to if turn.path == "/" else answer(PAGE, HTML))


@behaviour("session-in-path")
async def _session_in_path(turn: Turn) -> None:
    """A session id in the path that is never right."""
    turn.writer.write(
        answer(
            b"",
            f"Location: /index.jsp;jsessionid={turn.visits}{len(turn.path)}x{abs(hash(turn.path))}",
            status="302 Found",
        )
    )


@behaviour("to-its-address")
async def _to_its_address(turn: Turn) -> None:
    port = turn.head.lower().partition("host:")[2].split()[0].rpartition(":")[2]
    turn.writer.write(answer(b"", f"Location: http://127.0.0.1:{port}/", status="302 Found"))
