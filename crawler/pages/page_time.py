"""Times as Chinese pages write them."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from domain.beijing import BEIJING

# The look behind the year stands inside it, so that the engine can skip to the first digit.
# 2019-12-03 10:20, 2019年12月3日 上午9点, 2019/12/3 10:20:30, 2019.12.03, 2019—12—03 星期二 下午3:20, 2019-12-03 3:20 PM; but
# 2019年1-3月 are three months
_DATE = re.compile(
    r"((?:19|20)(?<!\d..)\d{2})\s?(?:(?P<dash>[—–])|[-/.年])\s?(\d{1,2})\s?(?(dash)[—–]|[-/.月])\s?(\d{1,2})(?!\d|\s?月)日?"
    r"(?:[T\s]{0,4}(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?\s{0,2})?(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?"
    r"(\d{1,2})(?:[:：时時点點](\d{2})(?:[:：分](\d{2}))?(?:\s?(?P<half>[AaPp][Mm])(?![A-Za-z]))?|[时時点點](?P<thirty>半)?))?"
)
# 今天是2026年11月26日, 当前时间：2026-11-26 10:20: a clock on the page, which says when it was asked for
_PAGE_CLOCK = re.compile(
    rf"(?:今天|今日|现在|当前|目前|北京|系统|服务器)(?:的?(?:时间|日期))?\s?[:：是为]{{0,2}}\s{{0,3}}{_DATE.pattern}"
)
# 星期四, (周四) 农历十月十八: behind a day, of a clock again
_WEEKDAY_ALONE = re.compile(r"\s{0,3}[(（]?(?:星期|周)[一二三四五六日天][)）]?(?:\s{0,3}农历.{0,20})?\s{0,3}")
#: Words before and behind a clock that goes to twelve.
_AFTER_NOON = {
    "中午": range(1, 3),
    "下午": range(1, 12),
    "傍晚": range(4, 12),
    "晚上": range(5, 12),
    "pm": range(1, 12),
}
_FULL_WIDTH = re.compile(r"[０-９－．／]")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF0D, 0xFF1B)}  # －．／ and the digits to ：
# 二〇一九年十二月三日, 二○二〇年一月二十一日, 二0一九年: under notices that are signed, with whatever is round for a zero
_HAN_DATE = re.compile(
    r"((?:一九|二[〇○零Ｏ0O])[〇○零Ｏ0O一二三四五六七八九]{2})年\s?(十[一二]?|[一二三四五六七八九])月\s?([二三]?十[一二三四五六七八九]?|[一二三四五六七八九])日"
)
_HAN_DIGITS = str.maketrans("〇○零ＯO一二三四五六七八九", "00000123456789")
# 中華民國113年3月5日, 民國一一三年三月五日, 民國 113/03/05: years since 1911, on pages from Taiwan
_MINGUO_DATE = re.compile(
    r"民[国國]\s?([0-9]{2,3}|[〇○零一二三四五六七八九]{2,3}|一百(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[〇○零][一二三四五六七八九])?)\s?[年/.-]"
    r"\s?([0-9]{1,2}|十[一二]?|[一二三四五六七八九])\s?[月/.-]\s?([0-9]{1,2}|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?![0-9])日?"
)
_MINGUO_FIRST = 1911
#: 05-Mar-2024, 05Mar2024, 5th March 2024, Tue, 05 Mar 2024 02:20:00 GMT; Mar 5, 2024, March 5th 2024
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})(?:uary|ruary|ch|il|e|y|ust|t(?:ember)?|tember|ober|ember)?\.?"
_ENGLISH_DATE = re.compile(
    rf"\b(?:([0-9]{{1,2}})(?:st|nd|rd|th)?[\s-]{{0,2}}{_MONTH},?[\s-]{{0,2}}|{_MONTH}\s{{1,2}}([0-9]{{1,2}})(?:st|nd|rd|th)?,?\s{{1,2}})((?:19|20)[0-9]{{2}})(?![0-9])",
    re.IGNORECASE | re.ASCII,
)
#: Zones that there are: 99:99 is none.
_ZONE = re.compile(r"(?:Z|\+(?:0[0-9]|1[0-4]):?[0-5][0-9]|-(?:0[0-9]|1[0-2]):?[0-5][0-9])$")
#: Behind a blank: 10:20:00 +0800, 02:20:00 GMT.
_ZONE_APART = re.compile(
    r" (?:GMT|UTC|\+(?:0[0-9]|1[0-4]):?[0-5][0-9]|-(?:0[0-9]|1[0-2]):?[0-5][0-9])(?![\w:+-])", re.ASCII
)
_UTC = re.compile(r"Z|GMT|UTC")
# 刚刚, 5分钟前, 半小时前, 2 小时前, 3天前, 昨天 14:20, 上周三; what follows is no 了 or 往. A day without a year counts from the
# same time, where it is said to be that of a post: 编辑于 03-05 江苏
_AGO = re.compile(
    r"(?:(?<![0-9.第每满近约])(?P<now>[刚剛][刚剛才])|(?<![0-9.第每满近约])(?P<count>[0-9]{1,2}|半)\s?个?(?P<unit>秒|分|小时|小時|天)[钟鐘]?前"
    r"|(?:(?P<day>昨天|前天|上[周週](?P<weekday>[一二三四五六日天]))|(?P<today>今天)(?=\s?[0-9上下中凌早傍晚])"
    r"|(?:编辑|发布|发表|回答)于\s?(?P<month>0?[1-9]|1[0-2])[-月](?P<date>0?[1-9]|[12][0-9]|3[01])(?:日|(?![0-9-])))"
    r"(?:\s?(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?(?P<hour>[0-9]{1,2})[:：](?P<minute>[0-9]{2})(?:[:：][0-9]{2})?)?)"
    r"(?=$|[\s|·・/（(]|[发發][布佈表]|更新|编辑|回答|来自|浏览|阅读|查看|回复|评论|楼主|只看)",
    re.ASCII,
)
_AGO_LINE, _AGO_WORDS = 60, frozenset("前天刚剛上于")
_WEEKDAYS = "一二三四五六日"
#: In so many years there is a 29th of February.
_LEAP = 5
#: A longer line is prose, whatever time it speaks of.
_LABELLED_LINE = 200
#: Behind these words 时间 and 日期 are those of an event: 活动时间：2019年5月1日.
_EVENTS = (
    "活动", "会议", "培训", "报名", "就诊", "义诊", "讲座", "开诊", "门诊", "出诊", "接诊", "坐诊", "截止", "考试", "面试",
    "笔试", "举办", "开幕", "演出", "播出", "比赛", "工作", "体检", "手术", "住院", "入院", "出院", "就医", "出生", "成立",
    "开业", "营业", "优惠", "执行", "实施", "施行", "生效", "采购", "公示", "开标", "投标", "递交", "预约", "检查", "服务",
    "值班", "放假", "接种", "开始", "结束", "起止", "有效", "到期", "签到", "报到", "开课", "上课", "直播", "集合", "出发",
    "引用", "评论", "留言", "回复", "提问", "下单", "支付", "付款", "入住", "离店",
    "活動", "會議", "培訓", "報名", "就診", "看診", "應診", "門診", "義診", "講座", "開診", "營業", "執行", "實施", "考試", "開始", "結束", "預約", "檢查",
    "服務",
)  # fmt: skip
#: Behind these they are those of a document; the day on which it was put on the page stands beside it: 发布日期, 公开日期.
_OF_THE_DOCUMENT = frozenset({"成文", "发文", "生成", "制定", "签发", "印发", "废止", "失效", "发证"})
_LABELLED_TIME = re.compile(
    r"(?:发布于|发表于|编辑于|更新于|回答于|發[布佈表]於|編輯於|更新於|回答於|(?:时间|時間|日期)"
    + "".join(f"(?<!{event}..)" for event in _EVENTS)  # behind what they look back over: most places are neither word
    + r")\s{0,3}[:：]?\s{0,3}[\[【(（]?\s?(?=(?:19|20)\d{2}\D)"
)
# 发布时间：19-12-03 10:20: a year of two digits only where nothing else can be meant
_SHORT_YEAR = re.compile(
    r"(?:发布|发表|添加|录入|更新)(?:时间|日期)\s{0,3}[:：]\s{0,3}[\[【(（]?\s?(?=\d{2}([-/.])\d{2}\1\d{2}(?![-/.\d]))"
)
# 發布日期：113-03-05: a year since 1911 that does not say so, in the words of Taiwan
_MINGUO_LABEL = re.compile(
    r"(?:發[布佈表]|公[布佈告]|刊登|張貼|更新|建立)(?:時間|日期)\s{0,3}[:：]\s{0,3}[\[【(（]?\s?"
    r"(?=(1[01][0-9])([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9/.-]))",
    re.ASCII,
)


def has_date(text: str) -> bool:
    """Whether something is written like a date, be there such a day or not."""
    text = _in_digits(text)
    return ("20" in text or "19" in text) and _DATE.search(text) is not None


def has_dates(text: str) -> bool:
    """Whether two things or more are written like dates, as in the row of a table."""
    text = _in_digits(text)
    return ("20" in text or "19" in text) and len(_DATE.findall(text)) > 1


def is_date_alone(line: str) -> bool:
    """Whether a line has nothing but a date, as under a notice that is signed."""
    line = _in_digits(line)
    match = _DATE.match(line)
    return match is not None and not line[match.end() :].strip()


def is_page_clock(line: str) -> bool:
    """Whether a line has nothing but a day and its day of the week, as the header of many sites has today's."""
    line = _in_digits(line)
    match = _DATE.match(line)
    return match is not None and _WEEKDAY_ALONE.fullmatch(line, match.end()) is not None


def without_page_clock(line: str) -> str:
    """A line less the time that it calls that of today or now."""
    return _PAGE_CLOCK.sub("", _in_digits(line))


def labelled_time(line: str) -> datetime | None:
    """The time behind 发布时间 and the like."""
    if len(line) > _LABELLED_LINE:
        return None
    line = without_page_clock(line)
    if short := _SHORT_YEAR.search(line):
        return read_time(f"20{line[short.end() :]}")
    if minguo := _MINGUO_LABEL.search(line):
        year, rest = line[minguo.end() : minguo.end() + 3], line[minguo.end() + 3 :]
        return read_time(f"{int(year) + _MINGUO_FIRST}{rest}")
    if not ("20" in line or "19" in line):
        return None
    labels = list(_LABELLED_TIME.finditer(line))
    published = (label for label in labels if not _is_of_the_document(line, label))
    label = next(published, labels[0] if labels else None)
    return read_time(line[label.end() :]) if label else None


def is_time_of_document(line: str) -> bool:
    """Whether the times that a line names are those of a document (成文日期), none of which is that of its publication."""
    line = _in_digits(line)
    labels = list(_LABELLED_TIME.finditer(line))
    return bool(labels) and all(_is_of_the_document(line, label) for label in labels)


def _is_of_the_document(line: str, label: re.Match[str]) -> bool:
    return line[: label.start()][-2:] in _OF_THE_DOCUMENT


def ago_in(line: str) -> str:
    """The words by which a short line says how long ago something was (3天前, 昨天 14:20); empty when it does not."""
    match = None if len(line) > _AGO_LINE or _AGO_WORDS.isdisjoint(line) else _AGO.search(line)
    return match[0] if match else ""


def time_ago(words: str, now: datetime) -> datetime | None:
    """What words found by `ago_in` mean on a page received at `now`, only as exactly as they say it: a minute, or a day, which is
    its midnight in China. Hours are told by their day. Sites count days from midnight or from hour to hour: 3天前 may be off
    by one. None for what is no such time.
    """
    match = _AGO.search(words)
    if match is None:
        return None
    now = now.astimezone(BEIJING).replace(second=0, microsecond=0)
    if match["now"]:
        return now
    if match["count"]:
        count = 0.5 if match["count"] == "半" else float(match["count"])
        if match["unit"] in ("秒", "分"):
            return now - timedelta(minutes=count if match["unit"] == "分" else 0)
        if match["unit"] == "天":
            return _midnight(now - timedelta(days=count))
        return now - timedelta(minutes=30) if count < 1 else _midnight(now - timedelta(hours=count))
    day = _day_of(match, now)
    if day is None or not match["hour"]:
        return day
    hour, minute = int(match["hour"]), int(match["minute"])
    hour += 12 if hour in _AFTER_NOON.get(match["part"] or "", ()) else 0
    return day + timedelta(hours=hour, minutes=minute) if hour <= 23 and minute <= 59 else None


def _day_of(match: re.Match[str], now: datetime) -> datetime | None:
    """The day that is told by its name, its day of the week or without a year: the last one of these that has come."""
    if match["month"]:
        years = (year for year in range(now.year, now.year - _LEAP, -1) if _is_day(year, match))
        days = (datetime(year, int(match["month"]), int(match["date"]), tzinfo=BEIJING) for year in years)
        return next((day for day in days if day <= now), None)
    if match["weekday"]:
        back = now.weekday() + 7 - _WEEKDAYS.index(match["weekday"].replace("天", "日"))
    else:
        back = {"昨天": 1, "前天": 2}.get(match["day"] or "", 0)
    return _midnight(now - timedelta(days=back))


def _is_day(year: int, match: re.Match[str]) -> bool:
    return int(match["date"]) <= monthrange(year, int(match["month"]))[1]


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0)


def read_time(text: str) -> datetime | None:
    """The first time in the text as an aware one; Chinese time where no zone is written. None outside 1994-2100."""
    stripped = _in_digits(text.strip())
    # 2001-2033; 4000001234 is a telephone, and ² counts as a digit that is no number
    if stripped.isascii() and stripped.isdigit() and len(stripped) in (10, 13) and stripped[0] == "1":
        return datetime.fromtimestamp(int(stripped[:10]), UTC).astimezone(BEIJING)
    match = _DATE.search(stripped)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.group(1, 3, 4, 6, 7, 8))
    minute = 30 if match["thirty"] else minute
    if not 1994 <= year <= 2100:
        return None
    try:
        time = datetime(year, month, day, tzinfo=BEIJING) + _clock(match, hour, minute, second)
    except ValueError:  # 2019-13-45: a number that only looks like a date
        return None
    # of a clock only, 2019-12-03-5566 is a number; behind minutes a minus goes on to the end of an event: 10:20-11:30
    rest = stripped[match.end() :]
    zone = (_ZONE.search(rest.partition(" ")[0]) or _ZONE_APART.match(rest)) if match[7] else None
    if zone and (match[8] or zone[0].strip()[0] != "-"):
        written = time.replace(tzinfo=None).isoformat() + _UTC.sub("+00:00", zone[0].strip())
        return datetime.fromisoformat(written).astimezone(BEIJING)
    return time


def _clock(match: re.Match[str], hour: int, minute: int, second: int) -> timedelta:
    """The time since midnight; 24:00 says only the day. Raises ValueError for one that no clock shows."""
    half = match["part"] or (match["half"] or "").lower()
    if hour in _AFTER_NOON.get(half, ()):
        hour += 12
    elif hour == 12 and half in ("am", "凌晨"):
        hour = 0
    if (hour, minute, second) == (24, 0, 0):
        return timedelta()
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no clock shows this")
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _in_digits(text: str) -> str:
    """The text with dates in Chinese numerals, full width, English or years since 1911 written as others are; few lines have any."""
    if not text.isascii():
        if _FULL_WIDTH.search(text):
            text = text.translate(_HALF_WIDTH)
        if "民" in text:
            text = _MINGUO_DATE.sub(_date_since_1911, text)
        if "年" in text:
            text = _HAN_DATE.sub(_plain_date, text)
    return _ENGLISH_DATE.sub(_date_in_english, text) if "20" in text or "19" in text else text


def _plain_date(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{year.translate(_HAN_DIGITS)}年{_han_number(month)}月{_han_number(day)}日"


def _date_since_1911(match: re.Match[str]) -> str:
    year, month, day = (int(part) if part.isdecimal() else _han_number(part) for part in match.groups())
    return f"{year + _MINGUO_FIRST}年{month}月{day}日"


def _date_in_english(match: re.Match[str]) -> str:
    month = _MONTHS.index((match[2] or match[3]).lower()) + 1
    return f"{match[5]}-{month:02}-{int(match[1] or match[4]):02}"


def _han_number(written: str) -> int:
    """Up to 999: 三, 十, 十二, 二十, 三十一, 一一三, 一百一十三."""
    hundreds, hundred, rest = written.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    above = int(hundreds.translate(_HAN_DIGITS) or 1) * 100 if hundred else 0
    return above + (int(tens.translate(_HAN_DIGITS) or 1) * 10 if ten else 0) + int(ones.translate(_HAN_DIGITS) or 0)
