"""From the source of a page to what a person reads on it."""

import re
from dataclasses import replace

from crawler.pages.main_body import lay_out
from crawler.pages.page_parts import page_of
from crawler.pages.page_walk import walk_html
from crawler.pages.wechat import has_article, is_wechat
from crawler.pages.wechat_lists import read_profile
from crawler.pages.wechat_page import wechat_post_page, wechat_profile_page
from crawler.wordings import Wordings
from domain.page import ExtractedPage

# <div class="album__author-name">…</div>: the account whose album of posts this is
_ALBUM_AUTHOR = re.compile(r"class=\"[^\"]{0,80}album__author-name[^>]{0,200}>([^<]{1,60})")


def extract_page(html: str, url: str, encoding: str, wordings: Wordings) -> ExtractedPage:
    """Read one HTML page. `url` is the address it was received from; `encoding` is that of its queries. Never raises.

    Alternative texts stand with their images and together in `extra["alt_text"]`; they are part of `text`, each a line
    that begins with 【图片说明】, only on a page of pictures that shows fewer than 200 characters of its own. Texts
    that the page hides by a style or an attribute are in `extra["hidden_text"]`, the `title` element in
    `extra["document_title"]`, a named source (来源) in `extra["source"]`. A page that says only how long ago it was published
    has these words (3天前) in `extra["published_ago"]`; what they mean depends on when it was received. A page that shows next to nothing and whose
    scripts send the visitor on at once has the address, which is among its links, in `extra["script_redirect"]`.
    """
    return read_page(html, url, encoding, wordings, wechat=is_wechat(url, html))


def read_page(html: str, url: str, encoding: str, wordings: Wordings, *, wechat: bool) -> ExtractedPage:
    """`extract_page` for a caller who knows already whether the page is of WeChat's public platform."""
    if wechat:
        if has_article(html):
            return wechat_post_page(html, url, encoding, wordings)
        if posts := read_profile(html):
            return wechat_profile_page(html, posts, url, encoding, wordings)
    walk = walk_html(html, wordings)
    page = page_of(walk, lay_out(walk, wordings), url, encoding, len(html), wordings)
    author = _ALBUM_AUTHOR.search(html) if wechat else None
    return replace(page, page_type="wx-list", account=author[1].strip()) if author else page
