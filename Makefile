# MedXAI Explorer. `make help` lists what there is.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY ?= demo

.PHONY: help app demo test lint types bench docs screenshots clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 12

$(BIN)/.installed: requirements.txt constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; set PYTHON=python3.11')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -r requirements.txt
	touch $@

$(BIN)/.installed-dev: $(BIN)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	touch $@

demo: $(BIN)/.installed ## Make the demo study (once; later it is there at once)
	$(BIN)/python -m medxai_core demo $(STUDY)

app: demo ## Install, make the demo study, serve the app on 127.0.0.1:8501
	$(BIN)/python -m streamlit run app.py

test: $(BIN)/.installed-dev ## Install and run all tests, in three processes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(BIN)/.installed-dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(BIN)/.installed-dev ## Run the benchmarks that need no data of one's own (long; writes tables in docs/)
	@status=0; for file in $$(grep -l __main__ benchmarks/*.py); do $(BIN)/python "$$file" || status=1; done; exit $$status

docs: $(BIN)/.installed-dev ## Check that the documents name every page, command and descriptor
	$(BIN)/python -m pytest -q tests/test_docs.py

screenshots: $(BIN)/.installed-dev ## Write docs/pictures anew from the demo, with Chromium
	$(BIN)/python docs/write_screenshots.py

clean: ## Remove the environment and what tests wrote
	rm -rf $(VENV) build
