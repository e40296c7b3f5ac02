#!/usr/bin/env bash
# Shows codex at work: a diary of two weeks comes in, is lived through night by night, and answers questions.
#
# usage: scripts/demo.sh PATH_TO_CODEX
#
# `make demo` builds codex and calls this. Everything happens in a temporary directory that is removed at the end.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: scripts/demo.sh PATH_TO_CODEX (make demo builds it first)" >&2
    exit 2
fi
codex="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
sample="$(cd "$(dirname "$0")/../sample" && pwd)"

room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT
cp "$sample/diary.jsonl" "$room"
cd "$room"
# Nothing of the user's own: neither their store nor their settings.
while read -r name; do unset "$name"; done < <(compgen -e | grep '^CODEX_' || true)
export DUCKDB_PATH="$room/demo.duckdb" XDG_CONFIG_HOME="$room" XDG_DATA_HOME="$room"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

title() { printf '\n%s== %s ==%s\n' "$bold" "$1" "$plain"; }

# Prints a command as one would type it, then runs it.
run() {
    local word line='$ codex'
    for word in "$@"; do
        case "$word" in
        *[!A-Za-z0-9_./:=-]*) line+=" \"$word\"" ;;
        *) line+=" $word" ;;
        esac
    done
    printf '\n%s%s%s\n' "$bold" "$line" "$plain"
    "$codex" "$@"
}

night=2026-03-16T12:00:00Z

title "1. What came in: the diary of Nora, data engineer, and her assistant Iris"
run import diary.jsonl --time-zone Europe/Lisbon
run sql "SELECT created_at::DATE AS day, count(*) AS memories, count(DISTINCT session) AS sessions, left(min_by(content, memory_id), 70) AS begins FROM raw.memories GROUP BY day ORDER BY day"
run sql "SELECT left(content, 60) AS memory, people, list_transform(topics, t -> t.label)[:3] AS topics, valence, arousal, importance FROM enrichment.features f JOIN raw.memories m USING (memory_id) ORDER BY importance DESC, memory_id LIMIT 5"

title "2. Two weeks are lived through: days of working and short-term memory, nights of sleep"
run consolidate --as-of $night
run status

title "3. What each stage made of it"
run sql "SELECT episode_id AS episode, started_at, memories, boundary, left(goal, 40) AS goal, emotion, left(gist, 60) AS gist FROM state.episodes ORDER BY memories DESC, episode_id LIMIT 6"
run sql "SELECT kind, count(*) AS associations, count(*) FILTER (provisional) AS provisional, round(avg(weight_now), 3) AS weight_now FROM long_term_memory.association_strengths GROUP BY kind ORDER BY associations DESC"
run sql "SELECT age_class, count(*) AS memories, round(avg(strength), 3) AS strength, round(avg(stability), 1) AS stability_days FROM long_term_memory.semantic_memories GROUP BY age_class ORDER BY memories DESC"

title "4. The semantic network"
run sql "SELECT label AS circle, concepts, memories, array_to_string(strongest_concepts, ', ') AS strongest FROM long_term_memory.cortical_columns ORDER BY memories DESC, label LIMIT 6"
run sql "SELECT source, target, memories, round(weight, 2) AS weight, crosses_columns FROM long_term_memory.semantic_network ORDER BY weight DESC, source LIMIT 6"

title "5. Questions"
run query --text "When is Bolota's check-up, and why was it moved?" -k 3 --explain --as-of $night
run query --text "Speech or cello at the wedding, and which song?" -k 3 --explain --as-of $night
run query --text "Where was the spare shed key on Wednesday evening?" -k 3 --explain --as-of $night

title "6. Insights nobody asked for"
run insights --as-of $night

title "7. One memory, all the way back to its raw row"
run explain d249

title "8. Is all well?"
run metrics
run health --verbose
run verify
