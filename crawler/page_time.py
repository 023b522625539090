"""Times as Chinese pages write them."""

import re
from datetime import UTC, datetime

from domain.beijing import BEIJING

# The look behind the year stands inside it, so that the engine can skip to the first digit.
# 2019-12-03 10:20, 2019年12月3日, 2019/12/3 10:20:30, 2019.12.03
_DATE = re.compile(
    r"((?:19|20)(?<!\d..)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)日?"
    r"(?:[T\s]{0,4}(\d{1,2})[:：时点](\d{2})(?:[:：分](\d{2}))?)?"
)
_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_LABELLED_TIME = re.compile(
    r"(?:发布时间|发布日期|发表时间|发表日期|发表于|发布于|上传时间|添加时间|录入时间|更新时间|更新日期|时间|日期)\s{0,3}[:：]?\s{0,3}[\[【(（]?\s?(?=(?:19|20)\d{2}\D)"
)


def find_date(text: str) -> re.Match[str] | None:
    """The first thing that is written like a date, whether there is such a day or not."""
    return _DATE.search(text)


def labelled_time(line: str) -> datetime | None:
    """The time behind 发布时间 and the like."""
    label = _LABELLED_TIME.search(line) if "20" in line or "19" in line else None
    return read_time(line[label.end() :]) if label else None


def read_time(text: str) -> datetime | None:
    """The first time in the text as an aware one; Chinese time where no zone is written. None outside 1994-2100."""
    stripped = text.strip()
    if stripped.isdigit() and len(stripped) in (10, 13):
        return datetime.fromtimestamp(int(stripped[:10]), UTC).astimezone(BEIJING)
    match = _DATE.search(stripped)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if not 1994 <= year <= 2100:
        return None
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:  # 2019-13-45: a number that only looks like a date
        return None
    if zone := _ZONE.search(stripped[match.end() :].partition(" ")[0]):
        written = time.replace(tzinfo=None).isoformat() + zone[0].replace("Z", "+00:00")
        return datetime.fromisoformat(written).astimezone(BEIJING)
    return time
