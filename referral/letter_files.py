"""A letter as a Word file that people edit, and as HTML for printing; the templates are officers' files."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment


class LetterTemplateBroken(Exception):
    """A template cannot be read or names something that a letter does not say; the message is Chinese for its keeper."""


def template_for(folder: Path, recipient: str, suffix: str) -> Path:
    """The recipient's own template when there is one, else that for everybody."""
    own = folder / f"letter-{recipient}{suffix}"
    return own if own.exists() else folder / f"letter{suffix}"


def letter_docx(template: Path, values: dict[str, Any]) -> bytes:
    """Raises LetterTemplateBroken."""
    out = BytesIO()
    try:
        document = DocxTemplate(template)
        document.render(values, _environment(), autoescape=True)
        document.save(out)
    except (TemplateError, PackageNotFoundError, BadZipFile, OSError, KeyError, ValueError) as fault:
        raise LetterTemplateBroken(f"文书模板 {template.name} 有误：{fault}") from fault
    return out.getvalue()


def letter_html(template: Path, values: dict[str, Any]) -> str:
    """A template may include others of its folder, as the style that all papers share. Raises LetterTemplateBroken."""
    try:
        return _environment(template.parent).from_string(template.read_text(encoding="utf-8")).render(values)
    except (TemplateError, OSError, UnicodeDecodeError) as fault:
        raise LetterTemplateBroken(f"文书模板 {template.name} 有误：{fault}") from fault


def _environment(folder: Path | None = None) -> SandboxedEnvironment:
    """Templates come from people: they may say what is given to them and nothing else, and a misspelt name is an error."""
    loader = FileSystemLoader(folder) if folder else None
    return SandboxedEnvironment(autoescape=True, undefined=StrictUndefined, loader=loader)
