# Included by the Makefile.
.PHONY: mwaa env
MWAA_AIRFLOW ?= 3.2.1

mwaa: $(READY) ## what Amazon MWAA takes, in dist/mwaa (MWAA_AIRFLOW=3.2.1: the version your environment runs)
	@$(BIN)/python deploy/build_mwaa.py --airflow $(MWAA_AIRFLOW) --out dist/mwaa

env: ## .env for docker-compose.yaml, with generated secrets
	@$(PYTHON) deploy/make_env.py
