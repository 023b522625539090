"""`yiguang evidence hold|release|retain|expire|rotate-key|records`; the second copy is in `second_copy`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.retention import KEEP_ZH, RECORD_ZH, KeepClass, RecordKind
from domain.system_words import file_fault
from yiguang.commands.cases import find_case
from yiguang.errors import CommandFailed, UsageError
from yiguang.help_pages import choices
from yiguang.packages.export import require_kept
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable, say_none
from yiguang.told_numbers import GREATEST_NUMBER

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.keeping.custody import KeptItem
    from storage.sealing.keep_records import KeepRecord
    from storage.sealing.seal_key import SealKey

CASE = Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")]
BY = Annotated[str, typer.Option("--by", metavar="NAME", help="经办人的姓名，不核对账号")]
HOLDS = Annotated[
    list[int] | None,
    typer.Option(
        "--hold", min=1, max=GREATEST_NUMBER, metavar="NUMBER", help="留置的记录号，可多次给出；不写则全部解除"
    ),
]
REASON = Annotated[str, typer.Option("--reason", help="理由")]

HOLD_HELP = """\
留置：解除之前，不论保存期限是否届满都不删除；有关的夜间原始记录一并留置。

\b
例：
  yiguang evidence hold 3 --by 张示例 --reason 行政复议未结
"""
RELEASE_HELP = """\
解除一条线索的留置；没有留置之后按保存期限处理。

同一线索可有几项留置，各有记录号（见 evidence records 第一列）：用 --hold 指明解除哪一项，其余仍有效；不写 --hold 则全部解除，
并说明解除了几项。

\b
例：
  yiguang evidence release 3 --by 张示例 --reason 复议终结
  yiguang evidence release 3 --hold 12 --by 张示例 --reason 复议终结
"""
RETAIN_HELP = """\
改变一条线索的保存类别：referred（已移送）、dismissed（审核后排除）、lead（线索）；期限自登记之日起算。

期限与依据见 lexicons/keeping/retention.toml；已移送的不能改为较短的期限。
登记寄送（yiguang outbox send）时，材料中的线索自动改为 referred；本命令用于其他途径的移送与更正。

\b
例：
  yiguang evidence retain 3 --as referred --by 张示例 --reason 移送区市场监管局
"""
EXPIRE_HELP = """\
删除保存期限届满且未被留置的证据，逐件留下删除记录并记入哈希链；这是唯一的删除途径，夜间巡查不会自动删除。

缺失或与登记不符的不作删除登记，留待查明。非线索页面的文字、联系方式与引文期满后从数据库中清除，证据包已删除的线索一并清除，记一条记录；
标题、网址、评分与文字摘要保留。

\b
例：
  yiguang evidence expire --dry-run
  yiguang evidence expire --by 张示例
"""
ROTATE_HELP = """\
更换签名密钥：旧密钥封存此前的一切并签名移交给新密钥，移交记入哈希链；旧私钥随即删除。

须在没有夜间巡查时运行。此前的证据仍用旧公钥的指纹核验，请公布新旧两个指纹。

--to-token 把签名移交给 PKCS#11 令牌中的密钥（没有时在令牌中生成），之后把同一位置写入 YIGUANG_SEAL_TOKEN；
旧密钥在文件中的随即删除，在令牌中的由保管人删除。

\b
例：
  yiguang evidence rotate-key --by 张示例 --reason 年度更换
  yiguang evidence rotate-key --by 张示例 --reason 改用令牌 --to-token 'pkcs11:token=…;object=…?module-path=…&pin-source=file:…'
"""
RECORDS_HELP = """\
列出对证据所做的一切：留置、解除、改类、删除、调阅原件、更换密钥；时间为北京时间。

\b
例：
  yiguang evidence records
"""
_LEFT_IN_FILES = (
    "已清除的文字仍留在数据库文件或其 -wal 文件中，因为另有程序一直在读写数据库；"
    "请停下审核台、导出等程序后再次运行 yiguang evidence expire，届时从文件中抹去"
)


class _OfLeads(StrEnum):
    """The classes that a lead may be put into; the others are of what no lead is."""

    REFERRED = KeepClass.REFERRED.value
    LEAD = KeepClass.LEAD.value
    DISMISSED = KeepClass.DISMISSED.value


_OF_LEADS_ZH = {each: KEEP_ZH[KeepClass(each)] for each in _OfLeads}
_NONE_DUE = "没有保存期限届满且未被留置的证据"
keeping_app = typer.Typer()


@keeping_app.command("hold", help=HOLD_HELP)
def hold(case_id: CASE, by: BY, reason: REASON) -> None:
    from storage.keeping import custody
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    case = find_case(settings, case_id).case
    require_kept(settings, case)
    with _told():
        record = custody.hold(open_home(settings), settings.home, case.bundle, case.night_id, by, reason, utc_now())
    _say_recorded(settings, case_id, record)


@keeping_app.command("release", help=RELEASE_HELP)
def release(case_id: CASE, by: BY, reason: REASON, named: HOLDS = None) -> None:
    from storage.keeping import custody
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    case = find_case(settings, case_id).case
    engine = open_home(settings)
    with _told():
        record = custody.release(
            engine, settings.home, case.bundle, case.night_id, by, reason, utc_now(), tuple(named or ())
        )
    _say_recorded(settings, case_id, record)
    if left := custody.holds_on(engine, case.bundle):
        typer.echo(f"线索 {case_id} 仍有 {len(left)} 项留置：{_numbers(left)}", err=True)


@keeping_app.command("retain", help=RETAIN_HELP)
def retain(
    case_id: CASE,
    keep_class: Annotated[_OfLeads, typer.Option("--as", help=f"保存类别：{choices(_OF_LEADS_ZH)}")],
    by: BY,
    reason: REASON,
) -> None:
    from storage.keeping.custody import assign_class
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    case = find_case(settings, case_id).case
    require_kept(settings, case)
    with _told():
        record = assign_class(
            open_home(settings), settings.home, case.bundle, case.night_id, KeepClass(keep_class), by, reason, utc_now()
        )
    _say_recorded(settings, case_id, record)


@keeping_app.command("expire", help=EXPIRE_HELP)
def expire(
    by: BY = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出将删除的，不删除")] = False,
) -> None:
    from storage.keeping import expiry
    from yiguang.home import open_home, utc_now
    from yiguang.keeping import load_policy

    if not dry_run and not by.strip():
        raise UsageError("删除证据须用 --by 写明经办人；先看将删除什么，用 --dry-run")
    settings = read_settings()
    engine = open_home(settings)
    policy = load_policy(settings.lexicons)
    if dry_run:
        due = expiry.due_items(engine, policy, utc_now())
        for item in due:
            typer.echo(_item_line(item))
        if texts := expiry.due_text_count(engine, policy, utc_now()):
            typer.echo(_texts_line(texts))
        elif not due:
            say_none(_NONE_DUE)
        return
    try:
        done = expiry.expire(engine, settings.home, policy, by, utc_now())
    except OSError as fault:
        raise CommandFailed(f"无法写入或删除：{fault.strerror}；再次运行会接着做完") from fault
    for path in done.finished:
        typer.echo(f"{path}\t上次已登记，现已删除")
    for item in done.deleted:
        typer.echo(_item_line(item))
    if done.texts:
        typer.echo(_texts_line(done.texts))
    for refusal in done.refused:
        typer.echo(f"{refusal.path}\t未删除：{refusal.reason}")
    left = [f"{len(done.refused)} 件到期而未删除，应先查明"] if done.refused else []
    if done.texts_left_in_files:
        left.append(_LEFT_IN_FILES)
    if left:
        raise CommandFailed("；".join(left))
    if not (done.finished or done.deleted or done.texts):
        say_none(_NONE_DUE)


@keeping_app.command("rotate-key", help=ROTATE_HELP)
def rotate_key(
    by: BY,
    reason: REASON,
    to_token: Annotated[str, typer.Option("--to-token", metavar="URI", help="移交给令牌中的密钥")] = "",
) -> None:
    from storage.sealing import key_rotation
    from storage.sealing.seal_key import SealKeyUnusable
    from yiguang.home import load_seal_key, open_home, utc_now
    from yiguang.nights.night_lock import night_lock

    settings = read_settings()
    if settings.seal_token and not to_token:
        raise UsageError("签名密钥在令牌中（YIGUANG_SEAL_TOKEN），更换须用 --to-token 写明新密钥的位置")
    engine = open_home(settings)
    old = load_seal_key(settings).fingerprint
    with night_lock(settings.home / "nightly.lock"), _told():
        try:
            if to_token:
                new = _hand_over_to_token(engine, settings, to_token, by, reason)
            else:
                new = key_rotation.rotate_key(engine, settings.home, settings.seal_key, by, reason, utc_now())
        except key_rotation.NightIsOpen as fault:
            raise CommandFailed("有一夜尚未结束；请先运行 yiguang nightly 做完") from fault
        except SealKeyUnusable as fault:
            raise CommandFailed(str(fault)) from fault
    typer.echo(f"旧公钥指纹：{old}")
    typer.echo(f"新公钥指纹（SHA-256），请公布并留档：{new.fingerprint}")
    if to_token:
        typer.echo(f"请设置 YIGUANG_SEAL_TOKEN={to_token}", err=True)


def _hand_over_to_token(engine: "Engine", settings: Settings, place: str, by: str, reason: str) -> "SealKey":
    """The record comes first, then the old key's file goes: a crash in between leaves a key that signs nothing valid any more."""
    from storage.sealing.key_rotation import hand_over, handed_over_to
    from yiguang.home import key_in_token, load_seal_key, make_key_in_token, utc_now

    old = load_seal_key(settings)
    make_key_in_token(place)
    new = key_in_token(place)
    if new.fingerprint == old.fingerprint:
        raise UsageError("--to-token 指明的就是现用的密钥")
    after = handed_over_to(engine, old.fingerprint)
    if after not in ("", new.fingerprint):
        raise CommandFailed(f"现用的密钥已移交给 {after}，不能再移交给别的密钥")
    if not after:
        hand_over(engine, settings.home, old, new, by, reason, utc_now())
    if not settings.seal_token:
        try:
            settings.seal_key.unlink()
        except OSError as fault:
            raise CommandFailed(f"已登记移交，但旧私钥未能删除，请手工删除：{_which(fault)}") from fault
    return new


@keeping_app.command("records", help=RECORDS_HELP)
def records() -> None:
    from storage.sealing.keep_records import read_records
    from yiguang.home import open_home

    with open_home(read_settings()).connect() as connection:
        found = read_records(connection)
    for record in found:  # after the reading: a pager may hold this up for an hour
        typer.echo(_record_line(record))
    if not found:
        say_none("还没有对证据做过留置、解除、改类、删除、调阅原件或更换密钥")


def _say_recorded(settings: Settings, case_id: int, record: "KeepRecord") -> None:
    """The file of the record, for a program; what was done, for a person."""
    typer.echo(str(settings.home / record.path))
    typer.echo(f"线索 {case_id}：{_act(record)}，已登记（第 {record.number} 号）", err=True)


def _texts_line(texts: int) -> str:
    return f"数据库\t{KEEP_ZH[KeepClass.TEXT]}\t{texts} 页的文字期满"


def _item_line(item: "KeptItem") -> str:
    return f"{item.path}\t{KEEP_ZH[item.keep_class]}\t期满 {item.due_at.astimezone(BEIJING):%Y-%m-%d}"


def _act(record: "KeepRecord") -> str:
    """What was done; of another class, which; of a release, how many holds it ended and which."""
    if record.kind is RecordKind.RELEASE and (ended := record.facts.get("releases")):
        return f"{RECORD_ZH[record.kind]}（{len(ended)} 项：{_numbers(ended)}）"
    if record.kind is not RecordKind.RETENTION:
        return RECORD_ZH[record.kind]
    before, after = (KEEP_ZH[KeepClass(str(record.facts[name]))] for name in ("before", "class"))
    return f"{RECORD_ZH[record.kind]}（{before} → {after}）"


def _numbers(holds: Sequence[int]) -> str:
    return f"第 {'、'.join(map(str, holds))} 号"


def _record_line(record: "KeepRecord") -> str:
    facts = record.facts
    return "\t".join(
        printable(str(field))
        for field in (
            record.number,
            f"{datetime.fromisoformat(str(facts['recorded_at'])).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            _act(record),
            facts["by"],
            facts.get("reason", ""),
            record.subject,
        )
    )


@contextmanager
def _told() -> Iterator[None]:
    """What the operator got wrong, or the disk, as one line that says whether the act is on record."""
    from storage.keeping.custody import NothingToDo
    from storage.sealing.keep_records import FileAfterRecord, RecordIncomplete

    try:
        yield
    except RecordIncomplete as fault:  # an empty --by or --reason
        raise UsageError(str(fault)) from fault
    except (NothingToDo, ValueError) as fault:
        raise CommandFailed(str(fault)) from fault
    except FileAfterRecord as fault:
        raise CommandFailed(f"已登记，但其后的文件无法写入或更换：{_which(fault)}；下次登记或夜间巡查时补上") from fault
    except OSError as fault:
        raise CommandFailed(f"未登记，什么也没有改变：{_which(fault)}") from fault


def _which(fault: OSError) -> str:
    """The file, where the system names it, and what is the matter with it."""
    return f"{fault.filename}：{file_fault(fault)}" if fault.filename else file_fault(fault)
