# Included by the Makefile.
.PHONY: chaos

chaos: $(READY) ## hundreds of alerts while workers are killed and S3 and Slack fail: none lost, none doubled
	@$(BIN)/python -m tests.chaos
