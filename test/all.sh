#!/usr/bin/env bash
# Runs every test on SQLite and PostgreSQL and in Chromium, and closes with one line that counts them.
# Arguments go to go test: test/all.sh -run Law -long
set -uo pipefail
cd "$(dirname "$0")/.."
# Nothing here has to outlive the tests: where there is room in memory, they do not wait for a disk.
shm=$(findmnt -no OPTIONS /dev/shm 2>/dev/null || echo noexec)
if [ -z "${TMPDIR:-}" ] && [[ $shm != *noexec* && $shm != *nodev* ]] && [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 8000000 ]; then
  export TMPDIR=/dev/shm GOTMPDIR=/dev/shm # of tests too: testing.T.TempDir
fi
# The cluster's folder must be reachable by its own user when the tests run as root.
dir=$(mktemp -d "${TMPDIR:-/tmp}/tizi-test-XXXXXX")
chmod 755 "$dir"
cleanup() { test/postgres.sh stop "$dir/pg" >/dev/null 2>&1; rm -rf "$dir"; }
trap cleanup EXIT
[[ ${GOFLAGS:-} == *-trimpath* ]] || export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath" # as make compiles
export TIZI_TEST_PGPORT=$((20000 + RANDOM % 20000))
TIZI_TEST_POSTGRES=$(test/postgres.sh start "$dir/pg") || exit 1
export TIZI_TEST_POSTGRES TIZI_BIN="$PWD/bin/tizi" TIZI_CHROMIUM=${TIZI_CHROMIUM:-/usr/bin/chromium}
# What takes longest begins first, and more packages run at once than there are processors: many wait for a disk, a browser or another
# process. The same vet ran in make lint.
first=(./test/e2e ./internal/simulate ./test/process)
mapfile -t rest < <(go list ./... | grep -v -e '/test/e2e$' -e '/internal/simulate$' -e '/test/process$')
go test -count=1 -vet=off -p "$(($(nproc) + 2))" -timeout 60m -json "$@" "${first[@]}" "${rest[@]}" >"$dir/log.json"
status=$?
go run ./test/summary "$dir/log.json" || status=1
exit $status
