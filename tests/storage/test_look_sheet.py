"""The sheet that tells of looks names what the sealed evidence says, and no patient."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.sealing.seal_states import seal_states
from storage.takedowns.look_sheet import LookTemplateBroken, SealedLook, look_sheet
from storage.takedowns.takedown import ReferredCase
from tests.storage.look_nights import LADDER, LEXICONS, climb

TEMPLATE = (LEXICONS / "letters" / "look-record.txt").read_text(encoding="utf-8")


def _sealed(engine: Engine, folder: Path, case: ReferredCase) -> list[SealedLook]:
    states = seal_states(engine, [each.bundle for each in case.looks])
    return [SealedLook((folder / each.bundle).read_bytes(), states[each.bundle]) for each in case.looks]


def test_every_look_is_told_with_its_evidence_and_its_seal(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    sheet = look_sheet(_sealed(engine, tmp_path, case), TEMPLATE)
    assert f"共 {len(LADDER)} 次" in sheet
    assert all(each.bundle_sha256 in sheet for each in case.looks)
    assert (
        "第 3 次　2026-12-03 02:00（北京时间），移送后第 7 日\n  结果：未能访问，不能认定\n  所见：超时，没有收到应答"
        in sheet
    )
    assert "对照：本站其他页面正常" in sheet
    assert "此前曾下线或改正，现又出现" in sheet
    assert "封存：第 2 号封存摘要，2026-11-27 02:00，没有机构时间戳" in sheet
    assert "新出现：█" in sheet
    assert "李小明" not in sheet and "13900000000" not in sheet


def test_a_template_with_a_wrong_name_is_told(engine: Engine, tmp_path: Path) -> None:
    looks = _sealed(engine, tmp_path, climb(engine, tmp_path))
    with pytest.raises(LookTemplateBroken, match="模板有误"):
        look_sheet(looks, TEMPLATE + "$nothing_of_that_name")
    with pytest.raises(ValueError, match="no look"):
        look_sheet([], TEMPLATE)
    assert "尚未封存" in look_sheet([SealedLook(looks[0].bundle, None)], TEMPLATE)
