#!/usr/bin/env bash
# Fetches DuckDB's PostgreSQL extension into the cache and prints the directory for `extension_directory`.
#
# usage: scripts/postgres_extension.sh
#
# It comes from the wheel of the Python package index, pinned by version and checksum; codex itself would also take it from
# DuckDB's repository (src/warehouse/extension.rs has the same pins). Tests and benchmarks call this.
set -euo pipefail

version=1.5.5
cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"
dir="$cache/duckdb-extensions"
sums="fea9413d1b5bded7ead650aff91b3d7578c5149d832f666100b362f64404bf18
5b50d53ecb192fca381c79ebd70da43b98fefe28a5781162081777f65efc8268
053b9ee8abf30f1880a244c9396323273ec99cf4d72a658e702cf536848b7e5c
797acdb64f10280303b66fb56c3537d3a7c82eab7cf6dfb4c71307c81c3e7b0d"

say() { echo "postgres_extension: $*" >&2; }

case "$(uname -s)-$(uname -m)" in
Linux-x86_64) platform=linux_amd64 ;;
Linux-aarch64) platform=linux_arm64 ;;
Darwin-arm64) platform=osx_arm64 ;;
Darwin-x86_64) platform=osx_amd64 ;;
*)
    say "there is no wheel for $(uname -s) $(uname -m)"
    exit 1
    ;;
esac
file="$dir/v$version/$platform/postgres_scanner.duckdb_extension"
if [ ! -f "$file" ]; then
    python3 -m pip --version >/dev/null 2>&1 || {
        say "python3 with pip is missing; it would fetch the extension (on Debian: apt-get install python3-pip)"
        exit 1
    }
    mkdir -p "$(dirname "$file")"
    work=$(mktemp -d "$dir/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "fetching duckdb-extension-postgres-scanner==$version (14 MB)"
    {
        printf 'duckdb-extension-postgres-scanner==%s' "$version"
        while read -r sum; do printf ' --hash=sha256:%s' "$sum"; done <<<"$sums"
        echo
    } >"$work/pinned.txt"
    python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --disable-pip-version-check --no-input \
        --requirement "$work/pinned.txt" --dest "$work" >&2
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
    # A rename, so that two at once never see half a file.
    mv "$work"/wheel/*/extensions/*/postgres_scanner.duckdb_extension "$file"
fi
echo "$dir"
