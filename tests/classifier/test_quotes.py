"""Quotes are whole phrases where they are near; pages on other subjects count less."""

import pytest

from classifier.features import off_topic
from classifier.findings import phrase_end, phrase_start


@pytest.mark.parametrize(
    ("text", "matched", "quote"),
    [
        ("签约治疗,无效退款,放心来院", "无效退", "无效退款"),
        ("我们保证,不满意全额退款,欢迎预约", "保证,不满意全额", "我们保证,不满意全额退款"),
        ("热玛吉一次年轻十岁,欢迎体验", "一次年轻十", "热玛吉一次年轻十岁"),
        ("采用全新的综合疗法见效,治愈率达98%以上", "见效,治愈率达98%", "治愈率达98%以上"),
        ("手术后两周就能恢复正常工作和生活的人数越来越多了", "恢复正常", "恢复正常"),
        ("2.效果持久,可维持一年", "效果持久", "效果持久"),
        ("- 疗效肯定,服用方便", "疗效肯定", "疗效肯定"),
        ("费用降了1.5成,很实惠", "降了1.5", "费用降了1.5成"),
        ("洁牙仪快速,无痛,可预防牙龈出血", "快速,无痛,", "洁牙仪快速,无痛"),
        ("做到了无创、微痛、少出血的一次手术", "无创、", "做到了无创"),
        ("这项费用先后降了整整三", "降了整整三", "降了整整三"),
        ("这项治疗费用从去年开始先后一共降了三成还要比前年更多一些吧", "先后一共降了三", "先后一共降了三成"),
        ("据(去年一月)的真实口碑,本品很好", "真实口碑", "真实口碑"),
    ],
)
def test_a_quote_is_a_phrase(text: str, matched: str, quote: str) -> None:
    start = text.index(matched)
    end = start + len(matched)
    assert text[phrase_start(text, start, end) : phrase_end(text, end)] == quote


def test_only_a_long_text_without_a_word_of_medicine_is_off_topic() -> None:
    assert off_topic(0.0, 100) == 0.0
    assert off_topic(1.0, 5000) == 0.0
    assert 0.0 < off_topic(0.5, 500) < off_topic(0.0, 500) < off_topic(0.0, 5000) == 1.0
