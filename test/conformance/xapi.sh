#!/usr/bin/env bash
# Runs the public suite of xAPI (adlnet/lrs-conformance-test-suite) against a running node, and says whether all of it passed.
#   test/conformance/xapi.sh SUITE URL KEY SECRET [VERSION]
# SUITE is the folder of the suite, with its dependencies installed; this script fetches nothing. URL is the node's, without
# /xapi. The suite writes records that stay: give it a node that is made for it.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
suite=$1 url=${2%/} key=$3 secret=$4 version=${5:-1.0.3}
[ -d "$suite/node_modules" ] || { echo "$suite has no node_modules: run npm install there first" >&2; exit 2; }
cd "$suite"
# Its exit status is the number of failures modulo 256, so what it counts is read instead.
out=$(mktemp)
trap 'rm -f "$out"' EXIT
node bin/console_runner.js -e "$url/xapi" -a -u "$key" -p "$secret" -x "$version" >"$out" 2>&1 || true
log=$(sed -n 's/^Full run log written to //p' "$out" | tail -1)
[ -n "$log" ] || { tail -5 "$out" >&2; echo "the suite did not come to its end" >&2; exit 1; }
read -r total passed <<<"$(node -e 'const s = JSON.parse(require("fs").readFileSync(process.argv[1])).summary; console.log(s.total, s.passed)' "$log")"
echo "xAPI $version: $passed of $total passed; the log is $log"
[ "$passed" = "$total" ]
