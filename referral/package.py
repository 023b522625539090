"""A package as files: what goes to the recipient, and its list with digests."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from domain.outbox import STATEMENT_ZH
from domain.routing import BASIS_ZH, SEAT_ZH
from referral.checklist import check
from referral.lead import ReferredLead
from referral.letter import LIAISON, Consignment, office_of
from referral.lists import (
    CASE_HEADINGS,
    EVIDENCE_HEADINGS,
    URL_HEADINGS,
    as_csv,
    as_xlsx,
    case_rows,
    evidence_rows,
    url_rows,
)
from referral.paper import on_paper
from referral.transfer_papers import papers_text
from storage.canonical import canonical_json
from storage.digests import sha256_hex, sm3_hex
from storage.files_on_demand import FilesOnDemand

FORMAT = "yiguang-referral-1"
MANIFEST = "清单.json"
DIGESTS = "校验值.txt"


class AttachmentTooLarge(Exception):
    """One file alone is more than the recipient takes in one transmission; the message is Chinese."""


def lists_of(consignment: Consignment) -> dict[str, bytes]:
    """The lists of addresses, of leads and of evidence, each as a workbook and as CSV."""
    leads = consignment.leads
    return {
        "网址清单.xlsx": as_xlsx("网址清单", URL_HEADINGS, url_rows(leads)),
        "网址清单.csv": as_csv(URL_HEADINGS, url_rows(leads)),
        "线索情况表.xlsx": as_xlsx("线索情况表", CASE_HEADINGS, case_rows(consignment)),
        "线索情况表.csv": as_csv(CASE_HEADINGS, case_rows(consignment)),
        "证据目录.xlsx": as_xlsx("证据目录", EVIDENCE_HEADINGS, evidence_rows(leads)),
        "证据目录.csv": as_csv(EVIDENCE_HEADINGS, evidence_rows(leads)),
    }


def listings(rows: Sequence[Mapping[str, object]], consignment: Consignment) -> dict[str, bytes]:
    """The list of digests for people and, last, the one for machines; each names every file but these two. `rows` are those of
    `rows_of`."""
    return {DIGESTS: digests_text(rows).encode(), MANIFEST: canonical_json(_facts(consignment) | {"files": list(rows)})}


def rows_of(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What the list for machines says of each file, in their order."""
    return [
        {"name": name, "bytes": len(data), "sha256": sha256_hex(data), "sm3": sm3_hex(data)}
        for name, data in files.items()
    ]


def digests_text(rows: Sequence[Mapping[str, object]]) -> str:
    """What `sha256sum -c` reads."""
    return "".join(f"{row['sha256']}  {row['name']}\n" for row in rows)


def _facts(consignment: Consignment) -> dict[str, object]:
    """What `docs/schema/referral.schema.json` describes."""
    return {
        "format": FORMAT,
        "number": consignment.number,
        "recipient": consignment.card.recipient.value,
        "sender": consignment.sender,
        "made_at": consignment.made_at.isoformat(),
        "nature": "lead",
        "opinion": consignment.told.get("opinion") or None,
        "leads": [
            {
                "case": lead.case_id,
                "url": lead.url,
                "final_url": lead.final_url,
                "title": lead.title,
                "site_name": lead.site_name,
                "account": lead.account or None,
                "subject": lead.subject.name or None,
                "medium": lead.publication.medium.value,
                "published_at": None if lead.published_at is None else lead.published_at.isoformat(),
                "captured_at": lead.captured_at.isoformat(),
                "bundle_sha256": lead.bundle_sha256,
                "is_advertisement": lead.is_ad,
                "jurisdiction": {
                    "seat": route.jurisdiction.seat.value,
                    "region": route.jurisdiction.region or None,
                    "basis": route.jurisdiction.basis,
                },
                "reasons": list(route.reasons),
                "confirmed_by": len(lead.confirmations),
                "claims": [
                    {
                        "quote": claim.quote,
                        "start": claim.start,
                        "end": claim.end,
                        "rule": claim.rule,
                        "family": claim.family,
                        "matter": claim.title,
                        "severity": claim.severity,
                        "basis": [article.basis for article in claim.articles],
                    }
                    for claim in lead.claims
                ],
                **_checked(lead, consignment),
                "statements": [
                    {"kind": said.kind.value, "at": said.at.isoformat(), "text": said.text} for said in lead.statements
                ],
                "looks": [
                    {
                        "at": each.look.at.isoformat(),
                        "outcome": each.look.outcome.value,
                        "grade": each.grade.value,
                        "reappeared": each.reappeared,
                        "bundle_sha256": each.bundle_sha256 or None,
                    }
                    for each in lead.looks
                ],
            }
            for lead, route in zip(consignment.leads, consignment.routes, strict=True)
        ],
    }


def _checked(lead: ReferredLead, consignment: Consignment) -> dict[str, object]:
    checked = check(lead, consignment.card, consignment.told)
    return {
        "present": [{"label": item.label, "value": on_paper(item.value)} for item in checked if item.value],
        "missing": [item.label for item in checked if not item.value],
    }


def checklist_text(consignment: Consignment, *, transfer: bool = False) -> str:
    """For the sender's own desk: what the recipient asks for, what of it is there, where the rest may be had, and what the program found
    and the letter leaves out because the readers did not hold it; with `transfer` also which papers are drafts."""
    lines = [f"移送材料核对单　{consignment.number}　接收：{consignment.card.name}", "（内部使用，不随函寄送）"]
    for lead, route in zip(consignment.leads, consignment.routes, strict=True):
        checked = check(lead, consignment.card, consignment.told)
        lacking = [item for item in checked if not item.value]
        lines += ["", f"线索 {lead.case_id}　{on_paper(lead.title)}"]
        lines += [f"  [有] {item.label}：{on_paper(item.value)}" for item in checked if item.value]
        lines += [f"  [缺] {item.label}（{item.how}）" for item in lacking]
        lines += [f"  [未列入] {on_paper(each.said)}" for each in lead.left_out]
        lines += [f"  {STATEMENT_ZH[said.kind]}：{on_paper(said.text)}" for said in lead.statements]
        lines += [f"  送达依据：{on_paper(reason)}" for reason in route.reasons]
        seat = route.jurisdiction
        lines.append(
            f"  管辖：{SEAT_ZH[seat.seat]}，{on_paper(seat.region) or '待查'}（{BASIS_ZH.get(seat.basis, seat.basis)}）"
        )
        lines.append(f"  共 {len(checked)} 项，缺 {len(lacking)} 项")
    lines += ["", "函", f"  [缺] 主送机关的全称（函中写作“{office_of(consignment)}”）"]
    if not consignment.told.get(LIAISON, "").strip():
        lines.append(f"  [缺] 本单位联系人、电话（--told {LIAISON}=姓名，电话，或者在 Word 中填写）")
    lines.append("  [缺] 盖章")
    if transfer:
        lines += papers_text(consignment.card, consignment.told)
    return "\n".join(lines) + "\n"


def transmissions(files: Mapping[str, bytes], sizes: Mapping[str, int], limit_bytes: int, number: str) -> FilesOnDemand:
    """The files as archives of at most so many bytes each, in their order, by file name. Raises AttachmentTooLarge.

    `sizes` are those of all files, in bytes. An archive is made, and its files are read, when it is looked at; with `files` on disk
    no more than `limit_bytes` of them are in memory.
    """
    batches = list(_batches(sizes, limit_bytes))
    return FilesOnDemand(
        {
            f"{number}（{place}／{len(batches)}）.zip": partial(_archive, files, names)
            for place, names in enumerate(batches, 1)
        }
    )


def sizes_of(rows: Sequence[Mapping[str, Any]], lists: Mapping[str, bytes]) -> dict[str, int]:
    """Of the files in the rows of `rows_of`, and of the lists that follow them."""
    return {row["name"]: row["bytes"] for row in rows} | {name: len(data) for name, data in lists.items()}


def _batches(sizes: Mapping[str, int], limit_bytes: int) -> Iterator[list[str]]:
    """Nearly all is compressed already (pictures, workbooks), so that an archive is reckoned as the sum of its files."""
    batch: list[str] = []
    filled = 0
    for name, length in sizes.items():
        size = length + 2 * len(name.encode()) + 400  # its headers, on the safe side
        if size + 100 > limit_bytes:
            raise AttachmentTooLarge(
                f"{name} 有 {length / 1e6:.1f} MB，超过接收部门一次可收的 {limit_bytes / 1e6:g} MB"
            )
        if batch and filled + size + 100 > limit_bytes:
            yield batch
            batch, filled = [], 0
        batch.append(name)
        filled += size
    if batch:
        yield batch


def _archive(files: Mapping[str, bytes], names: Sequence[str]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], ZIP_DEFLATED)
    return out.getvalue()
