"""The sheet by which two officers repeat a capture: one page of HTML that asks nothing of the network."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from domain.masking import Masker
from storage.canonical import read_canonical_zip
from storage.digests import sha256_hex, sm3_hex
from storage.evidence.package import DIGEST, FINDINGS, PROVENANCE, SCREENSHOT, TEXT
from storage.evidence.statement import NONE, UNKNOWN

#: More would not leave the sheet on one page; the rest is counted.
_MAX_QUOTES = 10
_MAX_QUOTE, _MAX_FIELD = 60, 160
#: Somebody is to type the first of them, and half an address leads nowhere: it is as long as a URL that is visited may be.
_LONGER = {"url": 2_048, "final_url": 400}


class RecaptureTemplateBroken(Exception):
    """The template names something that a bundle does not say; the message is Chinese for the operator."""


def recapture_sheet(bundle: bytes, case_id: int, template: str, masker: Masker) -> str:
    """The sheet for a bundle that verifies, with patients blacked out since it circulates. Raises RecaptureTemplateBroken."""
    members = read_canonical_zip(bundle)
    about: dict[str, Any] = json.loads(members[PROVENANCE])
    findings = json.loads(members[FINDINGS])["judgement"]["findings"]
    masked = masker.mask(members[TEXT].decode()).text
    public_key = json.loads(members[DIGEST])["signedData"]["publicKey"]
    values = _facts(about) | {
        "case": str(case_id),
        "bundle_sha256": sha256_hex(bundle),
        "bundle_sm3": sm3_hex(bundle),
        "screenshot_sha256": sha256_hex(members[SCREENSHOT]),
        "text_sha256": sha256_hex(members[TEXT]),
        "key_sha256": sha256_hex(base64.b64decode(public_key)),
    }
    shown = {name: _shown(value, _LONGER.get(name, _MAX_FIELD)) for name, value in values.items()}
    try:
        return Template(template).substitute(shown, quotes=_quotes(findings, masked))
    except (KeyError, ValueError) as fault:
        raise RecaptureTemplateBroken(f"重新取证单的模板有误：{fault}") from fault


def _facts(about: Mapping[str, Any]) -> dict[str, str]:
    system, browser = about["system"], about["browser"]
    named = ("operator", "tool", "tool_version", "clock")
    return {
        **{name: system.get(name, UNKNOWN) for name in named},
        "url": about["url"],
        "final_url": browser["final_url"],
        "redirects": "；".join(f"{step['status']} 至 {step['location']}" for step in about["redirects"]) or NONE,
        "server_ips": "、".join(about["server_ips"]) or UNKNOWN,
        "started": _to_the_second(about["started_at"]["beijing"]),
        "ended": _to_the_second(about["ended_at"]["beijing"]),
        "browser": browser["name"],
        "user_agent": browser["user_agent"],
        "viewport": " × ".join(map(str, browser["viewport"])),
        "limits": "；".join(about.get("limits", ())) or NONE,
    }


def _quotes(findings: Sequence[Mapping[str, Any]], text: str) -> str:
    """What is to be looked for, heaviest first, each wording once; `text` is the masked one, of the same offsets."""
    bases: dict[str, str] = {}
    for finding in sorted(findings, key=lambda item: -item["weight"]):
        if not finding["silenced"]:
            bases.setdefault(text[finding["start"] : finding["end"]], "、".join(finding["basis"]))
    lines = [
        f"  <li>{_shown(quote, _MAX_QUOTE)}（{_shown(basis, _MAX_QUOTE)}）</li>"
        for quote, basis in list(bases.items())[:_MAX_QUOTES]
    ]
    if len(bases) > _MAX_QUOTES:
        lines.append(f"  <li>另有 {len(bases) - _MAX_QUOTES} 处，见证据包</li>")
    return "\n".join(lines)


def _to_the_second(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _shown(text: str, limit: int) -> str:
    """What a page wrote, as text and no longer than there is room; what cannot be printed shows as such."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
    return html.escape(printable if len(printable) <= limit else printable[:limit] + "…")
