"""Why a page could not be shown."""

from domain.outcome import Outcome


class RenderFailed(Exception):
    """The page could not be shown. The message is Chinese.

    `outcome` is our fault unless it is of the page's own doing (`by_itself`): it went where there is nothing to show, or
    kept the browser busy until time was up. `again` says whether another try in the same night may help.
    """

    def __init__(self, detail: str, outcome: Outcome = Outcome.OUR_FAULT, *, again: bool = True) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.again = again

    @property
    def by_itself(self) -> bool:
        return self.outcome is not Outcome.OUR_FAULT
