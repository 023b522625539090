"""The sealing key in a PKCS#11 token, which never gives it out. It is the only module that imports pkcs11.

A place is written as RFC 7512 has it: `pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/….so&pin-source=file:/etc/….pin`.
The PIN comes from a file of mode 0600; one in the place itself would stand in the environment for all to see, and is refused.
"""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

import pkcs11
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from storage.sealing.seal_key import SealKey, SealKeyUnusable

_CURVE = "secp384r1"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where the key is. `pin_file` holds the PIN on its first line."""

    module: Path
    token: str
    key: str
    pin_file: Path

    @classmethod
    def parse(cls, uri: str) -> "TokenPlace":
        """Raises SealKeyUnusable saying what is missing."""
        scheme, _, rest = uri.partition(":")
        path, _, query = rest.partition("?")
        said = {**_attributes(path, ";"), **_attributes(query, "&")}
        if scheme != "pkcs11":
            raise SealKeyUnusable(f"签名密钥的位置应以 pkcs11: 开头：{scheme[:40]}")
        if "pin-value" in said:
            raise SealKeyUnusable("PIN 不得写在 pin-value 中；请写入权限为 0600 的文件，用 pin-source=file:… 指明")
        missing = [name for name in ("token", "object", "module-path", "pin-source") if not said.get(name)]
        if missing:
            raise SealKeyUnusable(f"签名密钥的位置缺少：{'、'.join(missing)}")
        pin_file = Path(said["pin-source"].removeprefix("file:"))
        return cls(Path(said["module-path"]), said["token"], said["object"], pin_file)

    def pin(self) -> str:
        """Raises SealKeyUnusable, also when anybody but the owner may read the file."""
        try:
            mode = stat.S_IMODE(self.pin_file.stat().st_mode)
            lines = self.pin_file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as fault:
            raise SealKeyUnusable(f"PIN 文件 {self.pin_file} 无法读取：{fault}") from fault
        if mode & 0o077:
            raise SealKeyUnusable(f"PIN 文件 {self.pin_file} 的权限是 {mode:04o}，他人可读；请改为 0600 并更换 PIN")
        if not lines or not lines[0].strip():
            raise SealKeyUnusable(f"PIN 文件 {self.pin_file} 是空的")
        return lines[0].strip()


def load_token_key(place: TokenPlace) -> SealKey:
    """Log in and take the key in use until the process ends. Raises SealKeyUnusable."""
    return _told(lambda: SealKey(_TokenPrivateKey(*_find(_log_in(place, rw=False), place))))


def make_token_key(place: TokenPlace) -> bool:
    """Make a key in the token unless there is one under its label; true when it was made now. Raises SealKeyUnusable."""

    def make() -> bool:
        session = _log_in(place, rw=True)
        with session:
            wanted = {pkcs11.Attribute.LABEL: place.key, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
            if list(session.get_objects(wanted)):
                return False
            curve = session.create_domain_parameters(
                pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVE)}, local=True
            )
            hidden = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
            curve.generate_keypair(store=True, label=place.key, private_template=hidden)
            return True

    return _told(make)


class _TokenPrivateKey(ec.EllipticCurvePrivateKey):
    """A private key of which only signatures and the public half come out."""

    def __init__(self, private: Any, public: ec.EllipticCurvePublicKey) -> None:
        self._private = private
        self._public = public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Over the digest, made here: tokens differ in which of the mechanisms that hash they know."""
        if not isinstance(signature_algorithm, ec.ECDSA) or not isinstance(
            signature_algorithm.algorithm, hashes.SHA256
        ):
            raise ValueError("only ECDSA over SHA-256 is made with a token")
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        message = digest.finalize()
        raw: bytes = _told(lambda: self._private.sign(message, mechanism=pkcs11.Mechanism.ECDSA))
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:  # noqa: ARG002  # signature is cryptography's
        raise SealKeyUnusable("签名密钥只用于签名")

    def private_numbers(self) -> NoReturn:
        raise SealKeyUnusable("签名密钥在令牌中，不能导出")

    def private_bytes(
        self,
        encoding: serialization.Encoding,  # noqa: ARG002  # signature is cryptography's
        format: serialization.PrivateFormat,  # noqa: ARG002
        encryption_algorithm: serialization.KeySerializationEncryption,  # noqa: ARG002
    ) -> NoReturn:
        raise SealKeyUnusable("签名密钥在令牌中，不能导出")

    def __copy__(self) -> "_TokenPrivateKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "_TokenPrivateKey":  # noqa: ARG002
        return self


def _log_in(place: TokenPlace, *, rw: bool) -> Any:
    pin = place.pin()
    token = pkcs11.lib(str(place.module)).get_token(token_label=place.token)
    try:
        return token.open(rw=rw, user_pin=pin)
    except UserAlreadyLoggedIn:  # a process logs in once, whatever number of sessions it has
        return token.open(rw=rw)


def _find(session: Any, place: TokenPlace) -> tuple[Any, ec.EllipticCurvePublicKey]:
    private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=place.key)
    if not private[pkcs11.Attribute.SENSITIVE] or private[pkcs11.Attribute.EXTRACTABLE]:
        raise SealKeyUnusable(f"令牌 {place.token} 中的密钥 {place.key} 可以导出，不用于签名")
    half = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=place.key)
    public = serialization.load_der_public_key(encode_ec_public_key(half))
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP384R1):
        raise SealKeyUnusable(f"令牌 {place.token} 中的密钥 {place.key} 不是 P-384 椭圆曲线密钥")
    return private, public


def _told(act: Callable[[], _Result]) -> _Result:
    try:
        return act()
    except PKCS11Error as fault:
        said = f"{type(fault).__name__} {fault}".strip()
        raise SealKeyUnusable(f"令牌中的签名密钥不可用：{said}") from fault
    except (RuntimeError, OSError, ValueError) as fault:  # the module itself cannot be loaded
        raise SealKeyUnusable(f"令牌的驱动程序不可用：{fault}") from fault


def _attributes(text: str, between: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in text.split(between) if item)
    return {name: unquote(value) for name, _, value in pairs}
