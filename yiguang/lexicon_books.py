"""Reads the lexicons of names and of the registry from their files, for what `domain` makes of them.

Every function takes the folder `lexicons`. It raises OSError when a file is missing, and ValueError, KeyError or TypeError when a file
does not hold what it should.
"""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.brand_book import BrandBook, brand_book
from domain.identity_policy import IdentityPolicy, identity_policy
from domain.name_findings import FindingKinds, finding_kinds
from domain.operator_scope import ScopeBook, scope_book
from domain.practitioners import PractitionerBook, practitioner_book
from domain.risk import RiskWeights, risk_weights
from domain.subjects import SubjectBook, subject_book
from domain.table_lines import csv_fault


def load_brand_book(lexicons: Path) -> BrandBook:
    """Well-known hospitals, and the words by which names that lean on theirs are told."""
    return brand_book(_rows(lexicons / "brands.csv"), _table(lexicons / "brand_names" / "words.toml"))


def load_identity_policy(lexicons: Path) -> IdentityPolicy:
    """What ties pages, accounts and numbers to one operator."""
    return identity_policy(_table(lexicons / "registry" / "identity.toml"))


def load_finding_kinds(lexicons: Path) -> FindingKinds:
    """How leads from names and from the registry are filed."""
    return finding_kinds(_table(lexicons / "registry" / "findings.toml"))


def load_scope_book(lexicons: Path) -> ScopeBook:
    """Trades that may not treat, and the acts that are treatment."""
    return scope_book(_table(lexicons / "registry" / "operators.toml"))


def load_practitioner_book(lexicons: Path) -> PractitionerBook:
    """The forms in which pages name doctors, and the headings of lists of them."""
    return practitioner_book(_table(lexicons / "registry" / "practitioners.toml"))


def load_risk_weights(lexicons: Path) -> RiskWeights:
    """What an operator's rating is made of."""
    return risk_weights(_table(lexicons / "registry" / "risk.toml"))


def load_subjects(lexicons: Path) -> SubjectBook:
    """The diagnosis and treatment subjects that a licence may name."""
    return subject_book(_rows(lexicons / "registry" / "subjects.csv"))


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            yield from reader
        except csv.Error as fault:
            said = csv_fault(str(fault))
            raise ValueError(f"{path.name} 第 {reader.line_num + 1} 行起不能按 CSV 读取：{said}") from fault
