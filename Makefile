# `make` prints the verbs. They need nothing that the Go distribution does not bring, but
# for conformance, which needs Java; staticcheck is fetched by version, and what is not
# there for determinism (a C compiler for -race, node for WebAssembly) is left out.
GO ?= go
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
SCENARIO ?= coordinator/register
SEEDS ?= 1-500

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: check
check: fmt vet lint test ## what a change must pass: fmt vet lint test

.PHONY: fmt
fmt: ## fail if a file is not formatted
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt -w these:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck
	$(STATICCHECK) ./...

.PHONY: test
test: ## all tests
	$(GO) test ./...

.PHONY: race
race: ## all tests under the race detector
	$(GO) test -race ./...

.PHONY: conformance
conformance: ## play the conformance scripts against Apache ZooKeeper, too
	scripts/conformance.sh

.PHONY: determinism
determinism: ## the same seeds on other processors, under -race and as WebAssembly
	scripts/determinism.sh

.PHONY: hunt
hunt: ## hunt seeds: SCENARIO=coordinator/register SEEDS=1-500
	$(GO) run ./cmd/stampede hunt $(SCENARIO) --seeds $(SEEDS)

.PHONY: bugs
bugs: ## the detection matrix: every planted bug must be found
	$(GO) run ./cmd/stampede bugs

.PHONY: regress
regress: ## replay the stored plans of old failures
	$(GO) test ./cmd/stampede -run TestOldFailures -v

.PHONY: plans
plans: ## find and shrink anew the stored plans that break no more: BUGS="a b" for some
	scripts/plans.sh $(BUGS)

.PHONY: bench
bench: ## benchmarks of kernel, runs and judges
	$(GO) test -run '^$$' -bench . -benchmem ./sim ./nodes/coordinator ./nodes/broker . ./checkers/... | scripts/benchtable.awk

.PHONY: rewrite
rewrite: ## rewrite the expected output of tests: PKG=./reports; review the diff
	$(GO) test $(PKG) -rewrite

.PHONY: docs
docs: ## write the generated pages of docs/
	$(GO) run ./cmd/stampede list guarantees --markdown >docs/GUARANTEES.md
	$(GO) run ./cmd/stampede list bugs --markdown >docs/BUGS.new
	sed -n '/^## Detection matrix/,$$p' docs/BUGS.md | sed '1i\\' >>docs/BUGS.new
	mv docs/BUGS.new docs/BUGS.md

.PHONY: matrix
matrix: ## hunt every planted bug and write what it took into docs/BUGS.md
	$(GO) run ./cmd/stampede list bugs --markdown >docs/BUGS.new
	$(GO) run ./cmd/stampede bugs --workers 2 --markdown >>docs/BUGS.new
	mv docs/BUGS.new docs/BUGS.md

.PHONY: cover
cover: ## coverage of all tests
	$(GO) test -coverpkg=./... -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -1
