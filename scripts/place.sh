#!/usr/bin/env bash
# Puts a binary into a directory together with the DuckDB library it is linked to; the two run from anywhere, also moved.
#
# usage: scripts/place.sh BINARY DIRECTORY
set -euo pipefail

binary=$1
directory=$2
mkdir -p "$directory"
# A rename, so that a codex that is running keeps its own file.
put() {
    cp -p "$1" "$directory/.new" && mv -f "$directory/.new" "$directory/$(basename "$1")"
}

[ "$binary" -ef "$directory/$(basename "$binary")" ] || put "$binary"
if ldd "$binary" 2>/dev/null | grep -q libduckdb || otool -L "$binary" 2>/dev/null | grep -q libduckdb; then
    library=${DUCKDB_LIB_DIR:-$("$(dirname "$0")/libduckdb.sh")}
    for file in "$library"/libduckdb.so "$library"/libduckdb.dylib; do
        [ ! -f "$file" ] || put "$file"
    done
fi
echo "$directory/$(basename "$binary") $("$directory/$(basename "$binary")" --version 2>/dev/null | cut -d' ' -f2)"
