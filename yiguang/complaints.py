"""What the command line library and the system say in English, in Chinese: the last step before a person reads it."""

import os
import re

from domain.system_words import OF_FILES

#: Whole sentences of the library; what none of them fits stays as it is.
_OF_USAGE: tuple[tuple[str, str], ...] = (
    (r"Missing option (.+?)\. Choose from:? (.+)", r"缺少选项 \1，可用：\2"),
    (r"Missing option (.+?)\.", r"缺少选项 \1"),
    (r"Missing argument (.+?)\. Choose from:? (.+)", r"缺少参数 \1，可用：\2"),
    (r"Missing argument (.+?)\.", r"缺少参数 \1"),
    (r"No such command (.+?)\. Did you mean (.+)\?", r"没有命令 \1，是不是 \2"),
    (r"No such command (.+?)\.", r"没有命令 \1（加 --help 列出全部命令）"),
    (r"No such option: (.+?) \(Possible options: (.+)\)", r"没有选项 \1，是不是 \2"),
    (r"No such option: (.+)", r"没有选项 \1（加 --help 列出全部选项）"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"多出的参数：\1（有空格的要加引号）"),
    (r"Option (.+?) requires an argument\.", r"选项 \1 之后要有一个值"),
    (r"Option (.+?) does not take a value\.", r"选项 \1 不带值"),
)
#: What it says of a value.
_OF_VALUES: tuple[tuple[str, str], ...] = (
    (r"Input should be a valid integer, .+", "应为整数"),
    (r"Input should be a valid number, .+", "应为数字"),
    (r"Input should be greater than or equal to (.+)", r"不能小于 \1"),
    (r"Input should be less than or equal to (.+)", r"不能大于 \1"),
    (r"(.+) is not one of (.+)\.", r"\1 不是以下之一：\2"),
)


def in_chinese(message: str) -> str:
    """One line for a person."""
    line = " ".join(message.split())
    for code, words in OF_FILES.items():
        line = re.sub(rf"(?<=[：（]){re.escape(os.strerror(code))}", words, line)
    if not (invalid := re.fullmatch(r"Invalid value for (.+?): (?:Value error, )?(.+)", line)):
        return _first_that_fits(_OF_USAGE, line)
    return f"{invalid[1]} 的值不对：{_first_that_fits(_OF_VALUES, invalid[2])}"


def _first_that_fits(sentences: tuple[tuple[str, str], ...], line: str) -> str:
    for pattern, words in sentences:
        if found := re.fullmatch(pattern, line):
            return found.expand(words)
    return line
