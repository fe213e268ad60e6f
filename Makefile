# `make help` lists the targets. PG_CONFIG chooses the server, DESTDIR the place to install to.
PG_CONFIG ?= pg_config
export PG_CONFIG

extensions := tenantry tenantry_jwt tenantry_search tenantry_tap
environment := extension/environment

# PGXS: what to build and where it goes.
version_of = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension/$(1).control)
upgrades_of = $(basename $(notdir $(wildcard sql/$(1)/upgrades/*.sql)))
scripts_of = $(foreach step,$(call version_of,$(1)) $(call upgrades_of,$(1)),extension/build/$(1)--$(step).sql)

EXTENSION = $(addprefix extension/,$(extensions))
DATA_built = $(foreach extension,$(extensions),$(call scripts_of,$(extension)))
EXTRA_CLEAN = extension/build
# What needs pgTAP is tested where pgTAP is.
REGRESS = $(filter-out $(if $(wildcard $(shell $(PG_CONFIG) --sharedir 2>/dev/null)/extension/pgtap.control),,tenantry_tap),$(extensions))
REGRESS_OPTS = --inputdir=tests/packaging/regress --outputdir=extension/build/regress

all: $(DATA_built) ## build the extensions' scripts (the default)

# The server may not be there yet: make demo, test and lint install it.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
install uninstall installcheck:
	@echo "PostgreSQL's development files are missing (postgresql-server-dev-15 on Debian 12): install them, or set PG_CONFIG." >&2
	@exit 1
clean:
	rm -rf $(EXTRA_CLEAN)
endif

# build.sh leaves a script alone that is up to date, so it may run every time.
$(DATA_built): build ;
build:
	@for extension in $(extensions); do extension/build.sh $$extension || exit; done

install: ## install the extensions into the server of PG_CONFIG
installcheck: ## smoke test of an installed server, by pg_regress; PGHOST and its like say which
clean: ## remove what was built

# Installs as root only where the server's folder wants it. The recursion finds PGXS once the server is there.
define set_up
	@$(environment)/packages.sh $(1)
	@$(environment)/venv.sh $(1)
	@$(MAKE) -s all
	@if [ -w "$$($(PG_CONFIG) --sharedir)/extension" ]; then as_root=; \
		elif command -v sudo > /dev/null; then as_root=sudo; \
		else echo "make install wants root here: run make as root, or install sudo." >&2; exit 1; fi; \
		$$as_root $(MAKE) -s install PG_CONFIG="$(PG_CONFIG)" > /dev/null
endef

demo: ## three tenants, real documents, an attacker: in a private cluster, nothing to prepare
	$(call set_up,demo)
	@$(environment)/cluster.sh start demo
	@eval "$$($(environment)/cluster.sh env demo)" && export PGDATABASE=tenantry_demo && \
		.venv/bin/python -m tenantry_demo

demo-stop: ## stop the demo's cluster
	@$(environment)/cluster.sh stop demo
	@echo "Stopped. The data stays: make demo starts it again, $(environment)/cluster.sh remove demo removes it."

test: ## every test, against private clusters, one a worker
	$(call set_up,test)
	@.venv/bin/pytest --numprocesses=auto --maxprocesses=8 --dist=loadscope

SUITE ?= trixie
test-debian: ## the tests on another Debian, in a chroot: make test-debian SUITE=trixie, as root
	@$(environment)/debian.sh $(SUITE)

bench: ## measure what isolation costs
	$(call set_up,bench)
	@$(environment)/cluster.sh start bench
	@eval "$$($(environment)/cluster.sh env bench)" && .venv/bin/python -m bench; \
		status=$$?; $(environment)/cluster.sh stop bench; exit $$status

lint: ## every check that needs no test
	$(call set_up,lint)
	@extension/lint/lint.sh

format: ## put the Python code into its form
	@$(environment)/venv.sh lint
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-13s %s\n", $$1, $$2 }'

.PHONY: all install installcheck clean demo demo-stop test test-debian bench lint format help build
