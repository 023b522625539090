"""Writes invented hospital sites of many plain pages, to be served on loopback by `SampleWeb`.

Every site has a front page that links all its pages. The texts are lawful but for one page on each of `promoting` sites,
so that a night over them seals some leads as well. Pages are a few kilobytes, or padded to the size of real ones with what makes
those large: styles, scripts, and lists in nested boxes.
"""

import random
from pathlib import Path

from examples.web.sites import Site

DEPARTMENTS = (
    "心内科",
    "呼吸科",
    "消化科",
    "骨科",
    "普外科",
    "儿科",
    "妇产科",
    "眼科",
    "口腔科",
    "康复科",
    "体检中心",
    "药剂科",
)
SENTENCES = (
    "{d}门诊时间为周一至周五上午八点至十一点半，节假日安排以院内公告为准。",
    "请携带身份证和既往检查结果，到一楼服务台取号后前往{d}候诊区。",
    "本周{d}组织全科学习了病历书写规范，并对上月的病历进行了抽查。",
    "医院志愿者在{d}候诊区为行动不便的老人提供引导和陪同服务。",
    "住院患者的探视时间为每天下午三点至五点，{d}病区一次限两人。",
    "{d}的检查项目和收费标准公示在大厅电子屏上，如有疑问可向医保办咨询。",
    "近日气温变化较大，{d}提醒大家适当增减衣物，出现不适及时到正规医疗机构就诊。",
    "{d}与社区卫生服务中心开展双向转诊，转诊单由家庭医生开具。",
)
PROMOTION = (
    "<h1>三天告别多年{d}顽疾</h1><p>我院独家祖传秘方，治愈率达98%，无效全额退款，绝无任何副作用。"
    "患者王女士亲述：治疗三次彻底痊愈，终身不再复发。</p><p>名额有限，立即预约专家：000-0000{n:04d}，微信 demo_{n:04d}，"
    "现在挂号立减500元。</p>"
)


def write_sites(
    folder: Path, sites: int, pages: int, promoting: int, seed: int = 1, kilobytes: int = 0
) -> dict[str, Site]:
    """`sites` hosts of `pages` pages each, front page included; the same seed writes the same bytes.

    `kilobytes` (of 1024 bytes) is the least size of a page, 0 for what its text takes.
    """
    dice = random.Random(seed)
    furniture = _furniture(kilobytes * 1024, pages)
    return {
        (host := f"hospital-{number:04d}.example"): _write_site(
            folder / host, number, pages, number < promoting, dice, furniture
        )
        for number in range(sites)
    }


def _write_site(folder: Path, number: int, pages: int, promotes: bool, dice: random.Random, furniture: str) -> Site:
    folder.mkdir(parents=True)
    name = f"示例第{number}医院"
    links = "".join(f'<li><a href="/page-{page}.html">院务公开 {page}</a></li>' for page in range(1, pages))
    _write_page(folder / "index.html", f"{name}首页", f"<ul>{links}</ul>{_paragraphs(dice)}{furniture}")
    for page in range(1, pages):
        title = f"{name}院务公开第{page}期"
        body = PROMOTION.format(d=dice.choice(DEPARTMENTS), n=number) if promotes and page == 1 else _paragraphs(dice)
        _write_page(folder / f"page-{page}.html", title, f"<h1>{title}</h1>{body}{furniture}")
    return Site(
        host=folder.name,
        title=name,
        about="many plain pages",
        verdict="unlawful" if promotes else "lawful",
        folder=folder,
        encoding="utf-8",
        charset="utf-8",
        gzip=False,
        chunked=False,
        aliases={},
        statuses={},
        redirects={},
        behaviours={},
        targets=({"max_pages": pages, "min_pages": pages, "delay_seconds": 0, "depth": 1},),
        verbatim=True,
    )


def _furniture(least_bytes: int, pages: int) -> str:
    """What stands around the text of a page: five eighths of it styles and scripts, the rest boxes with links to the site's pages,
    which bear the same few names again and again."""
    if not least_bytes:
        return ""
    unseen = least_bytes * 5 // 16
    rule = (
        ".column-{0:04d} .box-{0:04d}{{margin:0 auto;padding:{0}px 12px;color:#33{0:04d};background-repeat:no-repeat}}"
    )
    styles = "".join(rule.format(number) for number in range(unseen // len(rule.format(0))))
    call = "var box{0:04d}=document.getElementById('box-{0:04d}');if(box{0:04d}){{box{0:04d}.onclick=function(){{return {0}}}}}"
    scripts = "".join(call.format(number) for number in range(unseen // len(call.format(0))))
    box = (
        '<div class="column-{0:04d} side"><div class="box-{0:04d} inner"><ul class="list list-{0:04d}"><li class="item">'
        '<span class="date">2026-11-{1:02d}</span><a class="more" href="/page-{2}.html">院务公开</a></li></ul></div></div>'
    )
    room = least_bytes - len(styles) - len(scripts)
    count = room // len(box.format(0, 1, 1).encode()) + 1
    boxes = "".join(box.format(number % 12, number % 28 + 1, number % max(1, pages - 1) + 1) for number in range(count))
    return f"<style>{styles}</style><script>{scripts}</script>{boxes}"


def _paragraphs(dice: random.Random) -> str:
    lines = (dice.choice(SENTENCES).format(d=dice.choice(DEPARTMENTS)) for _ in range(24))
    return "".join(f"<p>{line}{dice.randint(1, 10**6)}号。</p>" for line in lines)


def _write_page(path: Path, title: str, body: str) -> None:
    head = f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>'
    path.write_text(f"{head}<body>{body}</body></html>", encoding="utf-8")
