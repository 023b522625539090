"""Fields of the other numbers a medical page carries: practice licences, credit codes, filings, product approvals."""

import re
from dataclasses import dataclass

from domain.contacts import plain_digits
from domain.identifiers import FILING_PROVINCES, PROVINCES, credit_code_holds

# PDY00066X31010412A1002: organisation 9, region 6, economic type 2, class 4, management 1
_LICENCE = re.compile(r"([0-9A-Z]{8}[0-9X])-?(\d{6})(\d{2})([A-Z]\d{3})([129])", re.ASCII)
# 310104000112: older clinics: region 6, serial 4, nature 2
_OLD_LICENCE = re.compile(r"(\d{6})(\d{4})([123])([1-9])", re.ASCII)
# 京ICP备16017287号-1, 京ICP证030173号
_ICP = re.compile(
    rf"([{FILING_PROVINCES}])\s?ICP\s?([备证])案?\s?第?\s?(\d{{6,10}})\s?号?(?:\s?-\s?(\d{{1,4}}))?([A-Z])?",
    re.I | re.A,
)
# 川公网安备 51010502010725号
_PSB = re.compile(rf"([{FILING_PROVINCES}])公网安备\s?(\d{{6}})(\d{{8}})\s?号?", re.ASCII)
# 京卫网审字(2015)0050号: consent to health information on the internet, abolished; no advertisement certificate
_WEB_REVIEW = re.compile(
    rf"([{PROVINCES}])卫网审字?\s?[\[(（【〔]((?:19|20)\d{{2}})[\])）】〕]\s?第?\s?(\d{{1,6}})\s?号?", re.ASCII
)
# （京）-经营性-2016-0012
_DRUG_INFORMATION = re.compile(
    rf"[（(]([{PROVINCES}])[)）]\s?-\s?(非?经营性)\s?-\s?((?:19|20)\d{{2}})\s?-\s?(\d{{4}})", re.ASCII
)
# 国药准字Z20050221, 国药准字HJ20200001 (J from abroad, C from Hong Kong, Macao and Taiwan: 药品注册管理办法 123), 国械注准20163640123, 国食健注G20160001
_PRODUCT = re.compile(
    rf"(国药准字)([HZSJBTFLK]\d{{8}}|[HZS][JC]\d{{8}})|([国{PROVINCES}]械注[准进许])(\d{{11}})|([{PROVINCES}国].{{0,3}}械备)(\d{{8,12}})"
    r"|(国食健注)([GJ]\d{8})|(食健备)([GJ]\d{12})|(国食注字)(TY\d{8})",
    re.ASCII,
)


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


@dataclass(frozen=True, slots=True)
class Filing:
    """An ICP filing or licence, a police filing or another permission that names its region.

    `kind` is `icp`, `icp-licence`, `psb`, `web-review` or `drug-information`; `site` is the number behind the hyphen
    of a filing; `region_code` is known for police filings only.
    """

    kind: str
    province: str
    number: str
    site: str = ""
    region_code: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class ProductApproval:
    kind: str
    number: str


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


def parse_filing(number: str) -> Filing | None:
    plain = _plain(number)
    if match := _ICP.fullmatch(plain):
        province, licence, digits, site, suffix = match.groups()
        kind = "icp-licence" if licence == "证" else "icp"
        return Filing(kind, province, digits, (site or "") + (suffix or "").upper())
    if match := _PSB.fullmatch(plain):
        return Filing("psb", match[1], match[2] + match[3], region_code=match[2])
    if match := _WEB_REVIEW.fullmatch(plain):
        return Filing("web-review", match[1], match[3], year=int(match[2]))
    if match := _DRUG_INFORMATION.fullmatch(plain):
        return Filing("drug-information", match[1], match[4], match[2], year=int(match[3]))
    return None


def parse_product_approval(number: str) -> ProductApproval | None:
    match = _PRODUCT.fullmatch(re.sub(r"\s", "", _plain(number)).replace("第", "").removesuffix("号"))
    if match is None:
        return None
    kind, digits = (part for part in match.groups() if part is not None)
    return ProductApproval(kind, digits)


def _plain(number: str) -> str:
    return plain_digits(number).strip()
