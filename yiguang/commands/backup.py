"""`yiguang backup` and `yiguang restore`."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.beijing import BEIJING
from yiguang.errors import CommandFailed
from yiguang.settings import DATABASE_FILE, Settings, read_settings

BACKUP_HELP = """\
备份数据目录与数据库；巡查进行中也可以备份，所得前后一致。

备份到同一目录时只增加新的内容，同一目录一次只能有一个备份；已依期限删除的证据，下次备份时也从备份中删除。
SQLite 用其联机备份，PostgreSQL 用 pg_dump（须已安装）。整个 keys/ 默认不在其中，须另行妥善保管：签名私钥 seal.pem、
举报人密钥 reporters.key（没有它，已登记的举报人无法再查看）、医师名单密钥 practitioners.key。
--with-keys 一并备份（权限 0600），请只放在受控的介质上。日志与临时文件不备份。

\b
例：
  yiguang backup --out /mnt/备份/医广
  yiguang backup --out /mnt/备份/医广 --with-keys --json
"""
RESTORE_HELP = """\
把备份恢复到空的数据目录，升级表结构，并逐件核验全部证据；全部通过时退出码为 0。

PostgreSQL 的备份恢复到 YIGUANG_DATABASE_URL 指定的空数据库（须有 pg_restore）。备份中没有密钥的，结束时列出
须放回 keys/ 的各个文件。

\b
例：
  yiguang restore /mnt/备份/医广 --home /srv/yiguang
"""


def add_to(app: typer.Typer) -> None:
    app.command("backup", help=BACKUP_HELP)(backup)
    app.command("restore", help=RESTORE_HELP)(restore)


def backup(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="备份目录，新的或已有的备份")],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="连同 keys/ 中的全部密钥")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    from yiguang.backup import back_up, counts
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    copied = back_up(settings, open_home(settings), out, utc_now(), with_keys=with_keys)
    manifest = copied.manifest
    if as_json:
        typer.echo(json.dumps(counts(copied), ensure_ascii=False))
    else:
        size = sum(file.bytes for file in manifest.files) + manifest.database.bytes
        typer.echo(f"备份 {len(manifest.files)} 个文件与数据库，共 {_mega(size)} MB：{out}")
        gone = f"，去除 {copied.dropped} 件不再保存的" if copied.dropped else ""
        typer.echo(f"其中新增 {copied.new_files} 个文件 {_mega(copied.new_bytes)} MB{gone}")
        kept = (
            "含 keys/ 中的全部密钥，请妥善保管"
            if with_keys
            else "不含 keys/（签名私钥、举报人密钥、医师名单密钥），请另行保管整个目录"
        )
        typer.echo(f"{kept}；签名公钥指纹 {manifest.key_fingerprint}")
    if copied.missing:
        raise CommandFailed(f"{len(copied.missing)} 个登记在册的证据文件不在数据目录中，首先是 {copied.missing[0]}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="备份目录")],
    home: Annotated[Path, typer.Option("--home", metavar="DIR", help="新的或空的数据目录")],
) -> None:
    from yiguang.backup import missing_keys
    from yiguang.backup import restore as put_back

    settings = _at(read_settings(), home)
    manifest, reports = put_back(settings, source, lambda notice: typer.echo(notice))
    failed = [report for report in reports if not report.ok]
    for report in failed:
        faults = "；".join(f"{check.name}：{check.message}" for check in report.checks if not check.ok)
        typer.echo(f"未通过核验：{report.path}（{faults}）")
    typer.echo(
        f"证据：核验 {len(reports)} 份，{len(failed)} 份未通过" if failed else f"证据：{len(reports)} 份全部通过核验"
    )
    typer.echo(
        f"备份时间：{datetime.fromisoformat(manifest.created_at).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}（北京时间）；数据目录：{settings.home}"
    )
    if not settings.seal_key.exists() and not settings.seal_token:
        typer.echo(
            f"备份中没有签名私钥：把原来的 {settings.seal_key.name} 放回 {settings.seal_key.parent}（权限 0600，"
            f"指纹 {manifest.key_fingerprint}）后再巡查"
        )
    for notice in missing_keys(settings):
        typer.echo(notice)
    if failed:
        raise CommandFailed(f"{len(reports)} 份证据中有 {len(failed)} 份未通过核验")


def _at(settings: Settings, home: Path) -> Settings:
    """The same settings for another folder: databases in it go with it."""
    place = home.expanduser().absolute()
    ours = f"sqlite:///{settings.home / DATABASE_FILE}"
    url = settings.database_url if settings.database_url != ours else f"sqlite:///{place / DATABASE_FILE}"
    return replace(settings, home=place, database_url=url)


def _mega(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
