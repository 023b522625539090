"""Which links of a target are followed, and the stated reason for every one that is not."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.addresses.tips import is_wechat_page
from crawler.addresses.traps import MAX_URL_CHARACTERS, TrapWatch
from crawler.addresses.urls import WECHAT_HOST, frontier_url, host_of, site_of
from domain.page import Link
from domain.targets import Target, TargetKind
from domain.visits import Discovered, Skipped, SkipRule

#: What a browser downloads or plays rather than shows as a page.
_NOT_PAGES = re.compile(
    r"\.(?:7z|aac|apk|avi|bmp|css|csv|dmg|docx?|eot|epub|exe|flv|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]|mov|mp[34g]|"
    r"mpeg|msi|og[gv]|otf|pdf|png|pptx?|rar|rm|rmvb|rtf|svg|swf|tar|tgz|tiff?|ttf|txt|wav|web[mp]|wm[av]|woff2?|wps|"
    r"xlsx?|zip)$",
    re.IGNORECASE,
)

#: Links kept a target and night, as a multiple of its page budget. The frontier holds the budget itself and counts what
#: is left over; this only bounds memory and rows.
_LINKS_PER_PAGE_OF_BUDGET = 20

#: Skipped links kept with their URL a rule, target and run; beyond that they are only counted.
SKIPPED_KEPT_PER_RULE = 100
#: Bounds memory on sites that make up links to other hosts without end.
_MAX_REFUSALS_REMEMBERED = 20_000

#: Beyond it links are looked at in full each time, and one that is no address is reported each time.
_MAX_SPELLINGS_REMEMBERED = 20_000

_SINGLE_PAGES = frozenset({TargetKind.WECHAT})
_LISTS = frozenset({TargetKind.LIST, TargetKind.ALBUM, TargetKind.FEED})


@dataclass(slots=True)
class _Findings:
    """What a scope has come to remember during one visit."""

    admitted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    too_deep: set[str] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)
    kept: Counter[SkipRule] = field(default_factory=Counter)
    trap_answers: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """The scope of one target during one run. It remembers what it has admitted, to see traps and the page budget."""

    target: Target
    _site: str = field(init=False)
    _include: tuple[re.Pattern[str], ...] = field(init=False)
    _exclude: tuple[re.Pattern[str], ...] = field(init=False)
    _traps: TrapWatch = field(init=False)
    _admitted: set[str] = field(init=False)
    _wanted_posts: tuple[re.Pattern[str], ...] = field(init=False)
    #: Other spellings of URLs that are settled: menus repeat on every page, and canonicalising them is half of the work on links.
    #: The canonical ones are known as admitted or refused; a shard has millions, so none is kept twice.
    _spellings: set[str] = field(init=False, default_factory=set)
    #: URLs refused for good, and those refused for their depth, which may yet be found nearer to the start.
    _refused: set[str] = field(init=False, default_factory=set)
    _too_deep: set[str] = field(init=False, default_factory=set)
    _kept: Counter[SkipRule] = field(init=False, default_factory=Counter)
    _new: _Findings = field(init=False, default_factory=_Findings)
    #: What the traps said of URLs that were forgotten; they are to be asked about each URL once.
    _trap_answers: dict[str, str | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._site = site_of(host_of(self.target.url))
        self._include = tuple(re.compile(pattern) for pattern in self.target.include)
        self._exclude = tuple(re.compile(pattern) for pattern in self.target.exclude)
        self._wanted_posts = tuple(
            pattern for pattern in self._include if WECHAT_HOST in pattern.pattern.replace("\\", "")
        )
        self._traps = TrapWatch()
        self._admitted = {frontier_url(self.target.url)}

    def follow(self, links: Iterable[Link], depth: int) -> tuple[tuple[Discovered, ...], tuple[Skipped, ...]]:
        """Links of a page at `depth`, split into those in scope and those refused; each URL canonical and once a run."""
        admitted: list[Discovered] = []
        skipped: list[Skipped] = []
        for link in links:
            if link.url in self._admitted or link.url in self._refused or link.url in self._spellings:
                continue
            try:
                url = frontier_url(link.url)
            except ValueError:
                self._remember_spelling(link.url)
                skipped.append(Skipped(link.url[:MAX_URL_CHARACTERS], SkipRule.INVALID, "不是可访问的网址"))
                continue
            if url in self._admitted or url in self._refused:
                self._remember_spelling(link.url)  # not the canonical one
                continue
            refusal = self._refusal(url, depth + 1)
            if refusal is None:
                self._admitted.add(url)
                self._new.admitted.add(url)
                if link.url != url:
                    self._remember_spelling(link.url)
                admitted.append(Discovered(url, depth + 1))
            elif self._is_news(url, refusal[0]):
                skipped.append(Skipped(url[:MAX_URL_CHARACTERS], *refusal))
        return tuple(admitted), tuple(skipped)

    def begin_visit(self) -> None:
        """From here on `forget` takes back what is found. Visits of one target come one after another."""
        self._new = _Findings()

    def forget(self) -> None:
        """Let the links of the visit that began last be found, refused and kept again: it was not recorded with them."""
        self._admitted -= self._new.admitted
        self._refused -= self._new.refused
        self._too_deep -= self._new.too_deep
        self._spellings -= self._new.spellings
        self._kept -= self._new.kept
        self._trap_answers |= self._new.trap_answers
        self._new = _Findings()

    def _remember_spelling(self, written: str) -> None:
        if len(self._spellings) < _MAX_SPELLINGS_REMEMBERED and written not in self._spellings:
            self._spellings.add(written)
            self._new.spellings.add(written)

    def worth_keeping(self, skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
        """Those of which not enough have been kept during this run, by rule."""
        kept: list[Skipped] = []
        for link in skipped:
            self._kept[link.rule] += 1
            self._new.kept[link.rule] += 1
            if self._kept[link.rule] <= SKIPPED_KEPT_PER_RULE:
                kept.append(link)
        return tuple(kept)

    def _refusal(self, url: str, depth: int) -> tuple[SkipRule, str] | None:
        """Why a canonical URL at `depth` is not followed; None when it is. Asking counts towards the traps."""
        if self.target.kind in _SINGLE_PAGES:
            return SkipRule.KIND, "单篇文章不跟踪链接"
        if self._is_post_of_site(url):
            if any(pattern.search(url) for pattern in self._wanted_posts):
                return SkipRule.WANTED_POST, "微信文章，按包含规则列为单独的监测目标"
            return SkipRule.POST, "微信文章，待人工受理（yiguang intake --list）"
        checks = (
            (SkipRule.HOST, self._host_refusal),
            (SkipRule.PATTERN, self._pattern_refusal),
            (SkipRule.FILE, _file_refusal),
            (SkipRule.DEPTH, lambda _url: self._depth_refusal(depth)),
            (SkipRule.TRAP, self._trap_refusal),
            (SkipRule.BUDGET, self._budget_refusal),
        )
        return next(((rule, reason) for rule, check in checks if (reason := check(url)) is not None), None)

    def _is_post_of_site(self, url: str) -> bool:
        """Posts are no pages of the site that links to them, however much that site is their author."""
        if self.target.kind is not TargetKind.SITE or self._site == WECHAT_HOST or not is_wechat_page(url):
            return False
        return not any(pattern.search(url) for pattern in self._exclude)

    def _is_news(self, url: str, rule: SkipRule) -> bool:
        """Whether a refusal is the first of its URL; remembers it."""
        deep = rule is SkipRule.DEPTH
        known, new = (self._too_deep, self._new.too_deep) if deep else (self._refused, self._new.refused)
        if url in known:
            return False
        if len(known) < _MAX_REFUSALS_REMEMBERED:
            known.add(url)
            new.add(url)
        return True

    def redirect_refusal(self, from_url: str, to_url: str) -> str | None:
        """Why a redirect from a URL in scope leads out of it: it may stay on its own site or go to the target's."""
        host = host_of(to_url)
        if site_of(host) in (site_of(host_of(from_url)), self._site) or self._is_included_subdomain(host, to_url):
            return None
        return f"重定向到范围之外的主机 {host}"

    def _depth_refusal(self, depth: int) -> str | None:
        limit = 1 if self.target.kind in _LISTS else self.target.depth
        return f"超过链接深度 {limit}" if depth > limit else None

    def _host_refusal(self, url: str) -> str | None:
        host = host_of(url)
        match self.target.kind:
            case TargetKind.LIST | TargetKind.FEED:
                return None
            case TargetKind.ALBUM if host == WECHAT_HOST:
                return None if urlsplit(url).path.startswith("/s") else "不是文章链接"
            case _:
                if site_of(host) == self._site or self._is_included_subdomain(host, url):
                    return None
                return f"主机 {host} 不在范围内"

    def _pattern_refusal(self, url: str) -> str | None:
        if self._include and not any(pattern.search(url) for pattern in self._include):
            return "不符合包含规则"
        return "符合排除规则" if any(pattern.search(url) for pattern in self._exclude) else None

    def _trap_refusal(self, url: str) -> str | None:
        if url not in self._trap_answers:
            self._new.trap_answers[url] = answer = self._traps.refusal(url)
            return answer
        return self._trap_answers[url]

    def _budget_refusal(self, _url: str) -> str | None:
        limit = self.target.max_pages * _LINKS_PER_PAGE_OF_BUDGET
        return f"本夜发现的链接已超过 {limit} 个" if len(self._admitted) >= limit else None

    def _is_included_subdomain(self, host: str, url: str) -> bool:
        return host.endswith("." + self._site) and any(pattern.search(url) for pattern in self._include)


def _file_refusal(url: str) -> str | None:
    return "不是网页文件" if _NOT_PAGES.search(urlsplit(url).path) else None
