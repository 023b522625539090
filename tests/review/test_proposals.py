"""Proposed changes of rules, which lie in files."""

from datetime import UTC, datetime
from pathlib import Path

from review.web.proposals import list_proposals, write_proposal

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def test_a_rule_has_not_the_proposals_of_one_whose_name_ends_alike(tmp_path: Path) -> None:
    first = write_proposal(tmp_path, "rate", "", {}, NOW)
    write_proposal(tmp_path, "cure-rate", "", {}, NOW)
    assert list_proposals(tmp_path, "rate") == [first]
    assert list_proposals(tmp_path, "none") == []
