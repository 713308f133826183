# The two commands are `make run` and `make test`; both do their own set-up on a
# Debian machine that has Go and Node. `make help` lists the others.

GO      ?= go
NODE    ?= node
NPM     ?= npm
PORT    ?= 3000
FUZZTIME ?= 20s

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOLANGCI    = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.1
BENCHSTAT   = golang.org/x/perf/cmd/benchstat@v0.0.0-20250813145418-2f7363a06fe1

BIN     := $(CURDIR)/bin
CLIENTS := conformance/clients
SERVER  := $(BIN)/conformance-server
# The server the real clients drive. Any other that offers the contract will do:
# make conform COMMAND="node reference-server.js"
COMMAND ?= $(SERVER)

.PHONY: help run build bundle setup test check fmt vet lint go-test race debug nested conform conform-all browser clients examples fuzz bench bench-save profile capacity rivals million clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## ---- run

run: build ## start the server on :3000 (PORT=n: elsewhere)
	@$(BIN)/sio-fast --addr :$(PORT)

build: bundle ## bin/sio-fast, with the browser client inside
	$(GO) build -trimpath -o $(BIN)/ ./cmd/sio-fast

# npm ci is run again only when a lockfile is newer than what it installed.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && $(CURDIR)/scripts/retry.sh $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

bundle: internal/bundle/dist/socket.io.js ## fetch the browser client that the binaries embed

internal/bundle/dist/socket.io.js: internal/bundle/node_modules/.package-lock.json scripts/brotli.mjs
	cp internal/bundle/node_modules/socket.io-client/dist/socket.io*.js* internal/bundle/dist/
	@$(NODE) scripts/brotli.mjs internal/bundle/dist/socket.io*.js internal/bundle/dist/socket.io*.map
	@touch $@

## ---- test

setup: bundle $(CLIENTS)/node_modules/.package-lock.json ## install what the tests need
	@scripts/setup.sh
	@for m in $$(find . -name go.mod -not -path '*/node_modules/*' | sort); do \
		(cd $$(dirname $$m) && $(CURDIR)/scripts/retry.sh $(GO) list -deps -test ./... >/dev/null) || exit 1; \
	done

test: setup ## everything: vet, linters, Go tests (plain, race, pooldebug), nested modules, real clients, browser
	@$(MAKE) --no-print-directory fmt vet lint
	@$(MAKE) --no-print-directory go-test race debug nested
	@$(MAKE) --no-print-directory clients

check: fmt vet lint go-test race ## what to run before a commit: format, vet, linters, Go tests, race and allocation tests

fmt:
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' 2>/dev/null || find . -name '*.go' -not -path '*/node_modules/*')); \
	if [ -n "$$bad" ]; then echo "gofmt wants to change:"; echo "$$bad"; exit 1; fi

vet: ## go vet, also as the other systems and 32-bit machines see it
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./eventloop ./eio ./sio
	GOARCH=386 $(GO) vet ./eventloop ./eio ./sio

# golangci-lint contains staticcheck. Where its module cannot be had, staticcheck
# alone and the import check of house_test.go have to do.
lint: ## staticcheck and the linters of .golangci.yml, at pinned versions
	@scripts/lint.sh $(STATICCHECK) $(GOLANGCI)

go-test: ## the Go part alone, allocation tests and fuzz seeds included
	$(GO) test ./...

race:
	$(GO) test -race ./...

debug: ## with pools that poison and count
	$(GO) test -tags pooldebug ./pool/... ./wsframe/... ./internal/... ./eio/... ./sio/... ./eventloop/...

nested: ## the tests of the modules in sub-folders
	@for m in $$(find . -mindepth 2 -name go.mod -not -path '*/node_modules/*' | sort); do \
		d=$$(dirname $$m); echo "cd $$d && $(GO) vet ./... && $(GO) test ./..."; \
		(cd $$d && $(GO) vet ./... && $(GO) test ./...) || exit 1; \
	done

$(SERVER): bundle FORCE
	$(GO) build -o $@ ./conformance/server
FORCE:

conform: $(SERVER) $(CLIENTS)/node_modules/.package-lock.json ## the official JavaScript client and raw connections against the conformance server
	COMMAND="$(COMMAND)" $(NODE) --test --test-concurrency=2 --test-timeout=900000 --test-reporter=spec $(CLIENTS)/test/*.test.js

conform-all: $(SERVER) ## the Java, Python and Rust clients against it, as far as their tools are installed
	@scripts/conform-all.sh "$(COMMAND)"

# Those with a page, which the browser's tests open.
examples: bundle
	$(GO) build -C examples -o $(BIN)/examples/ ./chat ./whiteboard ./private ./presence ./jwt
	$(GO) build -C adminui -o $(BIN)/adminui-example ./example

browser: $(SERVER) setup build examples ## Chromium against the conformance server, the chat and the examples
	COMMAND="$(COMMAND)" $(NODE) --test --test-concurrency=2 --test-timeout=900000 --test-reporter=spec $(CLIENTS)/browser/*.test.js

# Both of the above as one run of node:test, with one count at its end.
clients: build $(SERVER) setup examples
	COMMAND="$(COMMAND)" $(NODE) --test --test-concurrency=2 --test-timeout=900000 --test-reporter=spec $(CLIENTS)/test/*.test.js $(CLIENTS)/browser/*.test.js

fuzz: ## each fuzz target for FUZZTIME (20s)
	@scripts/fuzz.sh $(FUZZTIME)

bench: ## the benchmarks of each layer, beside the committed figures (3 min)
	@scripts/bench.sh $(BENCHSTAT)

bench-save: ## take them as the figures to compare with (bench/baseline.txt)
	@scripts/bench.sh $(BENCHSTAT) save

VERSION ?= unreleased
profile: ## where a server's CPU goes under fan-out and echo: writes docs/profiles/VERSION.md
	@scripts/profile.sh "$(VERSION)"

# ARGS="--parts grow,loops" does some; --short only tries whether it works; --help.
capacity: build ## what clients cost: writes the tables of docs/CAPACITY.md (a quarter of an hour)
	@scripts/capacity.sh $(ARGS)

# ARGS=--short only tries whether everything works; --help and --list say more.
rivals: ## measure beside other servers (an hour); writes bench/RESULTS.md, its plot and figures, and those of README.md
	$(GO) -C bench/rivals run ./run $(ARGS)

# A trial: make million CLIENTS=20000 HOLD=10s
million: ## a million clients of one process, in an emulated guest (hours); writes bench/million/RESULTS.md
	@bench/million/run.sh

clean: ## remove what the other targets made
	rm -rf bin internal/bundle/node_modules $(CLIENTS)/node_modules
	find internal/bundle/dist -name 'socket.io*' -delete
