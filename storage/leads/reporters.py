"""Who sent a tip: encrypted in the database, with a key that lies in a file and in no backup that does not ask for keys."""

import json
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, Engine, insert, select

from domain.tips import Reporter
from storage.durable_file import make_secret
from storage.tables import tip_reporters

KEY_FILE = Path("keys") / "reporters.key"


class ReporterSealed(Exception):
    """The key is missing, open to others, or another one. The message is Chinese."""


def seal_reporter(connection: Connection, folder: Path, tip_id: int, reporter: Reporter, *, anew: bool = False) -> None:
    """Keep who sent a tip, in the caller's transaction; the key is made when it is first needed.

    `anew` makes another key although reporters are sealed with one that is lost: nobody can read those any more. Raises
    ReporterSealed, also when the key is missing beside sealed reporters and `anew` is not said, or is said while there is a key.
    """
    path = folder / KEY_FILE
    if anew and path.exists():
        raise ReporterSealed(f"{path} 还在，不必另立密钥")
    # As after a restore without keys: another key would be taken for the one that belongs here from then on
    if not anew and not path.exists() and has_reporters(connection):
        raise ReporterSealed(
            f"已有用原密钥封存的举报人信息，而 {path} 不在；请放回原来的密钥（权限 0600）。"
            "确已遗失的，用 --new-key 另立一把，此前登记的举报人不能再查看"
        )
    said = json.dumps({"name": reporter.name, "contact": reporter.contact}, ensure_ascii=False)
    sealed = _key(folder, make=True).encrypt(said.encode("utf-8", "replace")).decode("ascii")
    connection.execute(insert(tip_reporters).values(tip_id=tip_id, sealed=sealed))


def has_reporters(connection: Connection) -> bool:
    """Whether anybody's name is sealed, so that the key must not be lost."""
    return connection.scalar(select(tip_reporters.c.tip_id).limit(1)) is not None


def open_reporter(engine: Engine, folder: Path, tip_id: int) -> Reporter | None:
    """Who sent a tip; None when it came without a name. Raises ReporterSealed. The caller records who looked."""
    with engine.connect() as connection:
        sealed = connection.scalar(select(tip_reporters.c.sealed).where(tip_reporters.c.tip_id == tip_id))
    if sealed is None:
        return None
    try:
        said = json.loads(_key(folder, make=False).decrypt(sealed.encode("ascii")))
    except InvalidToken as fault:
        raise ReporterSealed(f"{KEY_FILE} 不是封存举报人信息时的密钥") from fault
    return Reporter(said["name"], said["contact"])


def _key(folder: Path, *, make: bool) -> Fernet:
    path = folder / KEY_FILE
    if make:
        make_secret(path, Fernet.generate_key())
    try:
        if path.stat().st_mode & 0o077:
            raise ReporterSealed(f"{path} 可被他人读取，应为 0600")
        return Fernet(path.read_bytes())
    except FileNotFoundError as fault:
        raise ReporterSealed(f"没有 {path}，无法打开举报人信息") from fault
    except ValueError as fault:
        raise ReporterSealed(f"{path} 不是有效的密钥") from fault
