"""Leads from comparing a page with the registry: certificates, names and subjects. What the registry lacks stays 待核."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.certificate_coverage import CertificateCoverage
from domain.certificates import CertificateContext, CertificateRecord, Verdict, judge_certificate
from domain.findings import Finding, Judgement
from domain.identifiers import find_identifiers
from domain.institutions import RegisteredInstitution, name_key
from domain.name_findings import FindingKinds, added
from domain.page import ExtractedPage
from domain.practitioners import PractitionerBook, PractitionerLists, in_words, named_practitioners
from domain.subjects import SubjectBook

_CERTIFICATE_KINDS = {
    Verdict.MALFORMED: "certificate-malformed",
    Verdict.EXPIRED: "certificate-expired",
    Verdict.MISMATCH: "certificate-mismatch",
    Verdict.NOT_FOUND: "certificate-not-found",
}
_DEPARTMENT = re.compile(r"[\u4e00-\u9fa5]{2,7}科(?![技学普室研])")
_NEAR = 12
_MOST_SUBJECTS = 6
_NO_LISTS = PractitionerLists((), frozenset())
_CHANNEL = re.compile(r"(?:官网|官方网站|公众号|服务号|网站|首页)$")


@dataclass(frozen=True, slots=True)
class RegistryView:
    """What the registry knows of a page's operator: rows found by codes, domain, account or name, and certificates.

    `identified` are those found by something only the operator has (credit code, licence, domain, account).
    `practitioners` says what lists of practitioners have of an institution (by its names) and of doctors (by theirs).
    `list_that_lacks` gives the complete list that would have had a certificate of which there is no record.
    """

    found: tuple[RegisteredInstitution, ...]
    identified: tuple[RegisteredInstitution, ...]
    certificate: Callable[[str], CertificateRecord | None]
    list_that_lacks: Callable[[str], CertificateCoverage | None] = lambda _number: None
    practitioners: Callable[[Sequence[str], Sequence[str]], PractitionerLists] = lambda _institutions, _names: _NO_LISTS


def with_registry_findings(
    judgement: Judgement,
    page: ExtractedPage,
    view: RegistryView,
    captured_on: date,
    kinds: FindingKinds,
    subjects: SubjectBook,
    practitioners: PractitionerBook,
) -> Judgement:
    """The judgement with leads and remarks from the registry; only advertisements are compared, the score stays."""
    if not judgement.is_ad:
        return judgement
    findings: list[Finding] = []
    reasons: list[str] = []
    for finding, reason in (
        *_certificates(page, view, captured_on, kinds),
        *_name(page, view, kinds),
        *_subjects(page, view, kinds, subjects),
        *_practitioners(page, view, practitioners),
    ):
        reasons.append(reason)
        if finding is not None:
            findings.append(finding)
    return replace(
        judgement, findings=added(judgement.findings, findings), reasons=(*judgement.reasons, *dict.fromkeys(reasons))
    )


def _certificates(
    page: ExtractedPage, view: RegistryView, captured_on: date, kinds: FindingKinds
) -> Iterator[tuple[Finding | None, str]]:
    names = tuple(dict.fromkeys(name for item in view.identified or view.found for name in (item.name, *item.aliases)))
    region = next((item.region_code for item in view.identified if item.region_code), "")
    published = page.published_at.date() if page.published_at else None
    for number in find_identifiers(page.text):
        if number.kind != "medical-ad":
            continue
        record = view.certificate(number.value)
        lacking = view.list_that_lacks(number.value) if record is None else None
        context = CertificateContext(captured_on, published, names, region, register_complete=lacking is not None)
        judged = judge_certificate(number.value, context, record)
        kind = _CERTIFICATE_KINDS.get(judged.verdict)
        said = "；".join((*judged.reasons, *judged.hints, *filter(None, (judged.mild,))))
        if judged.expired_when_published is False and judged.verdict is Verdict.EXPIRED:
            said += "；发布时仍在有效期内"
        if lacking is not None and judged.verdict is Verdict.NOT_FOUND:
            said += f"（{lacking.source}，{lacking.as_of}，经导入者声明为{lacking.issuer}全部文号），是否存在待核"
        finding = kinds[kind].at(page.text, number.start, number.end) if kind is not None else None
        yield finding, f"文号“{number.value}”：{said}"


def _name(page: ExtractedPage, view: RegistryView, kinds: FindingKinds) -> Iterator[tuple[Finding | None, str]]:
    """A name that the operator uses and no source has for it; shortened names (简称) are its own."""
    if not view.identified:
        return
    known = {name_key(name) for item in view.identified for name in (item.name, *item.aliases, *item.accounts)}
    for shown in dict.fromkeys(filter(None, (page.site_name.strip(), page.account.strip()))):
        plain = name_key(_CHANNEL.sub("", shown))
        if not plain or any(plain in name or _is_subsequence(plain, name) or name in plain for name in known):
            continue
        registered = "、".join(dict.fromkeys(item.name for item in view.identified))
        start = page.text.find(shown)
        finding = kinds["name-differs"].at(page.text, start, start + len(shown)) if start >= 0 else None
        yield finding, f"页面名称“{shown}”，登记名称为“{registered}”，是否同一主体待核"


def _subjects(
    page: ExtractedPage, view: RegistryView, kinds: FindingKinds, subjects: SubjectBook
) -> Iterator[tuple[Finding | None, str]]:
    licensed = tuple(code for item in view.identified for code in item.subjects)
    if not licensed:
        return
    seen: set[str] = set()
    for match in _DEPARTMENT.finditer(page.text):
        found = _subject_at_end(match[0], subjects)
        if found is None:
            continue
        name, code = found
        start = match.end() - len(name)
        before, after = page.text[max(0, start - _NEAR) : start], page.text[match.end() : match.end() + _NEAR]
        if code in seen or subjects.covers(licensed, code) or _is_parent_of_licensed(code, licensed):
            continue
        if any(word in before + after for word in kinds.words["not_offered"]):
            continue
        if not any(word in before + after for word in kinds.words["offered"]):
            continue
        seen.add(code)
        if len(seen) > _MOST_SUBJECTS:
            return
        source = view.identified[0]
        yield (
            kinds["subject-not-licensed"].at(page.text, start, match.end()),
            f"“{name}”（{code}）不在登记的诊疗科目内（{source.source}，{source.as_of}），是否开展待核",
        )


def _practitioners(
    page: ExtractedPage, view: RegistryView, book: PractitionerBook
) -> Iterator[tuple[Finding | None, str]]:
    """Doctors whom no list has at this institution: a question to ask, never a lead."""
    known = [name for item in view.identified or view.found for name in (item.name, *item.aliases)]
    own = [_CHANNEL.sub("", name.strip()) for name in (page.site_name, page.account) if name.strip()]
    if not known and not own or not (named := named_practitioners(page.text, book)):
        return
    said = in_words(named, view.practitioners(known or own, [item.name for item in named]))
    if said:
        yield None, f"待核：{said}"


def _subject_at_end(words: str, subjects: SubjectBook) -> tuple[str, str] | None:
    """The longest known subject that the words end in: 设有心血管内科 gives 心血管内科."""
    for start in range(len(words) - 1):
        if (code := subjects.codes.get(words[start:])) is not None:
            return words[start:], code
    return None


def _is_parent_of_licensed(code: str, licensed: Sequence[str]) -> bool:
    """外科 on a page of one licensed for 普通外科 only is everyday speech."""
    return any(known.startswith(code + ".") for known in licensed)


def _is_subsequence(short: str, full: str) -> bool:
    """Whether a name of some length is made of the other's characters in order: 青屿安和 of 青屿安和门诊部."""
    rest = iter(full)
    return len(short) >= 3 and all(character in rest for character in short)
