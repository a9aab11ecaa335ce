# make run    build and start the demo at http://localhost:8080
# make test   everything: formats, vet, lint, all tests on SQLite and PostgreSQL, screens in Chromium
# make check  the fast loop: format, vet, lint, unit tests on SQLite
# make build  bin/tizi, one static binary with everything in it
# make package  dist/tizi_*.deb for Debian, amd64 and arm64
SHELL := bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
DEBIAN := /var/cache/tizi/debian.tar
# Everything is compiled in one way, so that the program, the tests and the checks share what is compiled.
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -trimpath
UI := $(shell find ui labs -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: run build package ui check test lint tools clean bench

run: build
	./bin/tizi demo

build: ui
	$(GO) build -ldflags '-s -w -X main.version=$(VERSION)' -o bin/tizi ./cmd/tizi

package: ui
	packaging/build.sh

ui: internal/web/dist/manifest.json

ui/node_modules/.package-lock.json: ui/package-lock.json
	command -v npm >/dev/null || { echo 'Node.js and npm are needed to build the pages (Debian: apt-get install nodejs npm)' >&2; exit 1; }
	npm ci --prefix ui --no-audit --no-fund --loglevel=error
	touch $@

internal/web/dist/manifest.json: ui/node_modules/.package-lock.json $(UI)
	$(GO) run ./ui/build

lint:
	unformatted=$$(gofmt -l $$(git ls-files '*.go'))
	[ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

check: ui lint
	$(GO) test ./... -short 2>&1 | grep -v 'no test files'

# What the tests need beyond Go and Node.js. Only what is missing is installed.
tools:
	missing=()
	[ -x /usr/bin/chromium ] || missing+=(chromium)
	command -v certutil >/dev/null || missing+=(libnss3-tools)
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
	if [ $${#missing[@]} -gt 0 ]; then
	  [ "$$(id -u)" = 0 ] || { echo "The tests need: $${missing[*]}. Install them (apt-get install $${missing[*]}) and try again." >&2; exit 1; }
	  export DEBIAN_FRONTEND=noninteractive
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null
	fi
	# A clean Debian, into which the package is installed; without it that test is skipped.
	if [ "$$(id -u)" = 0 ] && [ ! -f $(DEBIAN) ]; then
	  command -v mmdebstrap >/dev/null || apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null || true
	  mkdir -p $(dir $(DEBIAN)) && mmdebstrap --quiet --format=tar --variant=minbase --include=adduser bookworm $(DEBIAN).part >/dev/null 2>&1 && mv $(DEBIAN).part $(DEBIAN) || echo 'a clean Debian could not be made here' >&2
	fi

test: ui tools lint build
	test/all.sh

clean:
	rm -rf bin ui/node_modules
	find internal/web/dist -type f ! -name .keep -delete
