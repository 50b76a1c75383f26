# Each target is one line here and one script in scripts/; both are quick when nothing changed.
.PHONY: run test check bench clean

run: ## Install what is needed and start the server with a demo network
	@scripts/run.sh

test: ## Run all tests against real services
	@scripts/test.sh

check: ## Formatting, lint, types, layers, documents
	@scripts/check.sh

bench: ## Measure CPU, memory and latency, with the floors beside them
	@scripts/bench.sh

clean: ## Remove what was built; data/ stays
	@scripts/clean.sh
