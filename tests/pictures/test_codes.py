"""What two-dimensional codes lead to."""

from pathlib import Path

import pytest

from crawler.qr import kind_of
from crawler.wordings import load_wordings

KINDS = load_wordings(Path(__file__).parents[2] / "lexicons" / "web").code_kinds


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ("https://u.wechat.com/demo_EAbCdE", "add-friend"),
        ("HTTPS://WORK.WEIXIN.QQ.COM/ca/cawcdedemo", "add-friend"),
        ("https://qm.qq.com/q/demo", "add-friend"),
        ("tel:000-00001234", "add-friend"),
        ("wxp://f2f0demo", "pay"),
        ("https://qr.alipay.com/fkx0demo", "pay"),
        ("https://wxaurl.cn/demo", "mini-program"),
        ("https://mp.weixin.qq.com/a/~demo", "mini-program"),
        ("http://weixin.qq.com/r/demo", "follow"),
        ("https://mp.weixin.qq.com/s/demo", "follow"),
        ("https://www.samr.gov.cn/fw/", "government"),
        ("gov.cn", "government"),
        ("https://www.samr.gov.cn.demo.example/", "other"),
        ("https://demo.example/?to=u.wechat.com/abc", "other"),
        ("https://[broken", "other"),
        ("凭此码到前台", "other"),
        ("", "other"),
    ],
)
def test_kind(payload: str, kind: str) -> None:
    assert kind_of(payload, KINDS).name == kind


def test_only_codes_to_a_person_are_a_channel() -> None:
    assert [kind.name for kind in KINDS if kind.channel] == ["add-friend"]
