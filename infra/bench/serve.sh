#!/usr/bin/env bash
# Serves Balcão, all roles, for a load program that brings its own empty PostgreSQL and Redis.
#
# Takes from the environment: PORT (of the webhook), DATABASE_URL, REDIS_URL (unix://PATH or redis://), APP_SECRET,
# PHONE_NUMBER_ID; BALCAO = the executable. New conversations wait in a queue, so that the bot is silent.
set -euo pipefail
balcao=${BALCAO:-$(dirname "$0")/../../target/demo/balcao}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

export BALCAO__DATABASE__URL=$DATABASE_URL BALCAO__DATABASE__OWNER_URL=$DATABASE_URL
export BALCAO__DATABASE__SEQUENCER_URL=$DATABASE_URL
export BALCAO__REDIS__URL=${REDIS_URL/#unix:/redis+unix:}
export BALCAO__KEYS__DIR=$data/keys BALCAO__MEDIA__DIR=$data/files
export BALCAO__WEBHOOK__APP_SECRETS=$APP_SECRET BALCAO__WEBHOOK__VERIFY_TOKEN=bench
export BALCAO__WHATSAPP__GRAPH_BASE_URL=http://127.0.0.1:9
export BALCAO__BOT__STARTS=false

"$balcao" keys init "$data/keys" >&2
"$balcao" migrate >&2
"$balcao" team add atendimento Atendimento >&2
echo bench-token | "$balcao" channel add --phone-number-id "$PHONE_NUMBER_ID" --waba-id 1 --name Bench \
  --team atendimento --throughput-per-second 1000 --unchecked >&2
"$balcao" serve --port-base "$((PORT - 1))" &
serving=$!
trap 'kill "$serving"; wait "$serving"; rm -rf "$data"' TERM INT
wait "$serving"
