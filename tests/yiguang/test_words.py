"""What people read says one word for one thing (decision 60)."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
_RULED_OUT = (
    "复核台", "核查台", "审核日志", "操作日志", "遮盖副本", "经手人", "复核单", "复核取证", "复核人员", "精确率", "召回率",
)  # fmt: skip
_TOLD = (
    "README.zh-CN.md", "docs/zh/*.md", "yiguang/**/*.py", "review/**/*.py", "review/web/templates/*.html", "storage/**/*.py",
    "referral/**/*.py", "domain/*.py", "examples/*.py", "lexicons/letters/**/*.html", "lexicons/letters/**/*.t*",
    "lexicons/keeping/*", "lexicons/desk/*", "lexicons/alerts/*", "lexicons/statistics/*",
)  # fmt: skip


def test_words_that_were_ruled_out_are_nowhere() -> None:
    files = [path for pattern in _TOLD for path in ROOT.glob(pattern)]
    assert len(files) > 300
    assert [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files
        for word in _RULED_OUT
        if word in path.read_text(encoding="utf-8")
    ] == []
