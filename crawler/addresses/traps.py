"""Signs that a site makes URLs without end: repeated path parts, calendars, combinations of parameters."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_URL_CHARACTERS = 2048
MAX_PATH_SEGMENTS = 15
MAX_SAME_SEGMENT = 3
#: Pages of one calendar: a healthy archive has a page a month for some years.
MAX_DATES_OF_ONE_PATTERN = 60
#: Distinct queries of one path by number of parameters, those of a series left out. By one number CMS name articles, alone
#: (`?id=12`) or behind words that lead to them (`?m=content&a=show&catid=3&id=12`): a series is bounded by the page budget only.
#: What else has three and more parameters are filters being combined.
_MAX_QUERIES = {2: 200}
MAX_QUERIES_OF_MANY_PARAMETERS = 50

# /calendar/2026/11/25, /events/2026-11, /20261125/
_DATE_PATH = re.compile(r"(?:19|20)\d\d[-/_]?(?:0?[1-9]|1[0-2])(?:[-/_]?(?:0?[1-9]|[12]\d|3[01]))?/?$")
# date=2026-11-25, rq=20261125, year=2026&month=11; a bare number of six digits is an article's more often than a month
_DATE_QUERY = re.compile(
    r"=(?:19|20)\d\d[-/_](?:0?[1-9]|1[0-2])(?:[-/_]\d{1,2})?(?=&|$)"
    r"|(?:^|&)(?:date|day|month|rq|riqi)=(?:19|20)\d{4,6}(?=&|$)|year=(?:19|20)\d\d(?=&|$)"
)
_DIGITS = re.compile(r"\d+")
# id=345 of an article, not t=1764072000123 of a clock
_NUMBERED = re.compile(r"[^=]+=\d{1,9}")
_MAX_NUMBERS_REMEMBERED = 20_000
#: Parameters of one path that are watched for numbers: a page has a few, and all are looked at for each address.
_MAX_PARAMETERS = 50
#: What the articles of one path may have beside their numbers: the columns of a large site.
_MAX_COLUMNS = 100


@dataclass(slots=True)
class TrapWatch:
    """Watches the URLs of one target during one run; each URL is to be asked about once."""

    _dates: Counter[str] = field(default_factory=Counter)
    _queries: Counter[str] = field(default_factory=Counter)
    #: Of each path the numbers that each parameter had, and what stood beside them.
    _numbers: defaultdict[str, defaultdict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    _columns: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def refusal(self, url: str) -> str | None:
        """The Chinese reason why the URL looks like part of a trap, None when it does not."""
        if len(url) > MAX_URL_CHARACTERS:
            return f"网址过长（{len(url)} 个字符）"
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if len(segments) > MAX_PATH_SEGMENTS:
            return f"路径层级过多（{len(segments)} 层）"
        # Only words: numbers repeat in dates and ids (/2026/11/11/11.html)
        words = Counter(segment for segment in segments if not segment.isdigit())
        if words and max(words.values()) > MAX_SAME_SEGMENT:
            return "路径片段反复出现，疑似循环链接"
        is_dated = _DATE_PATH.search(parts.path) or _DATE_QUERY.search(parts.query)
        return (self._date_refusal(url) if is_dated else None) or self._query_refusal(
            parts.netloc + parts.path, parts.query
        )

    def _date_refusal(self, url: str) -> str | None:
        pattern = _DIGITS.sub("0", url)
        self._dates[pattern] += 1
        if self._dates[pattern] > MAX_DATES_OF_ONE_PATTERN:
            return "按日期无限延伸的页面，疑似日历陷阱"
        return None

    def _query_refusal(self, page: str, query: str) -> str | None:
        pairs = query.split("&")
        parameters = len(pairs)
        if parameters < 2 or self._is_of_a_series(page, pairs):
            return None
        key = f"{parameters} {page}"
        self._queries[key] += 1
        if self._queries[key] > _MAX_QUERIES.get(parameters, MAX_QUERIES_OF_MANY_PARAMETERS):
            return "同一路径的参数组合过多，疑似筛选陷阱"
        return None

    def _is_of_a_series(self, page: str, pairs: list[str]) -> bool:
        """Whether a query has a new number in the parameter of its path that had most, beside words and numbers that stand
        beside many."""
        numbers, columns = self._numbers[page], self._columns[page]
        new: list[tuple[int, int]] = []
        for place, pair in enumerate(pairs):
            name = pair.partition("=")[0]
            if _NUMBERED.fullmatch(pair) and (name in numbers or len(numbers) < _MAX_PARAMETERS):
                had = numbers[name]
                if pair not in had and len(had) < _MAX_NUMBERS_REMEMBERED:
                    had.add(pair)
                    new.append((len(had), place))
        if not new or max(new)[0] < max(map(len, numbers.values())):
            return False
        place = max(new)[1]
        column = "&".join(pairs[:place] + pairs[place + 1 :])
        if column not in columns and len(columns) >= _MAX_COLUMNS:
            return False
        columns.add(column)
        return True
