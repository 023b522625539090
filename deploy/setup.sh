#!/usr/bin/env bash
# Makes a bare machine ready: .venv with the pinned dependencies, a Chromium, a CJK font. Safe to run again; a second
# run finds everything in place and ends at once. Installs system packages only when root on a Debian-like system.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '[setup] %s\n' "$*" >&2; }
die() { printf '[setup] 错误 / error: %s\n' "$*" >&2; exit 1; }
apt_possible() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
apt_updated=
apt_install() {
  say "apt-get install $* (a minute or two)"
  export DEBIAN_FRONTEND=noninteractive
  [ -n "$apt_updated" ] || { apt-get update -qq >&2 && apt_updated=1; }
  apt-get install -y -qq --no-install-recommends "$@" >&2
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

browser_present() {
  [ -n "${YIGUANG_CHROMIUM:-}" ] && return 0
  command -v chromium >/dev/null && return 0
  .venv/bin/python - <<'PY'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not pathlib.Path(p.chromium.executable_path).exists())
PY
}

cjk_font_present() {
  case "$(uname -s)" in Darwin) return 0 ;; esac       # macOS ships PingFang
  command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family)" ]
}

stamp=".venv/.ready-$(cat requirements.lock pyproject.toml deploy/setup.sh | cksum | tr ' ' '-')"
[ -e "$stamp" ] && exit 0
say "first run: expect 2-6 minutes, mostly downloads"

python=$(find_python) || die "Python 3.11 or newer is needed (set PYTHON=/path/to/python3)"
if [ ! -x .venv/bin/python ]; then
  say "making .venv with $python"
  if ! "$python" -m venv .venv 2>/dev/null; then
    rm -rf .venv
    apt_possible || die "'$python -m venv' does not work here; install your system's python3-venv package"
    apt_install python3-venv
    "$python" -m venv .venv
  fi
fi

say "installing the pinned dependencies (about 100 packages, hashes checked)"
if command -v uv >/dev/null; then
  VIRTUAL_ENV=$PWD/.venv uv pip install --quiet --require-hashes -r requirements.lock
  VIRTUAL_ENV=$PWD/.venv uv pip install --quiet --no-deps --no-build-isolation -e .
else
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi

if browser_present; then
  say "Chromium: present"
elif apt_possible && apt_install chromium && command -v chromium >/dev/null; then
  say "Chromium: installed from the system's packages"
else
  say "Chromium: downloading Playwright's own (about 150 MB)"
  .venv/bin/python -m playwright install chromium || die "no Chromium; install one and set YIGUANG_CHROMIUM=/path"
fi

if cjk_font_present; then
  say "Chinese font: present"
elif apt_possible; then
  apt_install fontconfig fonts-wqy-zenhei
else
  die "no Chinese font found; install one (Debian, Ubuntu: fonts-wqy-zenhei or fonts-noto-cjk)"
fi

touch "$stamp"
say "ready: .venv/bin/yiguang"
