"""How a page is to be shown."""

from dataclasses import dataclass

from crawler.pages.page_text import Patience


@dataclass(frozen=True, slots=True)
class Ways:
    """Without `scripts` none run and the page stays where it is; nothing is waited for or unfolded then."""

    scripts: bool = True
    patience: Patience = Patience.IF_THIN
    unfold: bool = True


PLAIN = Ways(scripts=False, patience=Patience.NEVER, unfold=False)
