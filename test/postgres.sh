#!/usr/bin/env bash
# Starts a throw-away PostgreSQL cluster for the tests on a free local port and prints its address, or stops it.
#   test/postgres.sh start DIR [durable]   → prints postgres://… ; the cluster lives in DIR
#   test/postgres.sh stop DIR
# For tests nothing is synced to the disk, for they make hundreds of databases and cut no power here; benchmarks start it
# durable.
set -euo pipefail
verb=${1:?start or stop} dir=${2:?a folder} durable=${3:-}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed (Debian: apt-get install postgresql)" >&2; exit 1; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
case $verb in
start)
  mkdir -p "$dir"
  [ "$(id -u)" = 0 ] && chown postgres "$dir" && { [ -k "$(dirname "$dir")" ] || chmod 755 "$(dirname "$dir")"; }
  if [ ! -d "$dir/data" ]; then
    as "$bin/initdb" -D "$dir/data" -U tizi --auth=trust --encoding=UTF8 --locale=C >/dev/null
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = ${TIZI_TEST_PGPORT:-54329}
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
CONF
    [ "$durable" = durable ] || printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n' >>"$dir/data/postgresql.conf"
  fi
  as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null
  echo "postgres://tizi@127.0.0.1:${TIZI_TEST_PGPORT:-54329}/postgres?sslmode=disable"
  ;;
stop) as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null ;;
esac
