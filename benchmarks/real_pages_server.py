"""Serves a folder of saved real pages, byte for byte, each under the host it may have come from, on one loopback port.

    python -m benchmarks.real_pages_server FOLDER --targets-out targets.csv --hosts-out hosts

The pages stay where they are and belong to others: nothing of them is copied. Files named `wx_*` answer as
`mp.weixin.qq.com` (search results as `weixin.sogou.com`), all others under one invented host per repository of
`INDEX.tsv` (tab separated, columns `file`, `repo`, `path`, `what`), or under `pages.example` without one. Every page is a
target of its own, named by its file, of depth 0.
"""

import argparse
import csv
import re
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from examples.web.server import ADDRESS, SampleWeb
from examples.web.sites import Site
from examples.web.world import World

WECHAT_HOST, SOGOU_HOST, UNSORTED_HOST = "mp.weixin.qq.com", "weixin.sogou.com", "pages.example"
PROFILE_QUERY = "src=3&timestamp=1500000000&ver=1&signature=saved"
PAGE_SUFFIXES = frozenset({".html", ".xml", ".txt"})


def load_pages(folder: Path) -> dict[str, Site]:
    """The pages of a folder as sites by host. Raises ValueError when two pages would share a URL."""
    index = _read_index(folder / "INDEX.tsv")
    pages: dict[str, dict[str, str]] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix not in PAGE_SUFFIXES:
            continue
        host, path = place_of(file.name, index.get(file.name, {}))
        if pages.setdefault(host, {}).setdefault(path, file.name) != file.name:
            raise ValueError(f"{file.name}: http://{host}{path} is taken by {pages[host][path]}")
    return {host: _site(host, folder, paths, index) for host, paths in pages.items()}


def place_of(name: str, row: Mapping[str, str]) -> tuple[str, str]:
    """Host and path (with query) for a file; `row` is its line of the index, or empty."""
    stem = name.partition(".")[0]
    if name.startswith("wx_sogou_search"):
        return SOGOU_HOST, f"/weixin?type=1&query={quote(stem)}"
    if name.startswith("wx_"):
        path = f"/profile?{PROFILE_QUERY}" if stem.endswith("-history") else f"/s/{quote(stem)}"
        return WECHAT_HOST, path
    if not row.get("repo"):
        return UNSORTED_HOST, f"/{quote(name)}"
    label = re.sub(r"[^a-z0-9]+", "-", row["repo"].rpartition("/")[2].lower()).strip("-")
    return f"www.{label}.example", f"/{quote(row.get('path') or name)}"


def _read_index(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}


def _site(host: str, folder: Path, paths: Mapping[str, str], index: Mapping[str, Mapping[str, str]]) -> Site:
    rows = tuple(
        {
            "name": name,
            "path": path,
            "kind": "wechat" if host == WECHAT_HOST else "site",
            "depth": 0,
            "max_pages": 1,
            "min_pages": 0,
            "region": "",
            "note": index.get(name, {}).get("what", ""),
        }
        for path, name in paths.items()
    )
    return Site(
        host=host,
        title=host,
        about="saved pages",
        verdict="outcomes",
        folder=folder,
        encoding="utf-8",
        charset="",
        gzip=False,
        chunked=False,
        aliases={path: f"/{name}" for path, name in paths.items()},
        statuses={},
        redirects={},
        behaviours={},
        targets=rows,
        verbatim=True,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_pages_server", description="Serve saved pages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--targets-out", type=Path)
    parser.add_argument("--hosts-out", type=Path)
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"not a folder: {options.folder}")
    with SampleWeb(options.port, World(load_pages(options.folder))) as web:
        if options.hosts_out:
            web.write_hosts(options.hosts_out)
        if options.targets_out:
            web.write_targets(options.targets_out)
        print(
            f"{len(web.target_rows())} pages, {len(web.hosts)} hosts on {ADDRESS}:{web.port}",
            file=sys.stderr,
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
