"""From a page of WeChat's public platform to the page as a person reads it."""

from dataclasses import replace

from crawler.pages.element_pieces import squeezed
from crawler.pages.main_body import Layout
from crawler.pages.page_head import PUBLISHED_AGO
from crawler.pages.page_parts import page_of
from crawler.pages.page_time import ago_in, read_time
from crawler.pages.page_walk import walk_html
from crawler.pages.walked import Block, Walk, WalkedImage
from crawler.pages.wechat import ALL_MARKED_IDS, body_of_script, lay_out_post, read_post
from crawler.pages.wechat_lists import ListedPost, PostList
from crawler.wordings import Wordings
from domain.institutions import PUBLIC_ACCOUNT_PLATFORM
from domain.page import ExtractedPage

#: In `extra`: the address of the account's own picture, which stands beside its name and is none of the post's.
ACCOUNT_PICTURE = "account_picture"
#: An article that shows fewer characters has its text in its data.
_SHOWN_PROSE = 10


def wechat_post_page(html: str, url: str, encoding: str, wordings: Wordings) -> ExtractedPage:
    """An article, picture share, text share, video or audio post. `extra` has the ids and the original's address."""
    walk = walk_html(html, wordings, ALL_MARKED_IDS)
    post = read_post(html, walk.data_scripts)
    shown_account, shown_time = _shown_account(walk), _line_of(walk, "publish_time")
    layout = lay_out_post(walk, post)
    is_article = post.page_type == "wx-article"
    if is_article and _lacks_body(walk, layout) and (body := body_of_script(html, wordings)):
        walk, layout = _joined(_without_platform_rows(walk, layout)[0], body)
    elif post.own_text:
        walk = _with_own_text(walk, post.title, post.own_text)
        layout = Layout(("",) * len(walk.lines), min(1, len(walk.lines)), len(walk.lines), float(len(post.own_text)))
    walk, layout = _without_platform_rows(walk, layout)
    walk.images[:0] = [WalkedImage(picture) for picture in post.pictures]
    if original := post.ids.get("source_url"):
        walk.links.append((original, "阅读原文"))
    page = page_of(walk, layout, url, encoding, len(html), wordings)
    more = {
        ACCOUNT_PICTURE: post.account_picture,
        PUBLISHED_AGO: page.extra.get(PUBLISHED_AGO) or ago_in(shown_time),
    }
    return replace(
        page,
        page_type=post.page_type,
        title=post.title or page.title,
        site_name=PUBLIC_ACCOUNT_PLATFORM,
        account=post.account or shown_account,
        author=post.author or squeezed(walk.metas.get("author", "")),
        published_at=post.published_at or page.published_at or read_time(shown_time),
        description=post.description or page.description,
        extra={**page.extra, **post.ids, **{name: value for name, value in more.items() if value}},
    )


def _lacks_body(walk: Walk, layout: Layout) -> bool:
    """Whether an article shows no text: it waits for a script, or an account shares it and 阅读全文 brings the whole."""
    return layout.prose < _SHOWN_PROSE or not any(block.element_id == "js_content" for block in walk.blocks)


def _without_platform_rows(walk: Walk, layout: Layout) -> tuple[Walk, Layout]:
    """Every post carries the platform's own rows, buttons and scripts (轻触阅读原文, 赞, 在看): none of them is the author's."""
    kept = [row for row, region in enumerate(layout.regions) if region != "aside"]
    shown = replace(
        walk,
        lines=[walk.lines[row] for row in kept],
        link_chars=[walk.link_chars[row] for row in kept],
        buttons=[],
        scripts=[],
    )
    first, end = (sum(1 for row in kept if row < bound) for bound in (layout.first, layout.end))
    return shown, Layout(("",) * len(kept), first, end, layout.prose)


def wechat_profile_page(
    html: str, posts: tuple[ListedPost, ...], url: str, encoding: str, wordings: Wordings
) -> ExtractedPage:
    """The old profile page of an account: what it says of itself, then its latest posts."""
    walk = walk_html(html, wordings)
    account = walk.document_title
    _add_posts(walk, posts)
    layout = Layout(("",) * len(walk.lines), 0, len(walk.lines), float(sum(map(len, walk.lines))))
    page = page_of(walk, layout, url, encoding, len(html), wordings)
    return replace(page, page_type="wx-list", title=account, account=account, site_name=PUBLIC_ACCOUNT_PLATFORM)


def wechat_list_page(listed: PostList, url: str, encoding: str, size: int, wordings: Wordings) -> ExtractedPage:
    """A JSON answer as a page: one line per post, its link with the title as text."""
    walk = Walk(document_title=listed.title or listed.account)
    _add_posts(walk, listed.posts)
    layout = Layout(("",) * len(walk.lines), 0, len(walk.lines), float(sum(map(len, walk.lines))))
    page = page_of(walk, layout, url, encoding, size, wordings)
    return replace(page, page_type="wx-list", account=listed.account, site_name=PUBLIC_ACCOUNT_PLATFORM)


def _add_posts(walk: Walk, posts: tuple[ListedPost, ...]) -> None:
    for post in posts:
        for line, link_chars in ((post.title, len(post.title)), (post.digest, 0)):
            if text := " ".join(line.split()):
                walk.lines.append(text)
                walk.link_chars.append(min(link_chars, len(text)))
        walk.links.append((post.url, post.title))


def _with_own_text(walk: Walk, title: str, own_text: str) -> Walk:
    """Posts of one text have it only in their data; what the raw page shows beside it is the platform's own."""
    lines = [text for line in (title, *own_text.split("\n")) if (text := " ".join(line.split()))]
    return replace(walk, lines=lines, link_chars=[0] * len(lines), blocks=[])


def _joined(walk: Walk, body: Walk) -> tuple[Walk, Layout]:
    first = len(walk.lines)
    shifted = [
        Block(b.first_line + first, b.end_line + first, b.region, b.named_body, b.element_id) for b in body.blocks
    ]
    joined = replace(
        walk,
        lines=walk.lines + body.lines,
        link_chars=walk.link_chars + body.link_chars,
        blocks=walk.blocks + shifted,
        links=walk.links + body.links,
        images=walk.images + body.images,
    )
    regions = ("",) * len(joined.lines)
    return joined, Layout(regions, first, len(joined.lines), float(sum(map(len, body.lines))))


def _shown_account(walk: Walk) -> str:
    """The account's name where the page shows it: a link, behind that of an author and before the time."""
    line = _line_of(walk, "js_name")
    return next((text for text in reversed(walk.buttons) if text and text in line), line)


def _line_of(walk: Walk, element_id: str) -> str:
    block = next((block for block in walk.blocks if block.element_id == element_id), None)
    return walk.lines[block.first_line] if block and block.first_line < len(walk.lines) else ""
