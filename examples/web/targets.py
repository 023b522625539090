"""The targets file of the sample web."""

import csv
from collections.abc import Iterable
from pathlib import Path

from examples.web.sites import Site

COLUMNS = (
    "name", "url", "kind", "institution", "region", "render", "max_pages", "min_pages", "delay_seconds", "depth",
    "include", "exclude", "owner", "note", "local",
)  # fmt: skip

DEFAULTS = {
    "kind": "site",
    "region": "云埠市",
    "render": "auto",
    "max_pages": "40",
    "min_pages": "1",
    "delay_seconds": "0.05",
    "depth": "4",
    "local": "1",
}


def target_rows(sites: Iterable[Site], port: int) -> list[dict[str, str]]:
    """One row a target, its URL with the port; `path` in `site.toml` is where it begins (default `/`)."""
    rows = []
    for site in sites:
        for target in site.targets:
            given = {name: str(value) for name, value in target.items()}
            path = given.pop("path", "/")
            unknown = given.keys() - set(COLUMNS)
            if unknown:
                raise ValueError(f"{site.host}: {sorted(unknown)}")
            row = {"name": site.title, "url": f"http://{site.host}:{port}{path}"} | DEFAULTS | given
            rows.append({name: row.get(name, "") for name in COLUMNS})
    return rows


def write_targets(path: Path, rows: Iterable[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
