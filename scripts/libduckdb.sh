#!/usr/bin/env bash
# Fetches the prebuilt DuckDB library into the cache and prints its directory, for DUCKDB_LIB_DIR.
#
# usage: scripts/libduckdb.sh
#
# First choice is the npm package @duckdb/node-bindings-<platform>, pinned by version and checksum: its libduckdb has all
# symbols of the C API. Second choice is what libduckdb-sys downloads by itself (DUCKDB_DOWNLOAD_LIB). Where neither works,
# this prints nothing and exits 1, and codex has to be built with `--features bundled`, which compiles DuckDB.
set -euo pipefail

version=1.5.5-r.5
cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"

say() { echo "libduckdb: $*" >&2; }

# Sets platform, library and sum for this machine, or says that there is no package for it.
choose_package() {
    case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 library=libduckdb.so sum=86d2bda909785550e8a14a57a8a4584827aff0e268d8f1a58c3fd48559f7020e ;;
    Linux-aarch64) platform=linux-arm64 library=libduckdb.so sum=3b85f3ea438f7dc3691d7b5e6e4222ffe9127fd17885f96ca72e0c99925c348e ;;
    Darwin-arm64) platform=darwin-arm64 library=libduckdb.dylib sum=08b3cfd7d4d620a5fb67ef49db28551b767107266af3a8e2600e49d99ee59456 ;;
    Darwin-x86_64) platform=darwin-x64 library=libduckdb.dylib sum=1266f62ac7c02f7971554a2b0b2c4c19923a97258bfdf1b203873e174e7a28c4 ;;
    *)
        say "npm has no prebuilt library for $(uname -s) $(uname -m)"
        return 1
        ;;
    esac
}

sha256() { { sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; } | cut -d' ' -f1; }

# Every step says itself whether it failed: `set -e` does not hold in a function that is tried with `if`.
from_npm() {
    choose_package || return 1
    dir="$cache/libduckdb-$version-$platform"
    [ -f "$dir/$library" ] && return 0
    command -v npm >/dev/null || {
        say "npm is missing (Node.js brings it); it would fetch the prebuilt DuckDB library"
        return 1
    }
    mkdir -p "$cache" || return 1
    work=$(mktemp -d "$cache/fetch.XXXXXX") || return 1
    trap 'rm -rf "$work"' EXIT
    say "fetching @duckdb/node-bindings-$platform@$version (24 MB)"
    (cd "$work" && npm pack --silent "@duckdb/node-bindings-$platform@$version" >/dev/null) || {
        say "npm could not fetch it"
        return 1
    }
    local archive actual
    archive=$(echo "$work"/*.tgz)
    actual=$(sha256 "$archive")
    [ "$actual" = "$sum" ] || {
        say "checksum mismatch: expected $sum, got $actual"
        return 1
    }
    mkdir "$work/lib" && tar -xzf "$archive" -C "$work" && mv "$work/package/$library" "$work/package/LICENSE" "$work/lib/" || return 1
    # A rename, so that two builds at once never see half a library.
    mv "$work/lib" "$dir" 2>/dev/null || [ -f "$dir/$library" ]
}

from_libduckdb_sys() {
    local target=$cache/libduckdb-sys found
    say "trying the download of libduckdb-sys"
    (cd "$(dirname "$0")/.." && env -u DUCKDB_LIB_DIR DUCKDB_DOWNLOAD_LIB=1 CARGO_TARGET_DIR="$target" \
        cargo build --quiet --locked --package libduckdb-sys >&2) || return 1
    found=$(find "$target/duckdb-download" \( -name libduckdb.so -o -name libduckdb.dylib \) -print -quit)
    [ -n "$found" ] || return 1
    dir=$(dirname "$found")
}

if from_npm || from_libduckdb_sys; then
    echo "$dir"
else
    say "no prebuilt library could be had"
    exit 1
fi
