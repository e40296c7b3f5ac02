#!/usr/bin/env bash
# Fetches a PostgreSQL that has pgvector, for the test that publishes vectors, and prints the directory of its programs.
#
# usage: scripts/pgvector.sh
#
# The PyPI package pgserver (Apache-2.0) carries PostgreSQL 16 with pgvector; it is pinned by checksum and only unpacked, its Python
# code never runs. Where it cannot be had, this says why and exits 1; the test then says so.
set -euo pipefail

version=0.1.4
sum=d595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813
cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"
dir="$cache/pgserver-$version"

say() { echo "pgvector: $*" >&2; }

if [ ! -x "$dir/pgserver/pginstall/bin/postgres" ]; then
    [ "$(uname -sm)" = "Linux x86_64" ] || { say "known for Linux on x86_64 only"; exit 1; }
    command -v python3 >/dev/null || { say "python3 is missing (it would fetch it with pip)"; exit 1; }
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "fetching pgserver $version (11 MB)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
        --platform manylinux2014_x86_64 --dest "$work" "pgserver==$version" >&2 || { say "pip could not fetch it"; exit 1; }
    archive=$(echo "$work"/*.whl)
    actual=$(sha256sum "$archive" | cut -d' ' -f1)
    [ "$actual" = "$sum" ] || { say "checksum mismatch: expected $sum, got $actual"; exit 1; }
    python3 -m zipfile -e "$archive" "$work/unpacked"
    chmod +x "$work"/unpacked/pgserver/pginstall/bin/*
    # A rename, so that two at once never see half of it.
    mv "$work/unpacked" "$dir" 2>/dev/null || [ -x "$dir/pgserver/pginstall/bin/postgres" ]
fi
echo "$dir/pgserver/pginstall/bin"
