#!/usr/bin/env bash
# Two agents, one schema: a story that runs the real thing and shows every command it types.
#
# usage: story.sh PLEACH [--schema FILE.sql | --from URL] [--folder DIR] [--quiet]
set -euo pipefail

pleach_binary=$1
shift
source=(--schema "$(cd "$(dirname "$0")" && pwd)/shop.sql")
folder=${TMPDIR:-/tmp}/pleach-demo
quiet=
while [ $# -gt 0 ]; do
    case "$1" in
        --schema) source=(--schema "$(realpath "$2")"); shift 2 ;;
        --from) DEMO_URL=$2; export DEMO_URL; source=(--from env:DEMO_URL); shift 2 ;;
        --folder) folder=$2; shift 2 ;;
        --quiet) quiet=yes; shift ;;
        *) echo "demo: unknown argument $1 (--schema FILE.sql, --from URL, --folder DIR)" >&2; exit 2 ;;
    esac
done

bold=$'\033[1m' dim=$'\033[2m' green=$'\033[32m' plain=$'\033[0m'
if [ -n "${NO_COLOR:-}" ] || [ ! -t 1 ]; then bold='' dim='' green='' plain=''; fi

pleach() { "$pleach_binary" "$@"; }

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# Shows a command and runs it. Output is the story; with --quiet only the headlines are.
run() {
    local shown='' word
    for word in "$@"; do
        case "$word" in *[\ \;\(]*) shown+=" \"$word\"" ;; *) shown+=" $word" ;; esac
    done
    printf '%s$%s%s\n' "$green" "$shown" "$plain"
    if [ -n "$quiet" ]; then "$@" >/dev/null; else "$@"; fi
}

# Like run, for a command that is meant to end with this exit code.
run_to() {
    local code=0 wanted=$1
    shift
    run "$@" || code=$?
    [ "$code" = "$wanted" ] || { echo "demo: expected exit code $wanted, got $code" >&2; exit 1; }
}

ask() { pleach sql --tuples-only -c "$1"; }

if [ -d "$folder/.pleach" ]; then
    pleach -C "$folder" down --destroy --yes >/dev/null
fi
mkdir -p "$folder"
cd "$folder"
rm -rf migrations
started=$(date +%s%N)

say '1. A real PostgreSQL, with your schema and data as branch main'
run pleach init --name demo "${source[@]}"

# The story needs a table with rows and a text column that is free to be renamed: no trigger reads it
# by its name, which a rename would not reach.
pick=$(ask "
    SELECT format('%I.%I', n.nspname, c.relname) || ' ' || quote_ident(a.attname) || ' ' || quote_ident(left(a.attname, 50) || '_text')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pleach')
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND a.atttypid IN ('text'::regtype, 'varchar'::regtype)
      AND has_table_privilege(c.oid, 'SELECT') AND position(' ' IN n.nspname || c.relname || a.attname) = 0
      AND NOT EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.oid AND s.attname = 'score')
      AND NOT EXISTS (
          SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
          WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
            AND position(a.attname::text IN encode(t.tgargs, 'escape') || ' ' || p.prosrc) > 0)
    ORDER BY c.reltuples DESC, a.attnum LIMIT 1")
[ -n "$pick" ] || { echo "demo: the schema has no ordinary table with a text column that no trigger names" >&2; exit 1; }
read -r table column renamed <<<"$pick"
rows=$(ask "SELECT count(*) FROM $table")

say "2. Two agents, each on a branch of its own: a real database, made in milliseconds"
export PLEACH_ACTOR=claude
run pleach branch create agent/claude-score
export PLEACH_ACTOR=gpt
run pleach branch create agent/gpt-search

say "3. claude renames a column of $table and adds one, with a backfill"
export PLEACH_ACTOR=claude
run pleach --branch agent/claude-score sql -c "ALTER TABLE $table RENAME COLUMN $column TO $renamed; ALTER TABLE $table ADD COLUMN score integer; UPDATE $table SET score = coalesce(length($renamed), 0); ALTER TABLE $table ALTER COLUMN score SET NOT NULL"
echo "UPDATE $table SET score = coalesce(length($renamed), 0) WHERE score IS NULL;" >backfill.sql
run pleach --branch agent/claude-score commit -m 'Score every row' --data backfill.sql

say "4. gpt knows nothing of that, and builds an index and a view on the old name"
export PLEACH_ACTOR=gpt
run pleach --branch agent/gpt-search sql -c "CREATE INDEX demo_search_idx ON $table (lower($column)); CREATE VIEW demo_search AS SELECT $column AS found, count(*) AS times FROM $table GROUP BY $column"
run pleach --branch agent/gpt-search commit -m 'Search it'

say '5. Both merge. PostgreSQL proves each merge on a scratch database first'
run pleach merge agent/claude-score
run pleach merge agent/gpt-search
after=$(ask "SELECT count(*) FROM $table WHERE score IS NOT NULL")
[ "$after" = "$rows" ] || { echo "demo: $rows rows before, $after after" >&2; exit 1; }
printf "%sall %s rows of %s are there, every one with its score; gpt's index and view follow claude's rename%s\n" \
    "$dim" "$rows" "$table" "$plain"

say '6. A conflict: both change the type of one column'
export PLEACH_ACTOR=claude
run pleach branch create agent/claude-wide
run pleach --branch agent/claude-wide sql -c "ALTER TABLE $table ALTER COLUMN score TYPE bigint"
run pleach --branch agent/claude-wide commit -m 'Room for large scores'
export PLEACH_ACTOR=gpt
run pleach branch create agent/gpt-exact
run pleach --branch agent/gpt-exact sql -c "ALTER TABLE $table ALTER COLUMN score TYPE numeric(12,2)"
run pleach --branch agent/gpt-exact commit -m 'Exact scores'
run pleach merge agent/claude-wide
run_to 4 pleach merge agent/gpt-exact
say 'A person decides; the decision is proved like everything else'
unset PLEACH_ACTOR
run pleach resolve 1 --theirs
run pleach merge --continue

say '7. The way to production: a migration that ran up, down and up again before it was written'
run pleach migration generate --name scores
[ -n "$quiet" ] || { for file in migrations/*.up.sql; do printf '%s$ cat %s%s\n' "$green" "$file" "$plain"; cat "$file"; done; }

say '8. Who did what'
run pleach log --graph

took=$(( ($(date +%s%N) - started) / 1000000 ))
say "That took $((took / 1000)).$(printf '%03d' $((took % 1000))) s. The project is still there:"
cat <<TEXT
  cd $folder
  pleach psql                       main, with your data (read and write rows; the schema changes by merge)
  pleach log --graph                its history
  pleach diff main~2 main           what two merges changed
  pleach branch create my/branch    a branch of your own, then: pleach --branch my/branch psql
  pleach down                       stop the server (--destroy removes everything)

(pleach is $pleach_binary)
TEXT
