"""What is wrong with a lexicon or with a file of decisions, in Chinese for whoever edits it."""

import re
from pathlib import Path

from classifier.errors import LexiconError
from domain.system_words import file_fault

#: What the schema says, in Chinese for the rule editor; what is not here stays as it is. Sample: unknown key 'x'
_CHINESE = (
    (r"a repetition inside a repetition: (.*)", r"正则不安全（重复之中又有重复，可能极慢）：\1"),
    (r"an unbounded repetition of a group: (.*)", r"正则不安全（整组无限重复，可能极慢）：\1"),
    (r"a repetition above (\d+): (.*)", r"正则不安全（重复次数超过 \1）：\2"),
    (
        r"repetitions that could share out a text in (\S+) ways, .*?: (.*)",
        r"正则不安全（多个重复相连，最坏要试 \1 种分法）：\2",
    ),
    (r"pattern does not compile: (.*) in (.*)", r"正则写法有误（\1）：\2"),
    (r"pattern can match nothing at all: (.*)", r"正则可以匹配空文本：\1"),
    (r"no law for basis (.*)", r"法律依据不存在（应以 laws/ 中的简称开头）：\1"),
    (r"unknown key (.*)", r"不认识的键：\1"),
    (r"`(\w+)` is missing", r"缺少 \1"),
    (r"id (.*) is not the file name", r"id \1 与文件名不同"),
    (r"(.*) is not one of (.*)", r"\1 不在允许的值之内（\2）"),
    (r"no term list (.*)", r"没有词表 \1"),
    (r"no page fact (.*?)( here)?", r"没有页面事实 \1，或不能用在这里"),
    (r"at least four examples", "例子至少四个"),
    (r"`(\w+)` is a number from (\S+) to (\S+)", r"\1 应是 \2 到 \3 之间的数"),
    (r"`(\w+)` is a list of strings", r"\1 应是字符串的列表"),
    (r"`detect` is a list of alternatives", "detect 应是若干选项的列表"),
    (r"an alternative needs anchors, terms or page", "一个选项要有 anchors、terms 或 page"),
    (r"an example is a text or a mapping", "例子应是文本或映射"),
    (r"expected a mapping", "这里应是映射"),
    (r"expected one mapping with string keys", "文件应是一个映射"),
    (r"`(\w+)` is a list of examples", r"\1 应是例子的列表"),
    (r"`(\w+)` is a whole number", r"\1 应是整数"),
    (r"not of the shape expected: (.*)", r"写法不符合要求：\1"),
    (r"key (.*) stands here twice", r"键 \1 重复"),
    (r"not UTF-8: .* at byte (\d+)", r"不是 UTF-8（第 \1 字节）"),
    (r"a decision needs `id` and `text`", "每行应有 id 与 text"),
    (r"a decision is `confirmed` or .*", "decision 应是 confirmed 或 dismissed，或者有为 1 或 0 的 label"),
    (r"a row needs `text` and a `label` of 0 or 1", "每行应有 text 和为 0 或 1 的 label"),
    (r"unknown genre or family", "genre 或 families 不在允许的值之内"),
    (r"unknown genre (.*)", r"genre \1 不在允许的值之内"),
    (r"`weight` is a number", "weight 应是数字"),
    (r"a value cannot be read: (.*)", r"有读不懂的值，文字请加引号：\1"),
    (r"not YAML: mapping values are not allowed .*", "不是有效的 YAML：此处不能有冒号（文字中有冒号的请加引号）"),
    (r"not YAML: (could not find expected ':'|while scanning a simple key)", "不是有效的 YAML：缺少冒号，或缩进不一致"),
    (r"not YAML: did not find expected ',' or '(.)'", r"不是有效的 YAML：各项之间缺少逗号，或缺少 \1"),
    (r"not YAML: did not find expected node content", "不是有效的 YAML：此处缺少内容，或括号没有闭合"),
    (r"not YAML: did not find expected '-' indicator", "不是有效的 YAML：缩进不一致，或缺少 -"),
    (
        r"not YAML: (did not find expected key|expected <block end>.*)",
        "不是有效的 YAML：缩进不一致，或此处不是“名称: 值”",
    ),
    (
        r"not YAML: (found character .*that cannot start any token|found a tab character .*)",
        "不是有效的 YAML：此处不能是这个字符（缩进须用空格，以符号开头的文字请加引号）",
    ),
    (r"not YAML: found unexpected (end of stream|document indicator)", "不是有效的 YAML：引号没有闭合"),
    (r"not YAML: unacceptable character (.*)", r"不是有效的 YAML：有不能使用的字符 \1"),
    (r"not YAML: found undefined alias.*", "不是有效的 YAML：以 * 开头的文字请加引号"),
    (
        r"not YAML: could not determine a constructor for the tag (.*)",
        r"不是有效的 YAML：不认识 \1（以 ! 开头的文字请加引号）",
    ),
    (r"not YAML: found unknown escape character.*", r"不是有效的 YAML：双引号中有不认识的 \\ 写法（请改用单引号）"),
    (r"not YAML: but found another document", "不是有效的 YAML：--- 之后另起了一份内容"),
    (r"not YAML: found unhashable key", "不是有效的 YAML：名称不能是列表或映射"),
    (r"not YAML: (.*)", r"不是有效的 YAML（\1）"),
    (r"not JSON: (.*)", r"不是有效的 JSON（\1）"),
)


def in_words(message: str) -> str:
    """The Chinese sentence for the message of a `LexiconError`; the message itself for one without."""
    for english, chinese in _CHINESE:
        if match := re.fullmatch(english, message, re.DOTALL):
            return match.expand(chinese)
    return message


def place_of(fault: LexiconError) -> str:
    """`第 12 行第 3 列`, as far as it is known."""
    line, column = (f"第 {fault.line} 行" if fault.line else ""), (f"第 {fault.column} 列" if fault.column else "")
    return line + column


def told(fault: LexiconError, path: Path | None = None) -> str:
    """`rules/cure-rate.yml 第 12 行：…`; `path` is how the file is to be called."""
    named, place = path or fault.path, place_of(fault)
    return f"{named} {place}：{in_words(fault.message)}" if place else f"{named}：{in_words(fault.message)}"


def said_of(fault: Exception) -> str:
    """As `told` for a `LexiconError`, what the system says of a file for an OSError, the fault's own words for any other."""
    if isinstance(fault, LexiconError):
        return told(fault)
    if isinstance(fault, OSError) and fault.filename:
        return f"{fault.filename}：{file_fault(fault)}"
    return str(fault)
