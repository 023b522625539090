"""Whether the pictures of a page are worth the time that a night has for pictures."""

from collections import deque
from typing import Protocol

#: From here on a page is suspicious (`crawler.pictures.images.suspicion_of`).
SUSPICIOUS = 1.0
#: Nothing is concluded from fewer pages. Only suspicious pages may use more than this share of the time, or more than the
#: share of the night that is over: sites differ, and those to come may be worse than those seen.
_FEW_PAGES, _FIRST_SHARE = 20, 0.5
#: The last pages are taken for a picture of those to come.
_REMEMBERED = 2000


class ReadingTime(Protocol):
    """What the reader of pictures says of its time. `seconds_each` is what a picture has taken so far on average."""

    @property
    def left_seconds(self) -> float: ...

    @property
    def seconds_each(self) -> float: ...

    def has_time(self, share: float = 1.0) -> bool: ...


class PictureBudget:
    """A page's pictures are read when the time left is enough for all more suspicious pages that are still to be expected.

    So the time goes to the most suspicious pages of the whole night, though each page is decided on when it is visited: its
    evidence is taken then. What is to come is judged by what has come: by the share of pages of each suspicion and the
    number of pages that a night has.
    """

    def __init__(self, time: ReadingTime, pages_expected: int) -> None:
        """`pages_expected` is how many pages of content the crawl will have in all, 0 when nobody knows."""
        self._time = time
        self._expected = pages_expected
        self._pages = 0
        self._seen: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    def note(self, suspicion: float, pictures: int) -> None:
        """A page was judged that has so many pictures to read, perhaps none."""
        self._pages += 1
        self._seen.append((suspicion, pictures))

    def affords(self, suspicion: float) -> bool:
        """Whether the pictures of a page of such suspicion are to be read."""
        if not self._time.has_time():
            return False
        progress = self._pages / self._expected if self._expected else 0.0
        if suspicion < SUSPICIOUS and not self._time.has_time(max(_FIRST_SHARE, progress)):
            return False
        if self._expected == 0 or self._pages < _FEW_PAGES:
            return True
        return self._time.left_seconds > self._seconds_to_come(suspicion)

    def _seconds_to_come(self, suspicion: float) -> float:
        """What pages more suspicious than this will want."""
        pages = max(0, self._expected - self._pages)
        pictures = sum(wanted for rank, wanted in self._seen if rank > suspicion)
        return pages * pictures / len(self._seen) * self._time.seconds_each
