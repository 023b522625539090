"""Why a page could not be shown."""

from domain.outcome import Outcome


class RenderFailed(Exception):
    """The page could not be shown. The message is Chinese.

    `outcome` is our fault unless it is of the page's own doing: it went where there is nothing to show, or kept the
    browser busy until time was up. `again` says whether another try in the same night may help. `broke_browser` is true
    when the page, alone in a browser, brought it down: nothing of that is the network's or another page's doing.
    """

    def __init__(
        self, detail: str, outcome: Outcome = Outcome.OUR_FAULT, *, again: bool = True, broke_browser: bool = False
    ) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.again = again
        self.broke_browser = broke_browser

    @property
    def by_itself(self) -> bool:
        """Whether the page as written is why, so that it may be shown without its scripts."""
        return self.broke_browser or self.outcome is not Outcome.OUR_FAULT
