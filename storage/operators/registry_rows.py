"""From a row of a published list to a registered institution, or the reason why not."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from domain.certificates import CertificateRecord, parse_certificate
from domain.institutions import RegisteredInstitution
from domain.licence_numbers import licence_key, parse_credit_code
from domain.subjects import SubjectBook
from storage.operators.registry_file import RegistryTable, heading_key

FIELDS = (
    "name", "alias", "credit_code", "licence", "institution_class", "grade", "ownership", "region", "region_code",
    "address", "subjects", "domain", "account", "affiliated_with", "certificate", "certificate_media",
    "certificate_from", "certificate_until", "ignored",
)  # fmt: skip
_SEVERAL = re.compile(r"[、，,；;|\n]+")
_DAY = re.compile(r"((?:19|20)\d{2})\s*[-./年]?\s*(\d{1,2})\s*[-./月]?\s*(\d{1,2})", re.ASCII)
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: its number in the file, the name if it has one, and why (Chinese)."""

    number: int
    name: str
    reason: str


class RowRefused(ValueError):
    """The message is Chinese."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """How rows of one file are read: from which source, of which day."""

    subjects: SubjectBook
    public_words: tuple[str, ...]
    private_words: tuple[str, ...]
    source: str
    as_of: date

    def read_all(self, table: RegistryTable) -> Iterator[RegisteredInstitution | BadRow]:
        """Every row of a table, read or refused, in order."""
        names = [index for index, field in table.columns.items() if field == "name"]
        for number, cells in table.rows:
            try:
                yield self.read(table.columns, cells)
            except RowRefused as fault:
                name = next((cells[index] for index in names if index < len(cells)), "")
                yield BadRow(number, name[:_LONGEST_NAME], str(fault))

    def read(self, columns: Mapping[int, str], cells: Sequence[str]) -> RegisteredInstitution:
        """Raises RowRefused with the reason."""
        values: dict[str, str] = {}
        for index, field in columns.items():
            if index < len(cells) and cells[index] and field not in values:
                values[field] = cells[index]
        name = " ".join(values.get("name", "").split())
        if not name:
            raise RowRefused("没有机构名称")
        if len(name) > _LONGEST_NAME:
            raise RowRefused(f"机构名称超过 {_LONGEST_NAME} 字")
        credit_code = _credit_code(values.get("credit_code", ""))
        ownership = values.get("ownership", "")
        region_code = values.get("region_code", "") or credit_code[2:8]
        return RegisteredInstitution(
            name=name,
            source=self.source,
            as_of=self.as_of,
            aliases=_several(values.get("alias", "")),
            credit_code=credit_code,
            licence=licence_key(values.get("licence", "")),
            institution_class=values.get("institution_class", ""),
            grade=values.get("grade", ""),
            public=self._is_public(ownership, credit_code),
            ownership=ownership,
            region=values.get("region", ""),
            region_code=region_code if re.fullmatch(r"\d{6}", region_code, re.ASCII) else "",
            address=values.get("address", ""),
            subjects=self.subjects.read_list(values.get("subjects", ""))[0],
            domains=tuple(_host(part) for part in _several(values.get("domain", ""))),
            accounts=_several(values.get("account", "")),
            affiliated_with=_several(values.get("affiliated_with", "")),
            certificates=tuple(self._certificates(name, values)),
        )

    def _is_public(self, ownership: str, credit_code: str) -> bool | None:
        """By what the list says, 非营利 saying neither; else by the credit code's register."""
        plain = (
            ownership.replace("非营利性", "")
            .replace("非营利", "")
            .replace("非公立", "民营")
            .replace("非政府办", "民营")
        )
        if any(word in plain for word in self.private_words):
            return False
        if any(word in plain for word in self.public_words):
            return True
        return {"12": True, "52": False, "91": False, "92": False}.get(credit_code[:2])

    def _certificates(self, name: str, values: Mapping[str, str]) -> Iterator[CertificateRecord]:
        for number in re.split(
            r"[、，,；;|\n]+(?=[(（京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁])",
            values.get("certificate", ""),
        ):
            if not number.strip():
                continue
            if parse_certificate(number) is None:
                raise RowRefused(f"审查证明文号不合任何已知格式：{number}")
            yield CertificateRecord(
                number=number.strip(),
                holder=name,
                media=_several(values.get("certificate_media", "")),
                valid_from=_day(values.get("certificate_from", "")),
                valid_until=_day(values.get("certificate_until", "")),
                source=self.source,
                as_of=self.as_of,
            )


def load_headings(lexicons: Path) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Fields by heading key, and the words for public and private ownership."""
    data = tomllib.loads((lexicons / "registry" / "headers.toml").read_text("utf-8"))
    public = data.pop("public")
    headings = {heading_key(heading): field for field, spellings in data.items() for heading in spellings}
    return headings, tuple(public["yes"]), tuple(public["no"])


def _credit_code(text: str) -> str:
    if not text or text in {"-", "无", "/"}:
        return ""
    if re.search(r"\d[eE]\+\d", text):
        raise RowRefused(f"信用代码被表格软件改写为科学计数：{text}")
    plain = re.sub(r"\s", "", text).upper()
    if re.fullmatch(r"[0-9A-Z]{8}-?[0-9X]", plain):
        return ""  # the older organisation code, a part of the licence number
    code = parse_credit_code(plain)
    if code is None or not code.holds:
        raise RowRefused(f"统一社会信用代码有误：{text}")
    return code.code


def _several(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in _SEVERAL.split(cell) if part.strip() not in ("", "-", "无")))


def _host(address: str) -> str:
    return re.sub(r"^https?://", "", address.strip().lower()).split("/")[0].split(":")[0].removeprefix("www.")


def _day(text: str) -> date | None:
    match = _DAY.search(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise RowRefused(f"日期不存在：{text}") from None
