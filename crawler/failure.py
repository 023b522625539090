"""Why a URL could not be fetched, as a typed outcome."""

from domain.outcome import Outcome


class FetchFailed(Exception):
    """A fetch that ended without a usable response.

    `detail` is Chinese for the ledger. `again` says whether another try in the same night may help.
    """

    def __init__(self, outcome: Outcome, detail: str, *, again: bool) -> None:
        super().__init__(f"{outcome.value}: {detail}")
        self.outcome = outcome
        self.detail = detail
        self.again = again
