"""Rows of buttons at the edges of an article, and buyers' reviews on the page of a product: neither is what a page says itself."""

import re
from collections.abc import Sequence
from itertools import takewhile

from crawler.pages.page_time import has_date

# 赞, 分享到：, 评论(3), 举报/反馈, 赞同 1.2 万, 3 条评论, 字号：
_COUNT = r"(?:\s?[(（\[]?\s?[0-9][0-9.,]{0,8}\s?[万wWkK]?\+?\s?[%)）\]]?)?"
_SURE_WORDS = (
    "赞", "点赞", "赞同", "反对", "踩", "顶一下", "踩一下", "打赏", "赞赏", "分享", "一键分享", "分享到", "分享至", "分享给好友", "转发", "举报",
    "收藏", "收藏本页", "加入收藏", "评论", "条评论", "添加评论", "写评论", "发表评论", "查看评论", "我要评论", "不喜欢", "在看", "关注问题", "写回答", "我来答", "邀请回答",
    "打印", "打印本页", "打印本文", "打印文章", "关闭", "关闭窗口", "关闭本页", "返回顶部", "返回列表", "复制链接", "挑错", "纠错", "生成海报", "好问题", "已赞过", "已踩过",
    "展开全文", "阅读全文", "收起", "字号", "字体", "字体大小", "扫码分享", "微信扫一扫分享",
)  # fmt: skip
#: These are buttons only among others.
_OTHER_WORDS = (
    "大", "中", "小", "微信", "微博", "新浪微博", "腾讯微博", "QQ", "QQ好友", "QQ空间", "朋友圈", "微信好友", "微信朋友圈", "豆瓣", "人人网", "百度贴吧", "手机看",
    "喜欢", "关注", "推荐", "反馈", "投诉", "回复", "有用", "没用", "感谢", "更多", "返回", "感兴趣", "顶", "取消",
)  # fmt: skip
_SIGNS = r"[\s:：|｜/·•、,，()（）\[\]【】<>+-]*+"


def _row_of(words: Sequence[str], *, counted: bool) -> str:
    written = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return rf"(?:(?:[0-9]{{1,6}}\s?)?(?:{written}){_COUNT})" if counted else written


_SURE = re.compile(_row_of(_SURE_WORDS, counted=False))
# Nothing is given back: 赞1赞1… can be cut in more ways than there is time for
_ROW = re.compile(
    rf"{_SIGNS}(?>(?>{_row_of((*_SURE_WORDS, *_OTHER_WORDS), counted=True)}|[0-9]{{1,6}}%?){_SIGNS})++", re.ASCII
)
#: Tags stand among them: 标签：近视 手术.
_TAGS = re.compile(r"(?:文章|本文|相关)?(?:标签|关键词|关键字|tags?)\s?[:：]", re.IGNORECASE)
#: A longer line is none of buttons.
_ROW_CHARS = 60
#: More lines than these are a menu or a form, not the buttons of an article.
_MOST_ROWS = 20

_PRICE = re.compile(
    r"[¥￥]\s?[0-9]|(?:价|价格|售价|市场价|会员价|优惠价)\s?[:：]?\s?[¥￥]?\s?[0-9]|^[0-9]{1,6}(?:\.[0-9]{1,2})?\s?元$"
)
#: What heads the reviews on a product's page: 用户评论(共5条评论), 商品评价（128）, 买家评价.
_REVIEWS = re.compile(
    r"(?P<buyers>商品|宝贝|买家|顾客)?(?:产品|用户|客户|网友|累计|全部|最新|精彩|热门)?(?:评价|评论|点评|晒单)(?:列表|详情)?"
    r"(?:\s?[(（]?\s?(?:共|累计)?\s?[0-9]{1,7}\+?\s?条?(?:评价|评论)?\s?[)）]?)?"
)
#: What heads the other parts of such a page.
_OTHER_PARTS = re.compile(
    r"(?:商品|产品|宝贝|图文)?(?:详情|介绍|描述|参数|说明|说明书|信息|属性)|(?:图文|商品|产品|宝贝)(?:详情|介绍|描述).{0,6}|规格参数|规格与包装|包装清单|购买须知|售后(?:服务|保障)"
    r"|(?:相关|推荐|热销|热门|同类)(?:商品|产品|宝贝)|猜你喜欢|为[你您]推荐|看了又看|店铺推荐"
)
_HEADING_CHARS = 24
#: Who wrote a review, close below its heading: 微***信, 匿名用户, 五星, 好评.
_REVIEWER = re.compile(r"\*{1,}|匿名|[一二三四五]星|[1-5]\s?星|★|好评|会员|用户|买家")
_LINES_TO_REVIEWER = 4


def without_buttons(lines: Sequence[str], first: int, end: int) -> tuple[int, int]:
    """The lines `first:end` of a body less the rows of buttons at its beginning and its end; a body of nothing else stays whole.

    A run of such rows begins (at the end) or stops (at the beginning) with a word that is a button wherever it stands alone.
    """
    top = first
    while top < min(end, first + _MOST_ROWS) and _is_row(lines[top]):
        top += 1
    while top > first and not _SURE.search("".join(lines[first:top])):
        top = first
    bottom = end
    while bottom > max(top, end - _MOST_ROWS) and _is_row(lines[bottom - 1]):
        bottom -= 1
    while bottom < end and not _SURE.search(lines[bottom]):
        bottom += 1
    return (top, bottom) if top < bottom else (first, end)


def review_rows(lines: Sequence[str]) -> range:
    """The lines of buyers' reviews on the page of a product, from their heading to the next part of the page; empty where there is
    no price and the heading does not say that they are buyers', or where nobody who wrote one stands close below it (a tab
    names the reviews, too)."""
    is_product = any(_PRICE.search(line) for line in lines if len(line) <= _ROW_CHARS)
    for row, line in enumerate(lines):
        heading = _REVIEWS.fullmatch(line) if len(line) <= _HEADING_CHARS else None
        if (
            heading
            and (is_product or heading["buyers"])
            and _is_reviewed(lines[row + 1 : row + 1 + _LINES_TO_REVIEWER])
        ):
            return range(
                row, next((below for below in range(row + 1, len(lines)) if _is_part(lines[below])), len(lines))
            )
    return range(0)


def _is_row(line: str) -> bool:
    return len(line) <= _ROW_CHARS and (_ROW.fullmatch(line) is not None or _TAGS.match(line) is not None)


def _is_part(line: str) -> bool:
    return len(line) <= _HEADING_CHARS and _OTHER_PARTS.fullmatch(line) is not None


def _is_reviewed(below: Sequence[str]) -> bool:
    """Whether somebody who wrote a review stands in lines below a heading, before the next part of the page."""
    return any(_is_reviewer(line) for line in takewhile(lambda line: not _is_part(line), below))


def _is_reviewer(line: str) -> bool:
    return len(line) <= _ROW_CHARS and (has_date(line) or _REVIEWER.search(line) is not None)
