"""The data folder: made by `yiguang init`, opened by every command that needs it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yiguang.errors import CommandFailed
from yiguang.settings import DATABASE_FILE, Settings

if TYPE_CHECKING:
    from types import ModuleType

    from sqlalchemy import Engine

    from storage.sealing.seal_key import SealKey

#: Its presence says that `yiguang init` ended well here.
MARK = "initialised"
#: There only while a change of keys is under way, or was when the process died; `storage.sealing.key_rotation` names it too, which
#: is not worth its import in every command.
NEXT_SEAL_KEY = "seal.next.pem"


def utc_now() -> datetime:
    """The clock that is handed to everything else."""
    return datetime.now(UTC)


_NEWER = "数据库是由更新版本的程序建立或升级的；请改用那个版本，或更新的版本"


def make_home(settings: Settings) -> bool:
    """Make the folder and bring the database up to date; true when it was not initialised before.

    May be called again at any time, after an upgrade above all. Raises CommandFailed when the folder or the database
    cannot be used.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from storage.database import migrate, open_engine, schema_is_newer
    from storage.sealing.seal_key import make_key_file

    mark = settings.home / MARK
    is_new = not mark.exists()
    try:
        for folder in (settings.home, settings.logs):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise CommandFailed(f"无法建立数据目录 {settings.home}：{fault.strerror}") from fault
    engine = open_engine(settings.database_url)
    try:
        if schema_is_newer(engine):
            raise CommandFailed(_NEWER)
        migrate(engine)
        _refuse_to_lose_the_key(engine, settings)
    except SQLAlchemyError as fault:
        raise CommandFailed(f"无法使用数据库：{_first_line(fault)}") from fault
    finally:
        engine.dispose()
    if settings.seal_token:
        make_key_in_token(settings.seal_token)
    else:
        try:
            make_key_file(settings.seal_key)
        except OSError as fault:
            raise CommandFailed(f"无法建立签名密钥 {settings.seal_key}：{fault.strerror}") from fault
    mark.touch()
    return is_new


def _refuse_to_lose_the_key(engine: "Engine", settings: Settings) -> None:
    """A new key beside evidence that another one sealed, as after a restore without keys, could not go on with the chain."""
    from storage.sealing.seals import has_seals

    if not settings.seal_token and not settings.seal_key.exists() and has_seals(engine):
        raise CommandFailed(
            f"已有封存的证据，而签名密钥 {settings.seal_key} 不在；请放回原来的密钥（确已遗失时，须另建数据目录）"
        )


def load_seal_key(settings: Settings) -> "SealKey":
    """The key that signs evidence. Raises CommandFailed saying what is wrong with it."""
    from storage.sealing.seal_key import SealKey, SealKeyUnusable

    if settings.seal_token:
        return key_in_token(settings.seal_token)
    try:
        return SealKey.load(settings.seal_key)
    except SealKeyUnusable as fault:
        raise CommandFailed(str(fault)) from fault


def key_in_token(place: str) -> "SealKey":
    """A key in a PKCS#11 token (`pkcs11:...`). Raises CommandFailed saying what is wrong with it."""
    from storage.sealing.seal_key import SealKeyUnusable

    token_key = _token_module()
    try:
        key: SealKey = token_key.load_token_key(token_key.TokenPlace.parse(place))
    except SealKeyUnusable as fault:
        raise CommandFailed(str(fault)) from fault
    return key


def make_key_in_token(place: str) -> None:
    """Make the key unless it is there. Raises CommandFailed."""
    from storage.sealing.seal_key import SealKeyUnusable

    token_key = _token_module()
    try:
        token_key.make_token_key(token_key.TokenPlace.parse(place))
    except SealKeyUnusable as fault:
        raise CommandFailed(str(fault)) from fault


def _token_module() -> "ModuleType":
    try:
        from storage.sealing import token_key
    except ImportError as fault:
        raise CommandFailed(
            f"签名密钥在令牌中，而所需的程序包未安装（pip install 'yiguang[token]'）：{fault}"
        ) from fault
    return token_key


def open_home(settings: Settings) -> "Engine":
    """The database of an initialised folder. Raises CommandFailed saying what to do when it is not one."""
    from sqlalchemy.exc import SQLAlchemyError

    from storage.database import open_engine, schema_is_current, schema_is_newer

    bare = not (settings.home / MARK).exists()
    if bare or (settings.database_url.startswith("sqlite") and not _database_file(settings)):
        raise CommandFailed(f"数据目录 {settings.home} 尚未初始化；请先运行 yiguang init（或用 YIGUANG_HOME 指定）")
    engine = open_engine(settings.database_url)
    try:
        current = schema_is_current(engine)
        newer = not current and schema_is_newer(engine)
    except SQLAlchemyError as fault:
        raise CommandFailed(f"无法使用数据库：{_first_line(fault)}") from fault
    if current and settings.seal_key.with_name(NEXT_SEAL_KEY).exists():
        _finish_rotation(engine, settings)
    if newer:
        raise CommandFailed(_NEWER)
    if not current:
        raise CommandFailed("数据库的表结构与本程序的版本不符；升级程序后请先运行 yiguang init（数据会保留）")
    return engine


def _finish_rotation(engine: "Engine", settings: Settings) -> None:
    """A change of keys that was recorded and did not live to put the new key in place."""
    from storage.sealing.key_rotation import finish_rotation
    from storage.sealing.seal_key import SealKeyUnusable

    try:
        finish_rotation(engine, settings.seal_key)
    except SealKeyUnusable as fault:
        raise CommandFailed(str(fault)) from fault
    except OSError as fault:
        raise CommandFailed(f"无法更换签名密钥 {settings.seal_key}：{fault.strerror}") from fault


def _database_file(settings: Settings) -> bool:
    return (
        settings.database_url != f"sqlite:///{settings.home / DATABASE_FILE}"
        or (settings.home / DATABASE_FILE).exists()
    )


def _first_line(fault: Exception) -> str:
    return str(fault).splitlines()[0]
