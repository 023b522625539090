"""The lists of digests in a bundle and the signature over them.

Chain of digests: `datapackage-digest.json` holds the SHA-256 of `datapackage.json` and the signature over it (WACZ signing
0.1.0, anonymous form); the data package holds those of every other member, and so that of `evidence/manifest.json`,
which lists the same members for people, with SM3 too. WACZ wants every file listed in the data package, so the
manifest cannot list the data package in turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.archive.warc import warc_date
from storage.canonical import canonical_json
from storage.digests import sha256_hex, sm3_hex
from storage.sealing.seal_key import SealKey

WARC = "archive/data.warc.gz"
CDX = "indexes/index.cdx.gz"
IDX = "indexes/index.idx"
PAGES = "pages/pages.jsonl"
SCREENSHOT = "evidence/screenshot.png"
DOM = "evidence/rendered.html"
TEXT = "evidence/text.txt"
FINDINGS = "evidence/findings.json"
PROVENANCE = "evidence/provenance.json"
LOOK = "evidence/look.json"
MANIFEST = "evidence/manifest.json"
DATAPACKAGE = "datapackage.json"
DIGEST = "datapackage-digest.json"
MEMBERS = (WARC, CDX, IDX, PAGES, SCREENSHOT, DOM, TEXT, FINDINGS, PROVENANCE, MANIFEST, DATAPACKAGE, DIGEST)
#: Of a later visit to a referred page: what it found, and no page as a browser shows it.
LOOK_MEMBERS = (WARC, CDX, IDX, PAGES, TEXT, LOOK, PROVENANCE, MANIFEST, DATAPACKAGE, DIGEST)

SIGNING_VERSION = "0.1.0"  # of the WACZ signing specification


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature in the anonymous form. `signed` is the text it is over, the digest of the data package as it is written;
    `created` and `software` repeat what the signed members say."""

    signed: str
    created: str
    software: str
    public_key: str
    signature: str


def manifest_of(members: Mapping[str, bytes]) -> bytes:
    """The list of members with size and digests (法发〔2016〕22号 14 asks for such a list)."""
    listed = [name for name in members if name not in (MANIFEST, DATAPACKAGE, DIGEST)]
    files = [manifest_entry(name, members[name]) for name in sorted(listed)]
    return canonical_json({"algorithms": ["sha256", "sm3"], "files": files})


def manifest_entry(name: str, body: bytes) -> dict[str, Any]:
    return {"name": name, "bytes": len(body), "sha256": sha256_hex(body), "sm3": sm3_hex(body)}


def datapackage_of(members: Mapping[str, bytes], title: str, main_url: str, created_at: datetime) -> bytes:
    """The data package description that WACZ asks for."""
    resources = [
        {"name": name.rpartition("/")[2], "path": name, "hash": f"sha256:{sha256_hex(body)}", "bytes": len(body)}
        for name, body in sorted(members.items())
        if name not in (DATAPACKAGE, DIGEST)
    ]
    return canonical_json(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": title,
            "created": warc_date(created_at),
            "mainPageUrl": main_url,
            "resources": resources,
        }
    )


def signed_text(datapackage: bytes) -> str:
    """What the signature is over: the digest as it is written, prefix included."""
    return f"sha256:{sha256_hex(datapackage)}"


def sign_datapackage(datapackage: bytes, created_at: datetime, software: str, key: SealKey) -> Signature:
    signature = key.sign(signed_text(datapackage).encode())
    return Signature(signed_text(datapackage), warc_date(created_at), software, key.public_key, signature)


def digest_of(signature: Signature) -> bytes:
    """The one digest from which everything else can be checked, and who signed it."""
    signed = {
        "hash": signature.signed,
        "created": signature.created,
        "software": signature.software,
        "version": SIGNING_VERSION,
        "publicKey": signature.public_key,
        "signature": signature.signature,
    }
    return canonical_json({"path": DATAPACKAGE, "hash": signature.signed, "signedData": signed})
