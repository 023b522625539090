"""What a registry says about one institution, as one source had it on one day."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from domain.brand_uses import InstitutionFact
from domain.certificates import CertificateRecord
from domain.licence_numbers import credit_code_key, parse_credit_code

#: What pages of public accounts have as the name of their site: that of the platform they stand on, of no operator.
PUBLIC_ACCOUNT_PLATFORM = "微信公众平台"
#: A host as addresses have it, also with a port or after a scheme. Names with dots in them (Dr.Wang) are not all in lower case.
_HOST = re.compile(
    r"(?:https?://)?(?:(?:[a-z0-9\u3400-\u9fff](?:[\w-]*\w)?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]+|中国|网址|公司|网络)|\d+(?:\.\d+){3})(?::\d+)?/?"
)


@dataclass(frozen=True, slots=True)
class RegisteredInstitution:
    """One row of one source. Empty means that the source does not say; `public` is None then.

    `subjects` are codes of licensed subjects, `domains` host names in lower case, `region_code` six digits.
    """

    name: str
    source: str
    as_of: date
    aliases: tuple[str, ...] = ()
    credit_code: str = ""
    licence: str = ""
    institution_class: str = ""
    grade: str = ""
    public: bool | None = None
    ownership: str = ""
    region: str = ""
    region_code: str = ""
    address: str = ""
    subjects: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    affiliated_with: tuple[str, ...] = ()
    certificates: tuple[CertificateRecord, ...] = ()

    @property
    def key(self) -> str:
        """What tells institutions of one source apart: credit code, else licence, else name and region.

        One legal person may hold several licences, so both count when both are known.
        """
        if self.credit_code or self.licence:
            return f"{self.credit_code}/{self.licence}"
        return f"{name_key(self.name)}@{self.region}"

    def as_fact(self) -> InstitutionFact:
        return InstitutionFact(self.name, self.aliases, self.public, self.region, self.affiliated_with)


def shown_party(name: str) -> str:
    """The name as people are shown it. A credit code or a host stands where nothing names the institution, and says so: neither is a name."""
    bare = name.strip()
    if code := parse_credit_code(credit_code_key(bare)):
        return f"统一社会信用代码 {code.code}"
    return f"网站 {bare}" if _HOST.fullmatch(bare) else name


def name_key(name: str) -> str:
    """A name as it is compared: without spaces, brackets, width and letter case."""
    return re.sub(r"[\s·•“”\"'()（）《》]", "", unicodedata.normalize("NFKC", name)).lower()
