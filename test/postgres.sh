#!/usr/bin/env bash
# Starts a throw-away PostgreSQL cluster for the tests on a free local port and prints its address, or stops it.
#   test/postgres.sh start DIR [durable]   → prints postgres://… ; the cluster lives in DIR
#   test/postgres.sh replica DIR OF    → prints its address; DIR follows the cluster in OF, which from then on waits for it at each commit
#   test/postgres.sh promote DIR       the replica takes writes from now on
#   test/postgres.sh stop DIR          at once, as if the machine had failed
# For tests nothing is synced to the disk, for they make hundreds of databases and cut no power here; benchmarks start it
# durable.
set -euo pipefail
verb=${1:?start, replica, promote or stop} dir=${2:?a folder} more=${3:-}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed (Debian: apt-get install postgresql)" >&2; exit 1; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
port=${TIZI_TEST_PGPORT:-54329}
folder() {
  mkdir -p "$dir"
  [ "$(id -u)" = 0 ] && chown postgres "$dir" && { [ -k "$(dirname "$dir")" ] || chmod 755 "$(dirname "$dir")"; }
}
run() {
  as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null
  echo "postgres://tizi@127.0.0.1:$port/postgres?sslmode=disable"
}
case $verb in
start)
  folder
  if [ ! -d "$dir/data" ]; then
    as "$bin/initdb" -D "$dir/data" -U tizi --auth=trust --encoding=UTF8 --locale=C >/dev/null
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
CONF
    [ "$more" = durable ] || printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n' >>"$dir/data/postgresql.conf"
  fi
  run
  ;;
replica)
  folder
  of=$(sed -n 4p "$more/data/postmaster.pid")
  as "$bin/pg_basebackup" -h 127.0.0.1 -p "$of" -U tizi -D "$dir/data" -X stream -c fast -C -S replica -R
  printf "port = %s\nunix_socket_directories = '%s'\n" "$port" "$dir" >>"$dir/data/postgresql.conf"
  run
  as "$bin/psql" -q -h 127.0.0.1 -p "$of" -U tizi postgres -c "ALTER SYSTEM SET synchronous_commit = 'on'" -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c 'SELECT pg_reload_conf()' >/dev/null
  ;;
promote) as "$bin/pg_ctl" -D "$dir/data" -w promote >/dev/null ;;
stop) as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null ;;
esac
