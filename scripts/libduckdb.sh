#!/usr/bin/env bash
# Fetches the prebuilt DuckDB library into the cache and prints its directory.
#
# usage: scripts/libduckdb.sh
#
# The npm package @duckdb/node-bindings-<platform> carries libduckdb with all C API symbols. It is pinned by
# version and checksum. Prints nothing and exits 1 where there is no such library; `make` then lets
# libduckdb-sys download one, or compiles DuckDB from source.
set -euo pipefail

version=1.5.5-r.5
case "$(uname -s)-$(uname -m)" in
Linux-x86_64) platform=linux-x64 library=libduckdb.so sum=86d2bda909785550e8a14a57a8a4584827aff0e268d8f1a58c3fd48559f7020e ;;
Linux-aarch64) platform=linux-arm64 library=libduckdb.so sum=3b85f3ea438f7dc3691d7b5e6e4222ffe9127fd17885f96ca72e0c99925c348e ;;
Darwin-arm64) platform=darwin-arm64 library=libduckdb.dylib sum=08b3cfd7d4d620a5fb67ef49db28551b767107266af3a8e2600e49d99ee59456 ;;
Darwin-x86_64) platform=darwin-x64 library=libduckdb.dylib sum=1266f62ac7c02f7971554a2b0b2c4c19923a97258bfdf1b203873e174e7a28c4 ;;
*)
    echo "libduckdb: no prebuilt library for $(uname -s) $(uname -m)" >&2
    exit 1
    ;;
esac

cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"
dir="$cache/libduckdb-$version-$platform"

if [ ! -f "$dir/$library" ]; then
    command -v npm >/dev/null || {
        echo "libduckdb: npm is missing (it fetches the prebuilt DuckDB library; install Node.js, or build with FEATURES=bundled)" >&2
        exit 1
    }
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    echo "libduckdb: fetching @duckdb/node-bindings-$platform@$version (24 MB)" >&2
    (cd "$work" && npm pack --silent "@duckdb/node-bindings-$platform@$version" >/dev/null)
    archive=$(echo "$work"/*.tgz)
    actual=$( (sha256sum "$archive" 2>/dev/null || shasum -a 256 "$archive") | cut -d' ' -f1)
    [ "$actual" = "$sum" ] || {
        echo "libduckdb: checksum mismatch: expected $sum, got $actual" >&2
        exit 1
    }
    tar -xzf "$archive" -C "$work"
    mkdir "$work/lib"
    mv "$work/package/$library" "$work/package/LICENSE" "$work/lib/"
    # A rename, so that two builds at once never see half a library.
    mv "$work/lib" "$dir" 2>/dev/null || [ -f "$dir/$library" ]
fi
echo "$dir"
