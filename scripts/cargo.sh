#!/usr/bin/env bash
# cargo, with DuckDB found: links the prebuilt library, or compiles DuckDB where none can be had.
#
# usage: scripts/cargo.sh COMMAND ARGUMENT…        (FEATURES=bundled compiles DuckDB in any case)
#
# Says what is missing instead of installing it.
set -euo pipefail

missing() {
    echo "codex: $1 is missing: $2" >&2
    exit 1
}
command -v cargo >/dev/null || missing cargo "install Rust 1.89 or newer (rustup, or your system's packages)"
command -v cc >/dev/null || missing "a C compiler and linker (cc)" "on Debian: apt-get install build-essential; on macOS: xcode-select --install"

root=$(cd "$(dirname "$0")/.." && pwd)
features=${FEATURES:-}
if [[ " ${features//,/ } " != *" bundled "* && -z ${DUCKDB_LIB_DIR:-} ]]; then
    if DUCKDB_LIB_DIR=$("$root/scripts/libduckdb.sh"); then
        export DUCKDB_LIB_DIR
    else
        echo "codex: compiling DuckDB's C++ sources, since there is no prebuilt library: about half an hour on two cores, once" >&2
        features="${features:+$features,}bundled"
    fi
fi

# Doctests do not get the rpath that build.rs gives to everything else.
if [ -n "${DUCKDB_LIB_DIR:-}" ]; then
    export LD_LIBRARY_PATH="$DUCKDB_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export DYLD_FALLBACK_LIBRARY_PATH="$DUCKDB_LIB_DIR${DYLD_FALLBACK_LIBRARY_PATH:+:$DYLD_FALLBACK_LIBRARY_PATH}"
fi

command=("$1")
shift
if [ "${command[0]}" = nextest ]; then
    command+=("$1")
    shift
fi
exec cargo "${command[@]}" ${features:+--features "$features"} "$@"
