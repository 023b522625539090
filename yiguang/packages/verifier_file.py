"""Building `verify.pyz`, the verifier that a recipient runs with plain Python and nothing of ours."""

from importlib.resources import files

from storage.canonical import canonical_zip

_MAIN = b"import sys\n\nfrom verifier.main import main\n\nsys.exit(main())\n"


def build_verifier() -> bytes:
    """A Python archive of the package `storage.verifier`: equal sources give equal bytes, on any machine and day."""
    sources = {
        item.name: item.read_bytes() for item in files("storage.verifier").iterdir() if item.name.endswith(".py")
    }
    modules = {f"verifier/{name}": body for name, body in sorted(sources.items()) if name != "__main__.py"}
    return canonical_zip({"__main__.py": _MAIN, **modules})
