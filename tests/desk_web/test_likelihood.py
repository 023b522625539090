"""A score is never shown as a certainty."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.roles import Role
from review.web.rendering import likelihood
from tests.desk_web.served import served_desk
from tests.review.desk import Page, desk


@pytest.mark.parametrize(
    ("score", "digits", "shown"),
    [
        (None, 0, "—"), (0.0, 0, "<1%"), (0.004, 0, "<1%"), (0.01, 0, "1%"), (0.501, 0, "50%"), (0.994, 0, "99%"),
        (0.995, 0, ">99%"), (1.0, 0, ">99%"), (0.9994, 1, "99.9%"), (0.9999999, 1, ">99.9%"), (0.0001, 1, "<0.1%"),
    ],
)  # fmt: skip
def test_a_likelihood_is_not_rounded_to_certainty(score: float | None, digits: int, shown: str) -> None:
    assert likelihood(score, digits) == shown


def test_the_desk_calls_no_lead_certain(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST,)) as served:
        items = desk(engine, tmp_path, {"a": Page(0.9999999)})
        analyst = served.client(Role.ANALYST)
        for path in ("/queue", f"/items/{items['a']}"):
            page = analyst.get(path).text
            assert "&gt;99%" in page and ">100%<" not in page, path
        assert "&gt;99.9%" in page and "100.0%" not in page
