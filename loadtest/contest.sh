#!/usr/bin/env bash
# Serves Balcão, all roles, for a load program that brings an empty PostgreSQL and a Redis of its own.
#
# Takes from the environment: PORT (of the webhook; console and operations take any), DATABASE_URL or PGHOST,
# PGPORT, PGUSER and PGDATABASE (a socket's folder is how the others connect, so it wins), REDIS_URL
# (unix://PATH or redis://HOST:PORT), APP_SECRET, PHONE_NUMBER_ID; BALCAO = the executable.
# New cases of the number go to a queue, so the bot is silent: the others have none. Ends with SIGTERM, leaving nothing;
# `exec` it, so that whoever stops the shell before it waits for the end.
set -euo pipefail
balcao=${BALCAO:-$(cd "$(dirname "$0")/.." && pwd)/target/demo/balcao}
[ -x "$balcao" ] || { echo "$balcao is missing: cargo build --profile demo -p balcao" >&2; exit 2; }

data=$(mktemp -d)
serving=
end() {
  if [ -n "$serving" ]; then
    kill "$serving" 2>/dev/null || true
    wait "$serving" || true
  fi
  rm -rf "$data"
}
trap end EXIT
trap 'exit 143' TERM INT

if [[ ${PGHOST:-} == /* ]]; then
  DATABASE_URL="postgres://${PGUSER:-app}@localhost/${PGDATABASE}?host=${PGHOST//\//%2F}&port=${PGPORT:-5432}"
fi
# The load program has one log-in for everybody, and so have we here.
export BALCAO__DATABASE__URL=$DATABASE_URL BALCAO__DATABASE__OWNER_URL=$DATABASE_URL
export BALCAO__DATABASE__SEQUENCER_URL=$DATABASE_URL
export BALCAO__REDIS__URL=${REDIS_URL/#unix:/redis+unix:}
export BALCAO__KEYS__DIR=$data/keys BALCAO__MEDIA__DIR=$data/files
export BALCAO__WEBHOOK__APP_SECRETS=$APP_SECRET BALCAO__WEBHOOK__VERIFY_TOKEN=contest
export BALCAO__LISTEN__WEBHOOK=127.0.0.1:$PORT BALCAO__LISTEN__CONSOLE=127.0.0.1:0 BALCAO__LISTEN__OPERATIONS=127.0.0.1:0
# Nobody listens there: what a silent bot sends is nothing.
export BALCAO__WHATSAPP__GRAPH_BASE_URL=http://127.0.0.1:9

"$balcao" keys init --dir "$data/keys" >&2
"$balcao" migrate >&2
# The load program counts `messages` afterwards, to compare them with what was acknowledged.
if command -v psql >/dev/null; then
  psql "$DATABASE_URL" -qc "create view messages as select conversation_id, seq from message where direction = 'in'" >&2
fi
"$balcao" team add contest Contest >&2
# --force: there is no Meta to ask about the number.
echo contest-token | "$balcao" channel add --phone-number-id "$PHONE_NUMBER_ID" --waba-id 102290129340398 \
  --name Contest --team contest --throughput-per-second 1000 --first queue --force >&2
"$balcao" serve &
serving=$!
wait "$serving"
