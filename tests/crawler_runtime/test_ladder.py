"""What a browser is asked to do for a page, by what that was worth at its site before."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.pages.page_text import Patience
from crawler.rendering.ladder import ASKED_FOR, FOLDED, LEAD, SHELL, THIN, Ladder
from domain.outcome import Outcome
from domain.page import ExtractedPage, Reading
from domain.site_trials import ActionKind, PageAction, Rung, SiteTrial
from domain.targets import RenderMode
from domain.visits import Rendering
from tests.crawler_runtime.fakes import WORDINGS
from tests.crawler_runtime.test_memory import Remembered

NOW = datetime(2026, 11, 25, 22, tzinfo=UTC)
URL = "http://www.clinic.example/a.html"
SCRIPTS = b"<script src=app.js></script>" + b" " * 5000
FULL = "本院开设多个专科门诊，" * 60


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def reading(text: str, body: int | None = None) -> Reading:
    page = ExtractedPage(
        url=URL, title="", text=text, encoding="utf-8", body_end=len(text) if body is None else body, text_share=0.05
    )
    return Reading(Outcome.CONTENT, "", page)


def shown(*actions: tuple[ActionKind, int]) -> Rendering:
    done = tuple(PageAction(kind, NOW, "", added) for kind, added in actions)
    return Rendering(b"", "", URL, "", "", "", (1, 1), NOW, NOW, actions=done)


def ladder(memory: Remembered, clock: Clock | None = None) -> Ladder:
    async def stored(call: Any, *arguments: object) -> Any:
        return call(*arguments)

    made = Ladder(memory, stored, WORDINGS.unfolding, clock or Clock())
    asyncio.run(made.load())
    return made


def learn(
    on: Ladder, why: str, sent: Reading, after: Reading, *actions: tuple[ActionKind, int], times: int = 1
) -> None:
    for _ in range(times):
        asyncio.run(on.learn(URL, why, sent, after, shown(*actions)))


def remembering(*trials: tuple[Rung, int]) -> Remembered:
    memory = Remembered()
    for rung, streak in trials:
        memory.keep_trial(SiteTrial("clinic.example", rung, streak, NOW))
    return memory


AUTO = RenderMode.AUTO


@pytest.mark.parametrize(
    ("mode", "sent", "body", "why"),
    [
        (RenderMode.NEVER, reading("短"), SCRIPTS, ""),
        (RenderMode.ALWAYS, reading(FULL), b"", ASKED_FOR),
        (RenderMode.ALWAYS, Reading(Outcome.HTTP_GONE), b"", ""),
        (AUTO, reading("短"), SCRIPTS, SHELL),
        (AUTO, reading("短"), b"", ""),
        (AUTO, Reading(Outcome.UNKNOWN), SCRIPTS, SHELL),
        (AUTO, reading(FULL), SCRIPTS, ""),
        (AUTO, reading(f"{FULL}\n展开全文\n版权"), SCRIPTS, FOLDED),
        (AUTO, reading(f"{FULL}\n展开全文\n版权"), b"", ""),
    ],
)
def test_of_an_unknown_site(mode: RenderMode, sent: Reading, body: bytes, why: str) -> None:
    assert ladder(Remembered()).why_shown(mode, URL, sent, body) == why


def test_a_site_whose_shells_stay_shells_is_read_as_sent_and_tried_again_the_next_night() -> None:
    clock, memory = Clock(), Remembered()
    on = ladder(memory, clock)
    learn(on, SHELL, reading("短"), reading("短"), times=2)
    assert on.why_shown(AUTO, URL, reading("短"), SCRIPTS) == SHELL
    learn(on, SHELL, reading("短"), reading("短"))
    assert on.why_shown(AUTO, URL, reading("短"), SCRIPTS) == ""
    assert on.why_shown(AUTO, URL, Reading(Outcome.UNKNOWN), SCRIPTS) == SHELL  # or nothing would be had at all
    clock.now = NOW + timedelta(days=1)
    next_night = ladder(memory, clock)
    assert next_night.why_shown(AUTO, URL, reading("短"), SCRIPTS) == SHELL
    learn(next_night, SHELL, reading("短"), reading("短"))
    assert next_night.why_shown(AUTO, URL, reading("短"), SCRIPTS) == ""


def test_where_scripts_build_pages_those_of_little_text_behind_a_menu_are_shown_too() -> None:
    menu = reading("菜单" * 200, body=20)
    memory = Remembered()
    on = ladder(memory)
    assert on.why_shown(AUTO, URL, menu, SCRIPTS) == ""
    learn(on, SHELL, reading("短"), reading(FULL))
    assert on.why_shown(AUTO, URL, menu, SCRIPTS) == THIN
    assert on.why_shown(AUTO, "http://clinic.example/b", menu, SCRIPTS) == THIN
    assert on.why_shown(AUTO, "http://other.example/", menu, SCRIPTS) == ""
    assert ladder(memory).why_shown(AUTO, URL, menu, SCRIPTS) == THIN
    learn(on, THIN, menu, menu)
    assert on.why_shown(AUTO, URL, menu, SCRIPTS) == ""


def test_waiting_is_done_at_once_where_it_helped_and_left_out_where_it_never_did() -> None:
    on = ladder(Remembered())
    assert on.ways(URL).patience is Patience.IF_THIN
    learn(on, SHELL, reading("短"), reading(FULL), (ActionKind.WAIT, 500))
    assert on.ways(URL).patience is Patience.ALWAYS
    learn(on, SHELL, reading("短"), reading("短"), (ActionKind.WAIT, 0), times=3)
    assert on.ways(URL).patience is Patience.NEVER


@pytest.mark.parametrize("action", [(ActionKind.UNFOLD, 3), (ActionKind.LEAVE, 0)])
def test_unfolding_that_brings_nothing_is_given_up(action: tuple[ActionKind, int]) -> None:
    on = ladder(Remembered())
    learn(on, LEAD, reading(FULL), reading(FULL), action, times=3)
    assert on.ways(URL).unfold is False
    assert on.unfolds("http://other.example/") is True
    assert on.why_shown(AUTO, URL, reading(f"{FULL}\n展开全文"), SCRIPTS) == ""


def test_what_looks_folded_and_is_not_counts_as_tried() -> None:
    on = ladder(remembering((Rung.UNFOLDING, -2)))
    learn(on, FOLDED, reading(FULL), reading(FULL))
    assert on.unfolds(URL) is False


def test_a_page_that_could_not_be_shown_counts_as_tried() -> None:
    memory = remembering((Rung.SCRIPTS, 4), (Rung.UNFOLDING, -2))
    on = ladder(memory)
    asyncio.run(on.learn_failure(URL, THIN))
    asyncio.run(on.learn_failure(URL, FOLDED))
    trials: Sequence[SiteTrial] = memory.trials()
    assert {(trial.rung, trial.streak) for trial in trials} == {(Rung.SCRIPTS, -1), (Rung.UNFOLDING, -3)}
