"""Leads of which nobody knows whose they are: a host in the place of a name says that it is one."""

from dataclasses import replace

import pytest

from domain.routing import Recipient
from referral.letter import lead_values
from referral.lists import case_rows, url_rows
from tests.referral.leads import LEAD, consignment

HOST = "clinic.example"


@pytest.mark.parametrize(("site_name", "shown"), [(HOST, f"网站 {HOST}"), ("示例门诊部", "示例门诊部")])
def test_the_papers_label_what_is_no_name(site_name: str, shown: str) -> None:
    lead = replace(LEAD, site_name=site_name, named=())
    sent = consignment(Recipient.AMR, lead)
    ((number, _, route),) = sent.numbered()
    assert lead_values(number, lead, route, sent.card, {})["subject"] == shown
    ((*_, subject, _, _),) = url_rows([lead])
    assert subject == shown and any(shown in cell for row in case_rows(sent) for cell in row)
