#!/usr/bin/env bash
# Runs all tests and the examples in the documentation, and ends with the totals of both.
#
# usage: scripts/test.sh [ARGUMENT…]        (arguments go to the test runner, for example a test's name)
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests that need one of these say so where it cannot be had.
cache="${CODEX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/codex}"
scripts/minilm.sh >/dev/null || echo "all-MiniLM-L6-v2 could not be had: tests that need it check nothing; the end says which"
if [ -z "${CODEX_TEST_PGVECTOR:-}" ]; then
    if CODEX_TEST_PGVECTOR=$(scripts/pgvector.sh); then
        export CODEX_TEST_PGVECTOR
    else
        echo "a PostgreSQL with pgvector could not be had: the test that publishes vectors checks nothing"
    fi
fi
if [ -z "${CODEX_TEST_PYTHON:-}" ] && command -v python3 >/dev/null; then
    # Clients that others wrote: Ollama's, which the test server's answers are read with, MCP's and OpenAI's.
    clients="$cache/test-clients-2"
    if [ -x "$clients/bin/python" ] || { python3 -m venv "$clients.new" &&
        "$clients.new/bin/pip" install --quiet --disable-pip-version-check ollama==0.6.3 mcp==2.3.0 openai==3.57.0 && mv "$clients.new" "$clients"; }; then
        export CODEX_TEST_PYTHON="$clients/bin/python"
    else
        rm -rf "$clients.new"
        echo "the Python clients of Ollama, MCP and OpenAI could not be had: tests that talk with them check nothing"
    fi
fi
# The tests beside PostgreSQL start a server of their own; they fail without one, so it is said first.
if ! ls /usr/lib/postgresql/*/bin/initdb /opt/homebrew/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null && ! command -v pg_config >/dev/null; then
    echo "codex: PostgreSQL's server programs are missing, so tests/postgres will fail: on Debian or Ubuntu, apt-get install postgresql;" \
        "on macOS, brew install postgresql@17" >&2
fi
scripts/postgres_extension.sh >/dev/null || echo "codex: tests/postgres will fail without DuckDB's PostgreSQL extension" >&2

log=$(mktemp)
CODEX_UNCHECKED=$(mktemp)
export CODEX_UNCHECKED
trap 'rm -f "$log" "$CODEX_UNCHECKED"' EXIT
outcome=0

# Runs cargo, keeps what it says, and goes on when tests fail: the totals come last in any case.
run() { scripts/cargo.sh "$@" 2>&1 | tee -a "$log" || outcome=1; }

if cargo nextest --version >/dev/null 2>&1; then
    run nextest run --locked --workspace --no-fail-fast "$@"
else
    echo "cargo-nextest is not installed; cargo test runs the same tests, slower (cargo install cargo-nextest --locked)"
    run test --locked --workspace --no-fail-fast --lib --bins --tests "$@"
fi
run test --locked --doc "$@"

# nextest closes with "Summary […] 12 tests run: 12 passed, 0 skipped", cargo test with "test result: ok. 3 passed; 0 failed; …".
awk '
    { gsub(/\033\[[0-9;]*m/, "") }
    /^ *Summary \[|^test result:/ {
        for (i = 2; i <= NF; i++) {
            if ($i ~ /^passed/) passed += $(i - 1)
            if ($i ~ /^failed|^timed/) failed += $(i - 1)
            if ($i ~ /^skipped|^ignored/) skipped += $(i - 1)
        }
    }
    END { printf "\nAll tests, documentation included:\n%d passed, %d failed, %d skipped\n", passed, failed, skipped }
' "$log"
if [ -s "$CODEX_UNCHECKED" ]; then
    printf '\nSome tests passed without checking anything, since something is not installed:\n'
    sort -u "$CODEX_UNCHECKED" | sed 's/^/  /'
fi
exit "$outcome"
