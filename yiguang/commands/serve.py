"""`yiguang serve`."""

from functools import cache
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from domain.system_words import file_fault
from yiguang.errors import CommandFailed, UsageError
from yiguang.loopback import is_loopback
from yiguang.settings import Settings, read_settings
from yiguang.sign_on_settings import read_sign_on_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from domain.findings import Document, Judgement
    from review.sign_on import SignOn
    from review.sign_on_settings import SignOnSettings
    from review.web.desk import Lexicon
    from review.web.package_lines import PackageLine

HELP = """\
打开审核台（浏览器页面），Ctrl-C 结束。默认只在本机可达；首次登录的账号由 yiguang init 建立。

原网页在另一端口的隔离查看器中显示，不与审核台同源。单位统一身份登录（OpenID Connect）见 docs/zh/single-sign-on.md。

\b
例：
  yiguang serve
  yiguang serve --port 8080 --no-viewer
  yiguang serve --behind-proxy --public-name desk.example.gov.example --viewer-url https://viewer.example.gov.example
"""
_OPEN_TO_ALL = """\
警告：审核台将监听 {host}，其他机器可以访问。
  · 请只在受信任的内网使用，并由反向代理提供 HTTPS（--behind-proxy）；
  · 不经 HTTPS 时，口令与会话在网络上是明文。"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(serve)


def serve(
    host: Annotated[str, typer.Option("--host", help="监听的地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="审核台的端口")] = 8000,
    viewer_port: Annotated[int, typer.Option("--viewer-port", min=1, max=65535, help="隔离查看器的端口")] = 8001,
    no_viewer: Annotated[bool, typer.Option("--no-viewer", help="不提供原页面查看")] = False,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="由反向代理提供 HTTPS；客户端地址取自 X-Forwarded-For")
    ] = False,
    public_name: Annotated[
        list[str] | None, typer.Option("--public-name", metavar="HOST", help="浏览器使用的主机名，可多次给出")
    ] = None,
    viewer_url: Annotated[
        str, typer.Option("--viewer-url", metavar="URL", help="浏览器访问查看器的地址（在代理之后时）")
    ] = "",
) -> None:
    if port == viewer_port and not no_viewer:
        raise UsageError("--port 与 --viewer-port 不能相同：原页面不得与审核台同源")
    if behind_proxy and not public_name:
        raise UsageError("--behind-proxy 须同时用 --public-name 给出浏览器使用的主机名")
    names = tuple(name.strip().lower() for name in public_name or ())
    if "" in names:  # what a unit makes of a variable that is not set
        raise UsageError("--public-name 为空；请给出浏览器使用的主机名")
    if not is_loopback(host):
        typer.echo(_OPEN_TO_ALL.format(host=host), err=True)
    elif not names:
        names = ("127.0.0.1", "localhost", "::1", host.lower())
    if viewer_url:
        _check_viewer(viewer_url, (*names, host), port, behind_proxy)
    elif behind_proxy and not no_viewer:  # the page would name a port that listens on this machine only, without TLS
        raise UsageError(
            "--behind-proxy 须同时用 --viewer-url 给出浏览器访问查看器的地址，或用 --no-viewer 不提供原页面查看"
        )
    sign_on = read_sign_on_settings()
    if sign_on is not None:
        _check_base(sign_on, names, port, behind_proxy)
    shown = names[0] if public_name else host
    origin = f"http://{_bracketed(shown)}"
    viewer = "" if no_viewer else viewer_url.rstrip("/") or f"{origin}:{viewer_port}"
    _run(read_settings(), host, port, None if no_viewer else viewer_port, viewer, names, behind_proxy, sign_on)


def _check_viewer(url: str, names: tuple[str, ...], port: int, behind_proxy: bool) -> None:
    """Behind a proxy the desk is taken to be at the port that its scheme has of itself."""
    try:
        place = urlsplit(url)
        host, given = place.hostname, place.port
    except ValueError:
        raise UsageError("--viewer-url 不是有效的网址") from None
    if place.scheme not in ("https", "http") or not host:
        raise UsageError("--viewer-url 应为 https:// 网址，如 https://viewer.example.gov.example")
    theirs = given or (443 if place.scheme == "https" else 80)
    if host in names and theirs == (443 if behind_proxy else port):
        raise UsageError("--viewer-url 与审核台是同一地址：原页面不得与审核台同源，请另给一个主机名或端口")


def _check_base(sign_on: "SignOnSettings", names: tuple[str, ...], port: int, behind_proxy: bool) -> None:
    """The provider leads browsers back to that address: it must be one that answers, and as safe as their cookies are told it is."""
    place = urlsplit(sign_on.base_url)
    if names and place.hostname not in names:
        raise UsageError(f"YIGUANG_OIDC_BASE_URL 的主机名须是审核台应答的主机名之一：{'、'.join(names)}")
    if (place.scheme == "https") != behind_proxy:
        raise UsageError("YIGUANG_OIDC_BASE_URL 在 --behind-proxy 时应为 https://，直接访问本机时应为 http://")
    if not behind_proxy and (place.port or 80) != port:
        raise UsageError(f"YIGUANG_OIDC_BASE_URL 的端口须与 --port 相同，现在是 {place.port or 80} 与 {port}")


def _run(
    settings: Settings,
    host: str,
    port: int,
    viewer_port: int | None,
    viewer: str,
    names: tuple[str, ...],
    behind_proxy: bool,
    sign_on: "SignOnSettings | None",
) -> None:
    import logging
    import secrets

    from review.intake import take_in_missing
    from review.settings import DeskSettings
    from review.web.app import desk_app
    from review.web.serving import Listener, serve_all
    from review.web.settings import WebSettings
    from review.web.viewer import viewer_app
    from yiguang.home import open_home, utc_now
    from yiguang.logging import set_up_logging

    set_up_logging(logging.WARNING)
    engine = open_home(settings)
    rules = DeskSettings(audit_pages=settings.audit_pages)
    if new := take_in_missing(engine, utc_now(), rules):
        typer.echo(f"从先前各夜收入 {new} 条待审", err=True)
    web = WebSettings(names, behind_proxy, behind_proxy, viewer, secrets.token_bytes(32))
    lexicon = _lexicon(settings, engine)
    single = None if sign_on is None else _sign_on(engine, sign_on)
    listeners = [Listener(desk_app(engine, settings.home, web, utc_now, lexicon, rules, sign_on=single), host, port)]
    if viewer_port is not None:
        listeners.append(Listener(viewer_app(settings.home, web, utc_now), host, viewer_port))
    where = f"审核台：http://{_bracketed(host)}:{port}/" + (f"（查看器：{viewer}/）" if viewer else "")
    try:
        serve_all(listeners, lambda: typer.echo(where, err=True))
    except OSError as fault:
        raise CommandFailed(f"无法监听 {fault.filename or host}：{file_fault(fault)}") from fault
    finally:
        engine.dispose()


def _sign_on(engine: "Engine", settings: "SignOnSettings") -> "SignOn":
    from review.provider import Provider
    from review.sign_on import SignOn
    from yiguang.home import utc_now

    return SignOn(engine, utc_now, settings, Provider(settings))


def _lexicon(settings: Settings, engine: "Engine") -> "Lexicon":
    """Raises CommandFailed when a lexicon does not hold what it should."""
    from classifier.errors import LexiconError
    from classifier.reference import load_reference
    from review.reasons import load_reasons
    from review.web.desk import Lexicon
    from yiguang.judgement.rule_trial import RuleTrial
    from yiguang.lexicon_words import said_of
    from yiguang.operators import operator_profiles

    try:
        reasons, reference = load_reasons(settings.lexicons), load_reference(settings.lexicons)
    except (LexiconError, OSError, ValueError) as fault:
        raise CommandFailed(f"词库无法载入：{said_of(fault)}") from fault
    operators = operator_profiles(settings, engine).of
    trial = RuleTrial(settings.lexicons)
    return Lexicon(reasons, reference, settings.lexicons, _judge(settings), trial, operators, _outbox(settings))


def _outbox(settings: Settings) -> "Callable[[], list[PackageLine]]":
    """Packages as the desk shows them, read anew each time."""
    from domain.outbox import STAGE_ZH
    from review.web.package_lines import PackageLine, TermLine
    from yiguang.packages.outbox_text import OutboxText, next_step, step_lines

    def lines() -> "list[PackageLine]":
        shown = OutboxText(settings)
        return [
            PackageLine(
                number=package.number,
                recipient=shown.recipient(package),
                stage=STAGE_ZH[package.stage],
                supervised=package.supervised,
                terms=tuple(TermLine(shown.term(term), term.is_late(shown.now)) for term in shown.terms(package)),
                steps=tuple(line.strip() for line in step_lines(package)),
                cases=package.cases,
                rescinded=package.rescinded,
                next=next_step(package),
            )
            for package in reversed(shown.packages())
        ]

    return lines


def _judge(settings: Settings) -> "Callable[[Document], Judgement]":
    """The classifier, loaded when a text is first tried: most of a day nobody does, and the desk opens at once."""
    from yiguang.wiring import load_classifier

    load = cache(lambda: load_classifier(settings).judge)
    return lambda document: load()(document)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
