# evprof. `make demo` shows the program at work, `make check` runs every test; both first install
# what is missing. V=1 shows the commands, SAN=address,undefined builds with sanitizers, B= chooses
# another build folder.

B       ?= build
V       ?= 0
PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
WERROR  ?= 0
# Optional parts to leave out although they are there: WITHOUT="bpf"
WITHOUT ?=

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

# Once, also when this is called from a make that did it and handed B down.
ifneq ($(SAN),)
override B := $(patsubst %/san,%,$(B))/san
endif

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

# The rooms, in the order in which data walks through them. A stage sees only earlier ones.
STAGES := base event perfdata symbol collect profile view
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	    -Wundef -Wwrite-strings -Wno-format-nonliteral
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu17 -fno-omit-frame-pointer $(WARNINGS) $(if $(filter 1,$(WERROR)),-Werror) \
	    $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined -DEV_SANITIZED=1)
override CPPFLAGS += -D_GNU_SOURCE -Iinclude -Ibpf -Iagent -I$(B)/gen
override LDFLAGS += $(if $(SAN),-fsanitize=$(SAN))

.PHONY: all demo check check-built check-pmu check-kernels deps bench lint format fuzz fuzz-built install uninstall clean help
.DELETE_ON_ERROR:
.PRECIOUS: $(B)/gen/%.bpf.o $(B)/gen/%.skel.h

all: $(B)/evprof $(B)/libevprof-python.so examples

# ---- what is there to build with -----------------------------------------------------------------

# config.mk holds HAVE_BPF and LIBS, found by trying; it is made again when `make deps` installs.
NO_CONFIG := clean help deps demo check check-pmu check-kernels fuzz format
ifneq ($(filter-out $(NO_CONFIG),$(or $(MAKECMDGOALS),all)),)
include $(B)/config.mk
endif
$(B)/config.mk: .ci/probe
	$(Q)mkdir -p $(@D)
	$(Q)CC="$(CC)" CLANG="$(CLANG)" BPFTOOL="$(BPFTOOL)" WITHOUT="$(WITHOUT)" sh .ci/probe $@

# ---- objects, one archive per stage --------------------------------------------------------------

sources = $(wildcard src/$(1)/*.c)
objects = $(patsubst src/%.c,$(B)/obj/%.o,$(call sources,$(1)))
# The archives of a stage and all before it, latest first, for the linker.
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
upto = $(patsubst %,$(B)/lib%.a,$(call reverse,$(call before,$(1),$(STAGES))))
before = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call before,$(1),$(wordlist 2,$(words $(2)),$(2))))

define stage_rules
$(B)/lib$(1).a: $(call objects,$(1))
	$$(Q)rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcsD $$@ $$^
endef
$(foreach stage,$(STAGES) cmd,$(eval $(call stage_rules,$(stage))))

# Version and features are known to main only.
$(B)/obj/%.o: src/%.c $(B)/config.mk
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(FEATURES) -MMD -MP -c $< -o $@

$(B)/evprof: $(B)/libcmd.a $(call upto,view)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# ---- what is preloaded into Python programs ------------------------------------------------------

# It stands beside evprof here, and in lib/evprof where that is installed. Never with sanitizers: it
# is in other programs.
AGENT := $(wildcard agent/*.c)
$(B)/libevprof-python.so: $(AGENT) $(wildcard agent/*.h)
	$(Q)mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden $(WARNINGS) $(if $(filter 1,$(WERROR)),-Werror) \
		-shared -Wl,-z,now -Wl,-z,defs -o $@ $(AGENT) -lpthread -ldl

# ---- the page of --format html, as strings -------------------------------------------------------

PAGE := $(B)/gen/report_html_page.h
# In the order in which they stand in the page, which is one script.
PAGE_SCRIPTS := $(patsubst %,src/view/html/%.js,profile words boxes threads colours graph tables code views \
	timeline findings page)
$(PAGE): src/view/html/page.html src/view/html/page.css $(PAGE_SCRIPTS)
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)for part in page:src/view/html/page.html style:src/view/html/page.css "script:$(PAGE_SCRIPTS)"; do \
		echo "static const char report_html_$${part%%:*}[] = {"; \
		cat $${part#*:} | od -An -v -tx1 | sed 's/ *\([0-9a-f][0-9a-f]\)/ 0x\1,/g'; \
		echo " 0x00 };"; \
	done >$@
$(B)/obj/view/report_html.o: $(PAGE)

# ---- BPF programs: x.bpf.c -> x.skel.h -----------------------------------------------------------

BPF_PROGRAMS := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
# What the programs read at run time is of the machine that CC builds for.
MACHINE = $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
BPF_ARCH = $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(patsubst riscv64,riscv,$(MACHINE))))
MULTIARCH = $(shell $(CC) -print-multiarch)
SYSROOT = $(shell $(CC) -print-sysroot 2>/dev/null)
BPF_INCLUDES = -I$(SYSROOT)/usr/include/$(MULTIARCH) -I$(SYSROOT)/usr/$(MULTIARCH)/include
ifeq ($(HAVE_BPF),1)
BPF_SKELETONS = $(BPF_PROGRAMS:%=$(B)/gen/%.skel.h)
$(call objects,collect): $(BPF_SKELETONS)
endif
$(B)/gen/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	$(Q)mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) -g -O2 -Wall -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Ibpf $(BPF_INCLUDES) -c $< -o $@
	$(Q)$(BPFTOOL) gen object $@.stripped $@ && mv $@.stripped $@
# Those that only tests load.
$(B)/gen/%.bpf.o: tests/bpf/%.bpf.c $(wildcard bpf/*.h tests/bpf/*.h)
	$(Q)mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) -g -O2 -Wall -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Ibpf -Itests/bpf $(BPF_INCLUDES) -c $< -o $@
	$(Q)$(BPFTOOL) gen object $@.stripped $@ && mv $@.stripped $@
$(B)/gen/%.skel.h: $(B)/gen/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf >$@

# ---- examples ------------------------------------------------------------------------------------

# Programs worth profiling are one file each; those that include <evprof/…> are written against the
# library.
EXAMPLE_SOURCES := $(wildcard examples/*.c)
EMBEDDING := $(shell grep -l '<evprof/' $(EXAMPLE_SOURCES) /dev/null)
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(EXAMPLE_SOURCES))
examples: $(EXAMPLES) $(patsubst examples/%.py,$(B)/examples/%.py,$(wildcard examples/*.py))
.PHONY: examples
$(patsubst examples/%.c,$(B)/examples/%,$(filter-out $(EMBEDDING),$(EXAMPLE_SOURCES))): $(B)/examples/%: examples/%.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -fno-omit-frame-pointer -Wall -Wextra -o $@ $< -lpthread
$(patsubst examples/%.c,$(B)/examples/%,$(EMBEDDING)): $(B)/examples/%: examples/%.c $(call upto,view)
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call upto,view) $(LIBS)
$(B)/examples/%.py: examples/%.py
	$(Q)mkdir -p $(@D) && cp $< $@

# ---- tests ---------------------------------------------------------------------------------------

# tests/<stage>/test_<file>.c, each a program of its own. A line "// wrap: f g" in one makes the
# linker send calls of f to __wrap_f.
TESTS := $(foreach stage,$(STAGES),$(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/$(stage)/test_*.c)))
wraps = $(shell sed -n 's,^// wrap: ,,p' $(1) | tr ' ' '\n' | sed '/./s/^/-Wl,--wrap=/')
define test_rules
$(B)/tests/$(1)/%: tests/$(1)/%.c $(call upto,$(1))
	$$(Q)mkdir -p $$(@D)
	$$(call say,TEST,$$<)
	$$(Q)$$(CC) $$(CPPFLAGS) -Isrc/$(1) -Itests $$(CFLAGS) $$(FEATURES) $$(LDFLAGS) -MMD -MP $$(call wraps,$$<) -o $$@ $$< $(call upto,$(1)) $$(LIBS) -lcmocka
endef
$(foreach stage,$(STAGES),$(eval $(call test_rules,$(stage))))
ifeq ($(HAVE_BPF),1)
$(B)/tests/collect/test_bpf_walk: $(B)/gen/walked.skel.h
$(B)/tests/collect/test_bpf_verify: $(B)/gen/trace.skel.h
endif
SPECIMENS := $(patsubst tests/specimens/%.c,$(B)/specimens/%,$(wildcard tests/specimens/*.c))
$(B)/specimens/%: tests/specimens/%.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -O1 -g -fno-omit-frame-pointer -Wall -o $@ $< -lpthread $$(sed -n 's,^// flags: ,,p' $<)

# The whole program on a PMU that is scripted.
SCRIPTED := $(B)/tests/evprof-scripted
$(SCRIPTED): tests/cli/scripted_pmu.c $(B)/libcmd.a $(call upto,view)
	$(Q)mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -MMD -MP $(call wraps,$<) -o $@ $< $(B)/libcmd.a $(call upto,view) $(LIBS)

# ---- fuzzing: libFuzzer entries, replayed in check by a plain main ---------------------------------

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/replay/%: tests/fuzz/%.c tests/fuzz/replay_main.c $(call upto,view)
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(call upto,view) $(LIBS)

# Every test is looked at by the compiler, and nothing is made of it: for what another one warns of.
define look_rules
$(B)/looked/$(1)/%: tests/$(1)/%.c
	$$(Q)mkdir -p $$(@D)
	$$(call say,LOOK,$$<)
	$$(Q)$$(CC) $$(CPPFLAGS) -Isrc/$(1) -Itests $$(CFLAGS) $$(FEATURES) -fsyntax-only $$< && touch $$@
endef
$(foreach folder,$(STAGES) cli fuzz,$(eval $(call look_rules,$(folder))))
ifeq ($(HAVE_BPF),1)
$(B)/looked/collect/test_bpf_walk: $(B)/gen/walked.skel.h
$(B)/looked/collect/test_bpf_verify: $(B)/gen/trace.skel.h
endif
test-sources: $(TESTS:$(B)/tests/%=$(B)/looked/%) $(B)/looked/cli/scripted_pmu $(FUZZERS:%=$(B)/looked/fuzz/%)
.PHONY: test-sources

# Tests of what is left out by WITHOUT.
test-parts: $(filter $(B)/tests/collect/test_bpf_% $(B)/tests/collect/test_walk_% $(B)/tests/symbol/test_assembly,$(TESTS))
.PHONY: test-parts

test-programs: $(B)/evprof $(B)/libevprof-python.so $(SCRIPTED) examples $(TESTS) $(SPECIMENS) $(FUZZERS:%=$(B)/replay/%)
.PHONY: test-programs $(STAGES:%=test-%)
# make test-perfdata: one stage's tests.
$(foreach stage,$(STAGES),$(eval test-$(stage): $(filter $(B)/tests/$(stage)/%,$(TESTS)); @for t in $$(abspath $$^); do $$$$t || exit 1; done))

check-built: test-programs
	$(Q)B=$(B) SAN=$(SAN) WITHOUT="$(WITHOUT)" sh tests/run

# ---- the two commands of the README ----------------------------------------------------------------

install_missing = $(Q)B=$(B) CC="$(CC)" WITHOUT="$(WITHOUT)" sh .ci/deps
deps:
	$(install_missing)
check:
	$(install_missing) check demo
	$(Q)$(MAKE) --no-print-directory check-built
# On emulated machines that have a PMU, and with what apt fetches for that into a folder of its own.
check-pmu:
	$(install_missing) check
	$(Q)$(MAKE) --no-print-directory $(B)/evprof
	$(Q)B=$(B) sh tests/pmu/run
# BPF programs on older kernels, in machines emulated in the same way. KERNELS: see tests/pmu/kernels.
check-kernels:
	$(install_missing) check
	$(Q)$(MAKE) --no-print-directory $(B)/evprof $(B)/tests/collect/test_bpf_verify \
		$(addprefix $(B)/specimens/,waits two_functions trees) $(B)/examples/fib
	$(Q)B=$(B) sh tests/pmu/kernels $(KERNELS)
demo:
	$(install_missing) demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) sh examples/demo

# ---- the rest ----------------------------------------------------------------------------------------

fuzz:
	$(install_missing) fuzz
	$(Q)$(MAKE) --no-print-directory fuzz-built
fuzz-built: $(FUZZERS:%=$(B)/fuzz/%)
	$(Q)B=$(B) sh tests/fuzz/run
FUZZ_SOURCES = $(foreach stage,$(STAGES),$(call sources,$(stage)))
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZ_SOURCES) $(PAGE) $(BPF_SKELETONS)
	$(Q)mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)$(CLANG) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) $(FEATURES) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_SOURCES) $(LIBS)

bench: all
	$(Q)B=$(B) CC="$(CC)" sh tests/bench/run
# Recorders of the whole machine while processes come and go: make soak SECONDS=600
soak: $(B)/evprof
	$(Q)B=$(B) CC="$(CC)" SECONDS_EACH=$(or $(SECONDS),600) sh tests/soak/run
.PHONY: soak
lint: $(B)/config.mk $(PAGE) $(BPF_SKELETONS)
	$(Q)sh tests/check-stages.sh
	$(Q)B=$(B) CLANG="$(CLANG)" sh .ci/lint
format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# The manual pages are printed by the program, from the tables that parse its options.
VERBS := stat record report top annotate diff script trace dump control import list doctor completion
MAN1 := $(DESTDIR)$(PREFIX)/share/man/man1
COMPLETIONS := bash:bash-completion/completions/evprof zsh:zsh/site-functions/_evprof fish:fish/vendor_completions.d/evprof.fish
SHARE := $(DESTDIR)$(PREFIX)/share
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(MAN1)
	for of in $(COMPLETIONS); do install -d "$$(dirname $(SHARE)/$${of#*:})" && \
		$(B)/evprof completion $${of%%:*} >$(SHARE)/$${of#*:} || exit 1; done
	install -m 755 $(B)/evprof $(DESTDIR)$(PREFIX)/bin/evprof
	install -d $(DESTDIR)$(PREFIX)/lib/evprof
	install -m 644 $(B)/libevprof-python.so $(DESTDIR)$(PREFIX)/lib/evprof
	$(B)/evprof --manual >$(MAN1)/evprof.1
	for verb in $(VERBS); do $(B)/evprof $$verb --manual >$(MAN1)/evprof-$$verb.1 || exit 1; done
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/evprof $(MAN1)/evprof.1 $(VERBS:%=$(MAN1)/evprof-%.1)
	for of in $(COMPLETIONS); do rm -f $(SHARE)/$${of#*:}; done
	rm -f $(DESTDIR)$(PREFIX)/lib/evprof/libevprof-python.so
	rmdir $(DESTDIR)$(PREFIX)/lib/evprof 2>/dev/null || true
	$(if $(DESTDIR),for of in $(COMPLETIONS); do rmdir -p --ignore-fail-on-non-empty "$$(dirname $(SHARE)/$${of#*:})" 2>/dev/null; done; \
		rmdir -p --ignore-fail-on-non-empty $(MAN1) $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib 2>/dev/null || true)
clean:
	rm -rf $(B)
help:
	@echo 'make demo | check | check-pmu | check-kernels | all | deps | install | uninstall | bench | lint | format | fuzz | clean'
	@echo 'Variables: B=folder V=1 SAN=address,undefined WERROR=1 CC=clang PREFIX= DESTDIR= WITHOUT=bpf'

-include $(shell find $(B)/obj $(B)/tests -name '*.d' 2>/dev/null)
