#!/usr/bin/env bash
# Runs once, when the database's volume is new: the group roles that the first migration expects, and the log-ins that
# the URLs in the secrets name. The owner is no superuser.
set -euo pipefail

password() { tr -d '\n' <"/run/secrets/$1"; }

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v owner="$(password owner_password)" -v app="$(password app_password)" -v sequencer="$(password sequencer_password)" <<'SQL'
create role balcao_app nologin;
create role balcao_sequencer nologin;
create role balcao_reports nologin;
create role balcao_owner login password :'owner';
create role balcao_app_login login password :'app' in role balcao_app;
create role balcao_sequencer_login login password :'sequencer' in role balcao_sequencer;
create database balcao owner balcao_owner;
SQL
