"""Whose page it is where no name is known: a number or a host is not shown as if it were one."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from domain.roles import Role
from storage.tables import desk_items
from tests.desk_web.served import served_desk
from tests.review.desk import Page, desk


@pytest.mark.parametrize(
    ("institution", "target", "shown"),
    [
        ("52110000MJ0000008K", "示例门诊部", "统一社会信用代码 52110000MJ0000008K"),
        ("clinic.example", "示例门诊部", "网站 clinic.example"),
        ("", "www.clinic.example", "网站 www.clinic.example"),
        ("", "示例门诊部", "示例门诊部"),
    ],
)
def test_a_number_or_a_host_is_labelled(
    engine: Engine, tmp_path: Path, institution: str, target: str, shown: str
) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST,)) as served:
        ids = desk(engine, tmp_path, {"a": Page(0.9)})
        with engine.begin() as connection:
            connection.execute(update(desk_items).values(institution=institution, target=target))
        client = served.client(Role.ANALYST)
        assert f'<td class="inst">{shown}<' in client.get("/queue").text
        assert f"<b>{shown}</b>" in client.get(f"/items/{ids['a']}").text
