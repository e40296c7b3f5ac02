#!/usr/bin/env bash
# Checks licences, sources and duplicates of the dependencies (deny.toml), when cargo-deny is installed.
#
# usage: scripts/deny.sh
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$PATH:${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}/bin"
if command -v cargo-deny >/dev/null; then
    cargo deny --locked check bans licenses sources
else
    echo "lint: cargo-deny is not installed, so licences and sources were not checked (cargo install cargo-deny --locked)"
fi
