"""Fields of the other numbers a medical page carries: practice licences and credit codes."""

import re
from dataclasses import dataclass

from domain.contacts import plain_digits
from domain.identifiers import credit_code_holds

# PDY00066X31010412A1002: organisation 9, region 6, economic type 2, class 4, management 1
_LICENCE = re.compile(r"([0-9A-Z]{8}[0-9X])-?(\d{6})(\d{2})([A-Z]\d{3})([129])", re.ASCII)
# 310104000112: older clinics: region 6, serial 4, nature 2
_OLD_LICENCE = re.compile(r"(\d{6})(\d{4})([123])([1-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class LicenceNumber:
    """医疗机构执业许可证登记号. `profit` is None in forms that do not say; `class_code` is empty in the old form."""

    organisation_code: str
    region_code: str
    class_code: str
    profit: bool | None


@dataclass(frozen=True, slots=True)
class CreditCode:
    """统一社会信用代码. `sector` is `public`, `private-non-profit`, `company` or `other`, by its first characters."""

    code: str
    region_code: str
    sector: str
    holds: bool


def parse_licence(number: str) -> LicenceNumber | None:
    plain = _plain(number).upper()
    if match := _LICENCE.fullmatch(plain):
        organisation, region, _, class_code, management = match.groups()
        return LicenceNumber(organisation, region, class_code, {"1": False, "2": True}.get(management))
    if match := _OLD_LICENCE.fullmatch(plain):
        return LicenceNumber("", match[1], "", None)
    return None


def parse_credit_code(code: str) -> CreditCode | None:
    """None when the text is no code by its alphabet and length; `holds` says whether the check character fits."""
    plain = _plain(code).upper()
    if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}", plain, re.ASCII):
        return None
    sectors = {"12": "public", "52": "private-non-profit", "91": "company", "92": "company", "93": "company"}
    return CreditCode(plain, plain[2:8], sectors.get(plain[:2], "other"), credit_code_holds(plain))


def credit_code_key(code: str) -> str:
    """A code as lists and pages are compared by it: in plain digits and capitals, without blanks and hyphens. What is no code comes
    back in that form as well."""
    return re.sub(r"[\s-]", "", plain_digits(code)).upper()


def licence_key(number: str) -> str:
    """A licence number as lists and pages are compared by it: in plain digits and capitals, without blanks, and without the hyphen
    when it is one by its grammar. Filings of clinics have many shapes; a hyphen in them may tell two apart and stays."""
    plain = re.sub(r"\s", "", plain_digits(number)).upper()
    return plain.replace("-", "") if parse_licence(plain) is not None else plain


def _plain(number: str) -> str:
    return plain_digits(number).strip()
