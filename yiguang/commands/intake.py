"""`yiguang intake`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import beijing_time, stated_time
from domain.outcome import OUTCOME_ZH
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import printable, say_none

if TYPE_CHECKING:
    from crawler.addresses.tips import Tip
    from storage.leads.tips import KnownTip

HELP = """\
受理单篇网页（以微信文章为主），去重后列入监测，下一次 yiguang nightly 时巡查。

只列入监测，不登记来源、期限与举报人；有举报人或须答复的，用 yiguang tips add（同时列入监测）。
微信以外的网址只取这一页，不跟踪链接；要巡查整个网站，用 yiguang targets import。

同一篇文章的不同写法（短链接、带分享参数的长链接）只记一次；文章的公众号以页面所示为准，巡查过即显示。
文件可以是每行一个网址、夹带网址的文字，或保存下来的搜狗微信搜索结果页；有不能用的网址时退出码为 1。
搜索结果中经搜狗跳转的链接离线无法还原，连同标题、公众号与时间逐条列出，供人打开后再受理。

--list 列出目标网站自己的网页上链接的、尚未受理的微信文章（保留最近几夜；公众号要巡查过才知道）。
目标的包含规则中写明 mp.weixin.qq.com 的，所链接的文章每夜自动列入监测，不必受理。

\b
例：
  yiguang intake https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOp
  yiguang intake --file 举报.txt --json
  yiguang intake --file 搜索结果.html
  yiguang intake --list
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(intake)


def intake(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="一个或多个网址")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="F", help="含网址的文本或搜狗搜索结果页，- 为标准输入")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="列出网站上链接的、尚未受理的微信文章")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每个网址输出一行 JSON")] = False,
) -> None:
    if listing:
        if urls or file is not None:
            raise UsageError("--list 只列出已发现的文章，不能同时给出网址或文件")
        list_found(as_json)
        return
    from crawler.addresses.tips import read_tips
    from storage.leads.tips import take_in
    from yiguang.home import open_home

    tips = [*read_tips(urls or ()), *(_tips_of(file) if file is not None else ())]
    if not tips:
        raise UsageError("没有网址：写在命令后面，或用 --file 指定文件")
    engine = open_home(read_settings())
    known = iter(take_in(engine, [tip.target for tip in tips if tip.target is not None]))
    for tip in tips:
        taken = None if tip.target is None else next(known)
        typer.echo(json.dumps(_row(tip, taken), ensure_ascii=False) if as_json else in_words(tip, taken))
    if unusable := sum(tip.target is None for tip in tips):
        raise CommandFailed(f"{unusable} 个网址不能用，见上")


def list_found(as_json: bool) -> None:
    """Print the posts that wait for a person, one a line."""
    from domain.visits import SkipRule
    from storage.leads.tips import found_posts
    from yiguang.home import open_home

    found = found_posts(open_home(read_settings()), SkipRule.POST)
    if not found:
        say_none("目标网站最近几夜的网页上没有尚未受理的微信文章")
    for post in found:
        if as_json:
            typer.echo(json.dumps(asdict(post), ensure_ascii=False))
        else:
            typer.echo(f"{printable(post.url)}\t{printable(post.target)}\t发现于 {printable(post.found_on)}")


def _tips_of(file: Path) -> "list[Tip]":
    from crawler.addresses.sogou import is_search_page, read_search, search_tips
    from crawler.addresses.target_file import TargetFileError, decode_text
    from crawler.addresses.tips import read_tips, urls_in

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text, _encoding = decode_text(raw)
    except OSError as fault:
        raise UsageError(f"文件无法读取：{file}（{fault.strerror}）") from None
    except TargetFileError as fault:
        raise CommandFailed(f"{file} 无法读取：{fault}") from fault
    if is_search_page(text):
        if not (tips := search_tips(read_search(text))):
            raise CommandFailed(f"{file} 是搜狗的页面，但其中没有搜索结果（可能是验证页）")
        return tips
    if not (found := urls_in(text)):
        raise CommandFailed(f"{file} 中没有网址")
    return read_tips(found)


def _row(tip: "Tip", taken: "KnownTip | None") -> dict[str, object]:
    listed = {
        "title": tip.title,
        "listed_account": tip.account,
        "published_at": tip.published_at.isoformat() if tip.published_at else None,
    }
    listed_row = listed if any(listed.values()) else {}
    if taken is None:
        return {"given": tip.given, "taken": False, "remark": tip.remark, **listed_row}
    return {
        "given": tip.given,
        "taken": True,
        "url": taken.target.url,
        "kind": taken.target.kind,
        "new": taken.is_new,
        "resumed": taken.is_back,
        "account": taken.account,
        "last_outcome": taken.last_outcome,
        "last_visit": taken.last_visit.isoformat() if taken.last_visit else None,
        "remark": tip.remark,
        **listed_row,
    }


def in_words(tip: "Tip", taken: "KnownTip | None") -> str:
    """One line for a person."""
    listed = _listed(tip)
    if taken is None:
        return "\t".join(["不能用", printable(tip.given), "；".join([tip.remark, *listed])])
    notes = ["曾停止巡查，现恢复"] if taken.is_back else []
    notes += listed
    notes += [f"公众号 {printable(taken.account)}"] if taken.account else []
    if taken.last_outcome is not None and taken.last_visit is not None:
        notes.append(f"上次取得 {beijing_time(taken.last_visit)}：{OUTCOME_ZH[taken.last_outcome]}")
    notes += [tip.remark] if tip.remark else []
    return "\t".join(["新增" if taken.is_new else "已有", printable(taken.target.url), "；".join(notes)]).rstrip("\t")


def _listed(tip: "Tip") -> list[str]:
    """What the search results say of a page; only a visit shows whether it is so."""
    said = [f"《{printable(tip.title)}》"] if tip.title else []
    said += [f"搜索结果所示公众号 {printable(tip.account)}"] if tip.account else []
    return said + ([f"{stated_time(tip.published_at)} 发布"] if tip.published_at else [])
