"""Every fetch ends in exactly one typed outcome; only `content` is ever scored."""

from enum import StrEnum


class Outcome(StrEnum):
    """What a visit to one URL turned out to be.

    Unreachable never means gone: `timeout`, `http-error`, `our-fault` and `unknown` say nothing about whether the
    page still exists; only `http-gone`, `dns-gone` and the removal outcomes do.
    """

    CONTENT = "content"
    CHALLENGE = "challenge"
    REMOVED_BY_AUTHOR = "removed-by-author"
    REMOVED_FOR_VIOLATION = "removed-for-violation"
    ACCOUNT_GONE = "account-gone"
    MIGRATED = "migrated"
    HTTP_GONE = "http-gone"
    HTTP_ERROR = "http-error"
    DNS_GONE = "dns-gone"
    TIMEOUT = "timeout"
    ROBOTS_DENIED = "robots-denied"
    OUT_OF_SCOPE = "out-of-scope"
    TOO_LARGE = "too-large"
    OUR_FAULT = "our-fault"
    UNKNOWN = "unknown"


OUTCOME_ZH: dict[Outcome, str] = {
    Outcome.CONTENT: "正常内容",
    Outcome.CHALLENGE: "验证拦截",
    Outcome.REMOVED_BY_AUTHOR: "发布者已删除",
    Outcome.REMOVED_FOR_VIOLATION: "平台因违规移除",
    Outcome.ACCOUNT_GONE: "账号已注销或停用",
    Outcome.MIGRATED: "账号已迁移",
    Outcome.HTTP_GONE: "页面不存在（404/410）",
    Outcome.HTTP_ERROR: "HTTP 错误",
    Outcome.DNS_GONE: "域名无法解析",
    Outcome.TIMEOUT: "超时",
    Outcome.ROBOTS_DENIED: "robots.txt 不允许",
    Outcome.OUT_OF_SCOPE: "不在范围内",
    Outcome.TOO_LARGE: "页面过大",
    Outcome.OUR_FAULT: "本系统故障",
    Outcome.UNKNOWN: "无法判定",
}

#: Stands in the detail of a page that kept breaking the crawl and is left out of the rest of the night.
SET_ASIDE_ZH = "本夜搁置"

#: Stands in the detail of a page that a browser was to look at, in a night without any.
NOBODY_SHOWS_ZH = "而没有能显示网页的进程"

#: Say that a page is no longer at its address; it may be at another.
NO_LONGER_THERE = frozenset(
    {
        Outcome.REMOVED_BY_AUTHOR,
        Outcome.REMOVED_FOR_VIOLATION,
        Outcome.ACCOUNT_GONE,
        Outcome.MIGRATED,
        Outcome.HTTP_GONE,
        Outcome.DNS_GONE,
    }
)

#: Say nothing of a page but that it could not be had.
SAY_NOTHING = frozenset({Outcome.HTTP_ERROR, Outcome.TIMEOUT, Outcome.OUR_FAULT, Outcome.CHALLENGE})
