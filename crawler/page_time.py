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
# Z, +08:00, -0330: offsets that there are. What follows a day alone is none: 2019-12-03-2024 is the number of something
_ZONE = re.compile(r"(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)$")
#: A longer line is prose, whatever time it speaks of.
_LABELLED_LINE = 200
#: Behind these words 时间 and 日期 are those of an event: 活动时间：2019年5月1日.
_EVENTS = (
    "活动", "会议", "培训", "报名", "就诊", "义诊", "讲座", "开诊", "门诊", "出诊", "接诊", "坐诊", "截止", "考试", "面试",
    "笔试", "举办", "开幕", "演出", "播出", "比赛", "工作", "体检", "手术", "住院", "入院", "出院", "就医", "出生", "成立",
    "开业", "营业", "优惠", "执行", "实施", "施行", "生效", "采购", "公示", "开标", "投标", "递交", "预约", "检查", "服务",
    "值班", "放假", "接种", "开始", "结束", "起止", "有效", "到期", "签到", "报到", "开课", "上课", "直播", "集合", "出发",
    "引用", "评论", "留言", "回复", "提问", "下单", "支付", "付款", "入住", "离店",
)  # fmt: skip
_LABELLED_TIME = re.compile(
    r"(?:发布于|发表于|(?:时间|日期)"
    + "".join(f"(?<!{event}..)" for event in _EVENTS)  # behind what they look back over: most places are neither word
    + r")\s{0,3}[:：]?\s{0,3}[\[【(（]?\s?(?=(?:19|20)\d{2}\D)"
)


def find_date(text: str) -> re.Match[str] | None:
    """The first thing that is written like a date, whether there is such a day or not."""
    return _DATE.search(text)


def is_date_alone(line: str) -> bool:
    """Whether a line has nothing but a date, as under a notice that is signed."""
    match = _DATE.match(line)
    return match is not None and not line[match.end() :].strip()


def labelled_time(line: str) -> datetime | None:
    """The time behind 发布时间 and the like."""
    if len(line) > _LABELLED_LINE or not ("20" in line or "19" in line):
        return None
    label = _LABELLED_TIME.search(line)
    return read_time(line[label.end() :]) if label else None


def read_time(text: str) -> datetime | None:
    """The first time in the text as an aware one; Chinese time where no zone is written. None outside 1994-2100."""
    stripped = text.strip()
    if (
        stripped.isascii() and stripped.isdigit() and len(stripped) in (10, 13) and stripped[0] == "1"
    ):  # 2001-2033; 4000001234 is a telephone
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
    if match[4] and (zone := _ZONE.search(stripped[match.end() :].partition(" ")[0])):
        written = time.replace(tzinfo=None).isoformat() + zone[0].replace("Z", "+00:00")
        return datetime.fromisoformat(written).astimezone(BEIJING)
    return time
