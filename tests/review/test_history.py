"""What was decided before on the same operator, where a target is of many."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, true, update

from domain.reviews import Verdict
from domain.roles import Role
from domain.targets import TIP_NOTE
from review.decisions import Decisions
from review.intake import take_in
from review.item import load_item
from storage.tables import pages, targets
from tests.review.desk import PLAIN, SEED, Clock, Page, item_ids, night, people
from tests.storage.samples import NOW

#: Two pages of one operator, and one each of two others.
OPERATORS = {"a": "甲示例门诊部", "again": "甲示例门诊部", "b": "乙示例门诊部", "c": ""}


def found_with(engine: Engine, folder: Path, target: Mapping[str, str], asked: str, alike: bool = False) -> set[str]:
    """The pages whose decisions are shown with `asked` when all were dismissed. With `alike` all but `asked` are of another target
    that is like the first one."""
    clock = Clock()
    night_id, page_ids = night(engine, folder, {path: Page(0.9) for path in OPERATORS})
    with engine.begin() as connection:
        connection.execute(update(targets).values(institution="", note=""))
        clinic = targets.c.url == "http://clinic.example/"
        connection.execute(update(targets).where(true() if alike else clinic).values(**target))
        other = connection.scalar(select(targets.c.id).where(~clinic))
        for path, name in OPERATORS.items():
            said = {"site_name": name, "account": "", "institutions": []}
            moved = {"target_id": other} if alike and path != asked else {}
            connection.execute(update(pages).where(pages.c.id == page_ids[path]).values(said | moved))
    take_in(engine, night_id, NOW, PLAIN, SEED)
    ids = item_ids(engine, page_ids)
    one, two = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    for item in ids.values():
        Decisions(engine, clock).decide(one, item, Verdict.DISMISS, "negated", expected_version=1)
    shown = load_item(engine, folder, ids[asked], two, clock()).earlier
    by_item = {item: path for path, item in ids.items()}
    return {by_item[each.item_id] for each in shown}


@pytest.mark.parametrize("kind", ["list", "feed"])
def test_the_pages_of_a_list_are_not_of_one_operator(engine: Engine, tmp_path: Path, kind: str) -> None:
    """All that was decided on any page of the list stood there as decided on the operator of each."""
    assert found_with(engine, tmp_path, {"kind": kind, "name": "示例聚合"}, "a") == {"again"}


def test_what_names_nobody_is_like_nothing_else_of_its_list(engine: Engine, tmp_path: Path) -> None:
    assert found_with(engine, tmp_path, {"kind": "list", "name": "示例聚合"}, "c") == set()


def test_the_pages_of_a_site_are_of_one_operator(engine: Engine, tmp_path: Path) -> None:
    assert found_with(engine, tmp_path, {"kind": "site", "name": "示例集团"}, "a") == {"again", "b", "c"}


def test_a_list_whose_institution_is_given_is_of_that_one(engine: Engine, tmp_path: Path) -> None:
    target = {"kind": "list", "name": "示例集团", "institution": "示例集团"}
    assert found_with(engine, tmp_path, target, "a") == {"again", "b", "c"}


def test_what_came_in_as_tips_is_not_of_one_operator_for_the_name_that_we_gave_it(
    engine: Engine, tmp_path: Path
) -> None:
    target = {"kind": "wechat", "name": "微信文章", "note": TIP_NOTE}
    assert found_with(engine, tmp_path, target, "a", alike=True) == {"again"}


def test_targets_of_one_name_are_of_one_operator(engine: Engine, tmp_path: Path) -> None:
    target = {"kind": "site", "name": "示例集团"}
    assert found_with(engine, tmp_path, target, "a", alike=True) == {"again", "b", "c"}
