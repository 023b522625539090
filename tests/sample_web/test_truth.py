"""The truth table refuses lines that say nothing."""

from pathlib import Path

import pytest

from domain.outcome import Outcome
from examples.web.truth import Truth, load_truth


def _load(tmp_path: Path, line: str) -> Truth:
    table = tmp_path / "expected.toml"
    table.write_text(f'["www.a.example"]\n{line}\n', encoding="utf-8")
    return load_truth(table)


def test_lines_are_found_by_path_and_query_then_by_expression(tmp_path: Path) -> None:
    lines = '"/" = {}\n"/a?id=1" = { lead = "either" }\n\'^/c/\\d+$\' = { outcome = ["content", "timeout"] }'
    truth = _load(tmp_path, lines)
    home, post, month = (truth.of(f"http://www.a.example:81{path}") for path in ("", "/a?id=1", "/c/12"))
    assert home is not None and (home.outcomes, home.lead) == ((Outcome.CONTENT,), False)
    assert post is not None and post.lead is None
    assert month is not None and month.outcomes == (Outcome.CONTENT, Outcome.TIMEOUT)
    assert truth.of("http://www.a.example/a") is None
    assert truth.of("http://www.b.example/") is None


@pytest.mark.parametrize(
    "line",
    [
        '"/" = { outcome = "vanished" }',
        '"/" = { families = ["bad-luck"] }',
        '"/" = { families = "scalper" }',
        '"/" = { lead = "perhaps" }',
        '"/" = { lead = true, families = ["scalper"] }',
        '"/" = { lead = true, reason = "no ground" }',
    ],
)
def test_unknown_words_and_leads_without_ground_or_reason_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError):
        _load(tmp_path, line)
