"""What is done to have a page show its text, and what that was worth at its site."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rung(StrEnum):
    """Each asks more of a browser than the one before; below the first, the page is read as sent."""

    SCRIPTS = "scripts"
    PATIENCE = "patience"
    UNFOLDING = "unfolding"


RUNG_ZH: dict[Rung, str] = {
    Rung.SCRIPTS: "用浏览器显示",
    Rung.PATIENCE: "久等脚本",
    Rung.UNFOLDING: "展开折叠的内容",
}


@dataclass(frozen=True, slots=True)
class SiteTrial:
    """What a rung was worth at a site. `streak` counts tries in a row: above 0 those that brought text which was not there
    before, below 0 those that did not. `tried_at` is the last of them."""

    site: str
    rung: Rung
    streak: int
    tried_at: datetime


class ActionKind(StrEnum):
    WAIT = "wait"
    UNFOLD = "unfold"
    CONSENT = "consent"
    LEAVE = "leave"


ACTION_ZH: dict[ActionKind, str] = {
    ActionKind.WAIT: "等待脚本",
    ActionKind.UNFOLD: "点击展开",
    ActionKind.CONSENT: "点击遮住正文的提示",
    ActionKind.LEAVE: "点击后页面离开原处，已重新显示且不再点击",
}


@dataclass(frozen=True, slots=True)
class PageAction:
    """Something that was done to a page before it was photographed. `words` are those clicked on; `added_characters` how
    much more text the page showed after it, below 0 for less; `at` is when it began (aware UTC)."""

    kind: ActionKind
    at: datetime
    words: str = ""
    added_characters: int = 0
