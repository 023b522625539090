"""Names of medical institutions that a text mentions."""

from collections import Counter

from crawler.wordings import Wordings

#: Characters in front of the ending that may belong to a name.
_LONGEST_FRONT = 22
_SHORTEST_FRONT = 2
_MENTIONS_READ = 400
_NAMES_KEPT = 12


def find_institutions(text: str, wordings: Wordings) -> tuple[str, ...]:
    """The names most often mentioned, most frequent first, at most 12; general words such as 三甲医院 are left out."""
    counted: Counter[str] = Counter()
    for number, match in enumerate(wordings.institution_ending.finditer(text)):
        if number >= _MENTIONS_READ:
            break
        name = _name_before(text, match.start(), wordings) + match[0]
        general = wordings.institution_generic
        if len(name) >= len(match[0]) + _SHORTEST_FRONT and name not in general and name[1:] not in general:
            counted[name] += 1
    return tuple(name for name, _ in counted.most_common(_NAMES_KEPT))


def _name_before(text: str, end: int, wordings: Wordings) -> str:
    """The front of a name: the Chinese characters before its ending, cut behind the last word that is no part of one."""
    start = end
    while start > max(0, end - _LONGEST_FRONT) and (
        "\u4e00" <= text[start - 1] <= "\u9fa5" or text[start - 1] in "·（）"
    ):
        start -= 1
    front = text[start:end]
    named = [ending.end() for ending in wordings.institution_ending.finditer(front)]
    cut = named[-1] if named else 0  # what follows the name of one institution begins another
    for word in wordings.institution_cut.finditer(front):
        if word["cut"]:
            cut = max(cut, word.end())
    return front[cut:].lstrip("·）（")
