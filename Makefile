# Every target works from a fresh clone on a Debian machine with Rust: what it needs, it installs.
# `make help` prints the targets.

CARGO ?= cargo

.PHONY: help deps build companion install install-files install-dnsmasq test test-everything test-makers test-catalogue demo bench bench-peers bench-fetch bench-growth bench-glance matrix sanitize deb walk clean

help:
	@echo 'make demo     phones boot from real servers, from DHCP to the registrar'"'"'s answer'
	@echo 'make test     formatting, lints, docs, and every test; a part after a change in makers'"'"' folders alone'
	@echo 'make test ALL=1  every test in any case'
	@echo 'make build    the hook library, the dnsmasq companion and the command line, for use'
	@echo 'make companion  the dnsmasq companion alone'
	@echo 'make install  puts the library into Kea'"'"'s hooks directory, the command into /usr/local/bin'
	@echo 'make install-dnsmasq  only the dnsmasq companion and the command, without Kea'
	@echo 'make test-catalogue  every maker'"'"'s examples, without any server'
	@echo 'make bench    the benchmarks (a decision; Kea'"'"'s callouts; a fleet; growth; 100,000 phones'"'"' files; dnsmasq)'
	@echo 'make matrix   the integration tests on every Kea that Debian ships (root, debootstrap)'
	@echo 'make sanitize  the C++ part with AddressSanitizer and UndefinedBehaviorSanitizer in a real Kea (not in make test)'
	@echo 'make walk     the README word for word in a virtual machine: systemd, AppArmor (root, slow, not in make test)'
	@echo 'make deb      Debian packages for each release of the matrix, in target/deb (root, debootstrap)'
	@echo 'make deps     only install what the tests need'
	@echo 'make clean    remove what was built'

deps:
	@scripts/deps test

# Debian's names of Kea's packages; ISC's own (isc-kea-dev) bring the same and cannot be beside them.
OF_ISC := $(shell dpkg-query -W -f '$${db:Status-Abbrev}' isc-kea-dev 2>/dev/null | sed -n 's/^ii.*/yes/p')

build:
	@$(if $(OF_ISC),true,scripts/deps build)
	$(CARGO) build --profile $(PROFILE) $(SELECTION)
	$(COMPANION)

companion:
	$(COMPANION)

# How what is installed is compiled; `make test` tries the installation with what the tests have built.
PROFILE ?= release

# Which packages are compiled together. Cargo gives a dependency the features that all of them want, so what is
# compiled in one selection is compiled anew in another: `make test` has one for all that it does.
SELECTION ?= -p offhook-kea -p offhook-kea-loader -p offhook
OF_TESTS = --workspace --lib --bins --tests
# There is no example; the word has cargo take what tests depend on into account, as in the line above.
OF_PAGES = --workspace --exclude offhook-kea-faulty --lib --bins --examples

# `cargo doc` takes what clippy has checked if the compiler is called as `cargo clippy` calls it: our packages would be
# checked twice otherwise. Where clippy is elsewhere, or calls it otherwise, it checks them anew.
AS_CLIPPY = driver="$$(rustc --print sysroot)/bin/clippy-driver"; [ ! -x "$$driver" ] || \
  export RUSTC_WORKSPACE_WRAPPER="$$driver" CLIPPY_ARGS='-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__';

# dnsmasq starts the companion for each event: a static program without relocations needs half the time
# (docs/figures/dnsmasq.md). These words go to it alone; Kea's hook is a shared library.
COMPANION = $(CARGO) rustc --profile $(PROFILE) -p offhook-dnsmasq --bin offhook-dnsmasq -- \
  -C target-feature=+crt-static -C relocation-model=static

PREFIX ?= /usr/local
built = $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

# Where Kea looks for hook libraries: it says so itself; else beside the library that its headers come with.
HOOKS ?= $(or $(shell kea-dhcp4 -W 2>/dev/null | sed -n 's/^ *Hooks directory: *//p'),$(shell \
  cc -print-file-name=libkea-hooks.so | sed -n 's,/libkea-hooks.so$$,/kea/hooks,p'))

install: build
	$(MAKE) --no-print-directory install-files

# The loader, and the build for the Kea whose headers were here; builds for other releases stay. The loader
# compares a build with the checksum beside it, so both appear whole.
install-files:
	@test -n '$(HOOKS)' || { echo 'make install: cannot find the folder of Kea'"'"'s hook libraries; give HOOKS=DIR' >&2; exit 1; }
	install -D -m 644 $(built)/libdhcp_offhook.so '$(DESTDIR)$(HOOKS)/libdhcp_offhook.so'
	release=$$(LC_ALL=C sed -n 's/.*release=\([0-9.]*\) number=.*/\1/p' $(built)/liboffhook_kea.so | head -n 1) && test -n "$$release" && \
	  folder='$(DESTDIR)$(HOOKS)/offhook' && build="kea-$$release.so" && \
	  install -D -m 644 $(built)/liboffhook_kea.so "$$folder/$$build.new" && \
	  sum=$$(cksum <"$$folder/$$build.new") && echo "$$sum $$build" >"$$folder/$$build.cksum.new" && \
	  chmod 644 "$$folder/$$build.cksum.new" && mv "$$folder/$$build.new" "$$folder/$$build" && \
	  mv "$$folder/$$build.cksum.new" "$$folder/$$build.cksum"
	install -D -m 755 $(built)/offhook '$(DESTDIR)$(PREFIX)/bin/offhook'
	install -D -m 755 $(built)/offhook-dnsmasq '$(DESTDIR)$(PREFIX)/bin/offhook-dnsmasq'

# Without Kea: it needs neither its packages nor its headers.
install-dnsmasq:
	$(CARGO) build --profile $(PROFILE) -p offhook
	$(COMPANION)
	install -D -m 755 $(built)/offhook '$(DESTDIR)$(PREFIX)/bin/offhook'
	install -D -m 755 $(built)/offhook-dnsmasq '$(DESTDIR)$(PREFIX)/bin/offhook-dnsmasq'

# Everything, unless nothing but makers' folders has changed since everything passed.
test: deps
	@found=$$($(if $(ALL),echo 'everything: ALL is set',scripts/tested what)) && echo "make test: $$found" && \
	case "$$found" in \
	makers:*) $(MAKE) --no-print-directory test-makers MAKERS="$${found#makers: }" ;; \
	*) $(MAKE) --no-print-directory test-everything ;; esac

test-everything:
	@scripts/tested begin
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --exclude offhook-kea-faulty --all-targets --features offhook-fuzz/targets -- -D warnings
	@$(AS_CLIPPY) RUSTDOCFLAGS='-D warnings' $(CARGO) doc $(OF_PAGES) --no-deps --document-private-items --quiet
	$(CARGO) build $(OF_TESTS)
	@OFFHOOK_BUILT=yes scripts/test-programs
	@echo 'make demo, which is a test too'
	@log=$$(mktemp) && trap 'rm -f "$$log"' EXIT && \
	{ OFFHOOK_BUILT=yes $(CARGO) test --quiet --workspace --test demo >"$$log" 2>&1 || { cat "$$log" >&2; exit 1; }; }
	@echo 'make install, into a folder of its own, of what the tests have built (.ci/run compiles the static companion)'
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(MAKE) --silent install PROFILE=dev SELECTION='$(OF_TESTS)' COMPANION=true DESTDIR="$$folder" && test -s "$$folder$(HOOKS)/libdhcp_offhook.so" && \
	(cd "$$folder$(HOOKS)/offhook" && cksum kea-*.so | cmp - kea-*.so.cksum) && \
	"$$folder/usr/local/bin/offhook" check examples/offhook.json
	@scripts/tested passed

# Data need no lints, and of the tests with real servers those run that read the data. Leaves no record: a part is not everything.
test-makers:
	$(CARGO) fmt --all --check
	$(CARGO) build $(OF_TESTS)
	@OFFHOOK_BUILT=yes scripts/test-programs $(MAKERS)

# Needs neither Kea nor any other server.
test-catalogue:
	$(CARGO) test -p offhook-core --test integration catalogue::

# What takes long the first time says so: the programs are built as the demo would build them unseen.
demo:
	@scripts/deps demo
	@$(CARGO) build -p offhook-kea-loader -p offhook-kea -p offhook -p offhook-dnsmasq
	@$(CARGO) test --no-run -p offhook-tests --test demo
	@$(CARGO) test --quiet -p offhook-tests --test demo

# What release builds are measured with, on the Kea of this machine; the others: scripts/matrix --shell RELEASE make ...
release = $(abspath $(or $(CARGO_TARGET_DIR),target))/release
MEASURED = OFFHOOK_HOOK='$(release)/libdhcp_offhook.so' OFFHOOK_CLI='$(release)/offhook' \
  OFFHOOK_DNSMASQ='$(release)/offhook-dnsmasq' OFFHOOK_MINIMAL='$(release)/../bench/minimal.so'

bench: bench-peers bench-fetch bench-growth
	$(CARGO) bench -p offhook-core --bench decision
	$(MEASURED) $(CARGO) test --quiet -p offhook-tests --test generate
	$(COMPANION)
	$(MEASURED) $(CARGO) test --quiet -p offhook-tests --test dnsmasq-bench

# Beside what people do by hand: callouts, and a fleet's power-up (docs/figures/peers.md).
bench-peers:
	@scripts/deps bench
	$(CARGO) build --release -p offhook -p offhook-kea -p offhook-kea-loader
	kea-hook/bench/run
	$(MEASURED) $(CARGO) test --quiet -p offhook-tests --test fleet

# 1,000 phones fetch at once: files that are there, and a template for each request (docs/figures/fetch.md).
bench-fetch:
	@scripts/deps bench
	$(CARGO) build --release -p offhook
	$(MEASURED) $(CARGO) test --quiet -p offhook-tests --test fetch

# How decision, load, lists, report, import and files grow (docs/figures/growth.md).
bench-growth:
	@scripts/deps bench
	$(CARGO) build --release -p offhook -p offhook-kea -p offhook-kea-loader
	points=$$(mktemp) && trap 'rm -f "$$points"' EXIT && \
	$(CARGO) bench --quiet -p offhook-core --features beyond-limits --bench growth >"$$points" && \
	$(MEASURED) OFFHOOK_POINTS="$$points" $(CARGO) test --quiet -p offhook-tests --test growth

# The report of 100,000 phones, and a nudge of 1,000.
bench-glance:
	@scripts/deps bench
	$(CARGO) build --release -p offhook -p offhook-kea -p offhook-kea-loader
	OFFHOOK_HOOK='$(CURDIR)/target/release/libdhcp_offhook.so' OFFHOOK_CLI='$(CURDIR)/target/release/offhook' \
	  $(CARGO) test --quiet -p offhook-tests --test glance-bench

# The longest wait of a client beside every command, at 100,000 hostile phones. Wants a quiet machine. (`make test`
# has the same test, and judges there how much the phones make commands do, which other work does not change.)
stall:
	@scripts/deps test
	$(CARGO) build --release -p offhook-kea -p offhook-kea-loader
	OFFHOOK_STALL=1 OFFHOOK_HOOK='$(CURDIR)/target/release/libdhcp_offhook.so' \
	  $(CARGO) test -p offhook-tests --test integration stall:: -- --nocapture

matrix:
	@scripts/matrix

deb:
	@scripts/deb

sanitize:
	@scripts/deps test
	@scripts/sanitize

walk:
	@scripts/walk

clean:
	$(CARGO) clean

# The catalogue's page is made from the data; a test holds it to them.
docs/vendors.md: FORCE
	$(CARGO) run --quiet -p offhook -- vendors --markdown > $@

FORCE:
