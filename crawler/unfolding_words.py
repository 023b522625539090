"""Labels behind which a page keeps the rest of its text; the words are data (`lexicons/web/unfolding.toml`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.page import ExtractedPage

#: Around a label: 「 展开全文 ∨ 」, 【查看更多>>】, "查看全部 (12)". The page's own script does the same (`unfolding.py`).
AROUND = r"[(（]\d{1,5}[)）]|[\s>»›▼▽▾∨↓﹀⌄+＋.…·,，:：。!！()（）【】\[\]「」《》<«\-—]"
_AROUND = re.compile(AROUND)
#: No label is longer, arrows and all.
LONGEST = 24


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Labels as `label_of` gives them."""

    more: frozenset[str]
    consent: frozenset[str]

    def is_offered(self, page: ExtractedPage) -> bool:
        """Whether a page as sent has a label to unfold it, that is not the text of a link to another page."""
        linked = {label_of(link.text) for link in page.links}
        lines = (label_of(line) for line in page.text.split("\n") if len(line) <= LONGEST)
        return any(label in self.more and label not in linked for label in lines)


def label_of(text: str) -> str:
    """What stands on a button, without what surrounds it; lower case."""
    return _AROUND.sub("", text).lower()


def unfolding_of(table: Mapping[str, Sequence[str]]) -> Unfolding:
    """From the data of `unfolding.toml`. Raises KeyError."""
    return Unfolding(
        frozenset(label_of(label) for label in table["more"]), frozenset(label_of(label) for label in table["consent"])
    )
