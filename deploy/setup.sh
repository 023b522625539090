#!/usr/bin/env bash
# Makes a bare machine ready: .venv with the pinned dependencies, a Chromium, a CJK font. Safe to run again; a second
# run finds everything in place and ends at once. Installs system packages only when root on a Debian-like system.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '[setup] %s\n' "$*" >&2; }
die() { printf '[setup] 错误 / error: %s\n' "$*" >&2; exit 1; }
apt_possible() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }
apt_updated=
apt_install() {
  say "apt-get install $* (a minute or two)"
  # LC_ALL: perl complains at length about a locale that a bare machine does not have
  [ -n "$apt_updated" ] || { LC_ALL=C apt-get update -qq >&2 && apt_updated=1; }
  local log
  log=$(mktemp)
  if LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
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

# Debian splits venv and ensurepip off into python3-venv; uv needs neither.
make_venv() {
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" .venv && return
  fi
  "$python" -m venv .venv >/dev/null 2>&1 && return
  rm -rf .venv
  return 1
}

# Playwright brings its own Node.js, which needs a library that a minimal Debian lacks.
driver_starts() { .venv/bin/python -m playwright --version >/dev/null 2>&1; }

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

install_browser() {
  # Ubuntu's chromium package only points at a snap, which neither containers nor servers can count on.
  if apt_possible && ! is_ubuntu && apt_install chromium && command -v chromium >/dev/null; then
    say "Chromium: installed from the system's packages"
    return
  fi
  say "Chromium: downloading Playwright's own (about 150 MB)"
  if apt_possible; then
    LC_ALL=C DEBIAN_FRONTEND=noninteractive .venv/bin/python -m playwright install --with-deps chromium >&2
  else
    .venv/bin/python -m playwright install chromium >&2
  fi
}

cjk_font_present() {
  case "$(uname -s)" in Darwin) return 0 ;; esac       # macOS ships PingFang
  command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family)" ]
}

# The folder is part of the stamp: a .venv that was moved or copied along with its checkout does not work.
stamp=".venv/.ready-$({ cat requirements.lock pyproject.toml deploy/setup.sh && pwd; } | cksum | tr ' ' '-')"
[ -e "$stamp" ] && exit 0
say "first run: expect 2-6 minutes, mostly downloads"

if ! python=$(find_python); then
  apt_possible && apt_install python3 python3-venv
  python=$(find_python) || die "Python 3.11 or newer is needed (set PYTHON=/path/to/python3)"
fi
if ! .venv/bin/python -c '' 2>/dev/null; then
  say "making .venv with $python"
  rm -rf .venv
  if ! make_venv; then
    apt_possible || die "'$python -m venv' does not work here; install your system's python3-venv package"
    apt_install python3-venv
    make_venv || die "'$python -m venv' does not work even with python3-venv installed"
  fi
fi

say "installing the pinned dependencies (about 100 packages, hashes checked)"
if command -v uv >/dev/null; then
  pip_install() { VIRTUAL_ENV=$PWD/.venv uv pip install --quiet "$@"; }
else
  pip_install() { .venv/bin/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore "$@"; }
fi
pip_install --require-hashes -r requirements.lock
pip_install --no-deps --no-build-isolation -e .

if ! driver_starts; then
  apt_possible && apt_install libatomic1
  driver_starts || die "Playwright's driver does not start here; try: .venv/bin/python -m playwright --version"
fi

if browser_present; then
  say "Chromium: present"
else
  install_browser || die "no Chromium; install one and set YIGUANG_CHROMIUM=/path"
fi

if cjk_font_present; then
  say "Chinese font: present"
elif apt_possible; then
  apt_install fontconfig fonts-wqy-zenhei
else
  die "no Chinese font found; install one (Debian, Ubuntu: fonts-wqy-zenhei or fonts-noto-cjk)"
fi

# A token in software, for the tests of signing keys in PKCS#11 tokens
softhsm_present() { ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/local/lib/softhsm/libsofthsm2.so /opt/homebrew/lib/softhsm/libsofthsm2.so 2>/dev/null | grep -q .; }
if softhsm_present && command -v softhsm2-util >/dev/null; then
  say "SoftHSM: present"
elif apt_possible; then
  apt_install softhsm2
else
  say "SoftHSM is missing: the tests of signing keys in tokens will fail (Debian, Ubuntu, Homebrew: softhsm2 or softhsm)"
fi

rm -f .venv/.ready-*
touch "$stamp"
say "ready: .venv/bin/yiguang"
