# Isobar: `make help` lists what there is.

PREFIX ?= /usr/local
DESTDIR ?=
OUT := out
KEEP ?=

.PHONY: help setup build build-tests test demo bench format install install-files uninstall clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: ## install what is missing on this machine (Debian packages, CRIU)
	@eng/setup.sh run build

build: ## the three programs, compiled ahead of time, into out/ (only what changed)
	@eng/publish.sh Isobar.Cli bin/isobar $(OUT)
	@eng/publish.sh Isobar.Node sbin/isobard $(OUT)
	@eng/publish.sh Isobar.Supervisor lib/isobar/isobar-supervisor $(OUT)

build-tests:
	@dotnet build isobar.slnx -c Release -v q -nologo

test: ## build everything, run every test
	@eng/setup.sh run build test
	@$(MAKE) --no-print-directory build-tests build
	@eng/test.sh $(PROJECTS)

demo: ## three hosts on this machine, a computation that moves between them (KEEP=1 leaves them up)
	@eng/setup.sh run build
	@$(MAKE) --no-print-directory build
	@KEEP=$(KEEP) eng/demo.sh

bench: ## measure against ssh, plain CRIU and plain TCP; tables and JSON in out/bench
	@eng/setup.sh run build test bench
	@$(MAKE) --no-print-directory build
	@bench/run.sh

format: ## format all sources
	@dotnet format isobar.slnx

install: ## programs and service unit under PREFIX (default /usr/local)
	@eng/setup.sh run build
	@$(MAKE) --no-print-directory build install-files

install-files:
	@install -D -m 755 $(OUT)/bin/isobar $(DESTDIR)$(PREFIX)/bin/isobar
	@install -D -m 755 $(OUT)/sbin/isobard $(DESTDIR)$(PREFIX)/sbin/isobard
	@install -D -m 755 $(OUT)/lib/isobar/isobar-supervisor $(DESTDIR)$(PREFIX)/lib/isobar/isobar-supervisor
	@if [ -d /run/systemd/system ] || [ -n "$(DESTDIR)" ]; then \
		mkdir -p $(DESTDIR)/etc/systemd/system && \
		sed 's,/usr/sbin/isobard,$(PREFIX)/sbin/isobard,' eng/isobard.service > $(DESTDIR)/etc/systemd/system/isobard.service && \
		sed 's,/usr/bin/isobar ,$(PREFIX)/bin/isobar ,' eng/isobar-drain.service > $(DESTDIR)/etc/systemd/system/isobar-drain.service; fi
	@if [ -d /run/systemd/system ] && [ -z "$(DESTDIR)" ]; then systemctl daemon-reload; fi
	@echo "Installed isobar, isobard and isobar-supervisor under $(DESTDIR)$(PREFIX)."

uninstall: ## take away what install put there
	@if [ -d /run/systemd/system ] && [ -z "$(DESTDIR)" ]; then systemctl -q disable --now isobar-drain isobard 2> /dev/null || true; fi
	@rm -f $(DESTDIR)$(PREFIX)/bin/isobar $(DESTDIR)$(PREFIX)/sbin/isobard $(DESTDIR)/etc/systemd/system/isobard.service $(DESTDIR)/etc/systemd/system/isobar-drain.service
	@rm -rf $(DESTDIR)$(PREFIX)/lib/isobar

clean: ## remove what was built
	@rm -rf $(OUT)
	@find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
