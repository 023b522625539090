"""The 工作量化统计表 as a workbook: the table, charts, every number's list of facts, the ledger, and what is counted how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter

from referral.institution_ledger import HEADINGS, LedgerLine
from referral.paper import in_cell
from referral.statistics import Column, Fact, Period

_TO_FILL_IN = "（由填报单位填写）"
_CHARTED = ("confirmed", "dismissed")
_REFERRED = "to:"
_FORMATS = {"count": "#,##0", "yuan": "#,##0.00", "share": "0.0%"}
Values = Mapping[tuple[str, str], float | None]


@dataclass(frozen=True, slots=True)
class Report:
    """What the table says. `remarks` are Chinese sentences that go with it; `months` is how many of the periods are months."""

    title: str
    columns: Sequence[Column]
    periods: Sequence[Period]
    months: int
    values: Values
    facts: Sequence[Fact]
    ledger: Sequence[LedgerLine]
    remarks: Sequence[str]


def workbook(report: Report) -> bytes:
    """The same report gives the same bytes but for the time of making that the format demands."""
    out = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": report.title, "author": "", "comments": ""})
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1, "text_wrap": True}),
            "text": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            **{
                unit: book.add_format({"border": 1, "num_format": form, "valign": "top"})
                for unit, form in _FORMATS.items()
            },
        }
        _table(book, report, formats)
        _charts(book, report)
        titles = {column.key: column.title for column in report.columns}
        facts = (
            (titles.get(fact.key, fact.key), fact.day.isoformat(), fact.what, _amount(fact)) for fact in report.facts
        )
        _list(book, "明细", ("项目", "日期", "内容", "数量"), facts, formats)
        _list(book, "机构台账", HEADINGS, (line.cells for line in report.ledger), formats)
        notes = [(column.title, column.note) for column in report.columns if column.note]
        _list(book, "说明", ("项目", "统计口径"), [*notes, *(("说明", remark) for remark in report.remarks)], formats)
    return out.getvalue()


def _table(book: Any, report: Report, formats: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("统计表")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(report.periods), 14)
    sheet.write_string(0, 0, report.title, formats["head"])
    for place, period in enumerate(report.periods, 1):
        sheet.write_string(0, place, period.title, formats["head"])
    for row, column in enumerate(report.columns, 1):
        sheet.write_string(row, 0, in_cell(column.title), formats["text"])
        for place, period in enumerate(report.periods, 1):
            value = report.values.get((column.key, period.title))
            if column.outside:
                sheet.write_string(row, place, _TO_FILL_IN, formats["text"])
            elif value is None and column.unit == "share":
                sheet.write_string(row, place, "—", formats["text"])
            else:
                sheet.write_number(row, place, value or 0.0, formats[column.unit])
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _charts(book: Any, report: Report) -> None:
    """Months side by side: what people decided, and what left to whom."""
    sheet = book.add_worksheet("图表")
    rows = {column.key: number for number, column in enumerate(report.columns, 1)}
    groups = (("人工确认与排除", _CHARTED), ("移送（件）", tuple(key for key in rows if key.startswith(_REFERRED))))
    for place, (title, keys) in enumerate(groups):
        chart = book.add_chart({"type": "column", "subtype": "clustered" if place == 0 else "stacked"})
        for key in keys:
            row = rows.get(key)
            if row is not None:
                chart.add_series(
                    {
                        "name": ["统计表", row, 0],
                        "categories": ["统计表", 0, 1, 0, report.months],
                        "values": ["统计表", row, 1, row, report.months],
                    }
                )
        chart.set_title({"name": title})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 760, "height": 320})
        sheet.insert_chart(1 + place * 18, 1, chart)


def _list(
    book: Any, name: str, headings: Sequence[str], rows: Iterable[Sequence[str]], formats: Mapping[str, Any]
) -> None:
    sheet = book.add_worksheet(name)
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, 16 if column else 30)
        sheet.write_string(0, column, heading, formats["head"])
    place = 0
    for place, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            sheet.write_string(place, column, in_cell(cell)[:32_767], formats["text"])
    if place:
        sheet.autofilter(0, 0, place, len(headings) - 1)
    sheet.freeze_panes(1, 0)


def _amount(fact: Fact) -> str:
    return f"{fact.amount / 100:.2f} 元" if fact.key == "fines" else str(fact.amount)


def page_values(report: Report) -> dict[str, Any]:
    """What the template of the printed table is given."""
    rows = []
    for column in report.columns:
        cells = []
        for period in report.periods:
            value = report.values.get((column.key, period.title))
            cells.append(_TO_FILL_IN if column.outside else _printed(value, column.unit))
        rows.append({"title": column.title, "cells": cells})
    return {
        "title": report.title,
        "periods": [period.title for period in report.periods],
        "rows": rows,
        "remarks": list(report.remarks),
    }


def _printed(value: float | None, unit: str) -> str:
    if unit == "share":
        return "—" if value is None else f"{value:.1%}"
    return f"{value or 0:,.2f}" if unit == "yuan" else f"{int(value or 0):,}"
