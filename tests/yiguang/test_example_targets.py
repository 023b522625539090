"""The targets file that people copy from."""

from pathlib import Path

from domain.targets import TargetKind
from yiguang.target_files import read_targets

EXAMPLE = Path(__file__).parents[2] / "examples" / "targets.csv"


def test_the_example_shows_the_columns_and_has_no_fault() -> None:
    targets, bad, unknown = read_targets(EXAMPLE)
    assert (bad, unknown) == ([], ())
    assert {target.kind for target in targets} == {
        TargetKind.SITE,
        TargetKind.WECHAT,
        TargetKind.ALBUM,
        TargetKind.LIST,
    }
    assert targets[0].exclude == ("/english/", "/wap/")
