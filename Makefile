# SPDX-License-Identifier: MIT
#
# hvpost: HvCallPostMessage end to end. `make help` lists the targets.
#
# The C under lib/, cli/, examples/ and tests/ is found by folder: a new file
# needs no line here. driver/ is built by the kernel's own build (driver/Kbuild).

CC       ?= gcc
AR       ?= ar
OBJCOPY  ?= objcopy
INSTALL  ?= install
PKG_CONFIG ?= pkg-config
SCDOC    ?= scdoc
# For BPF programs, whatever CC is. The tool is often where only root looks.
BPF_CC   ?= clang
BPFTOOL  ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
CFLAGS   ?= -O2 -g
CPPFLAGS ?=
LDFLAGS  ?=

PREFIX      ?= /usr/local
BINDIR      ?= $(PREFIX)/bin
LIBDIR      ?= $(PREFIX)/lib
INCLUDEDIR  ?= $(PREFIX)/include
MANDIR      ?= $(PREFIX)/share/man
DATADIR     ?= $(PREFIX)/share
# systemd and udev look into these below /usr and /usr/local.
UDEVRULESDIR   ?= $(PREFIX)/lib/udev/rules.d
SYSUSERSDIR    ?= $(PREFIX)/lib/sysusers.d
MODULESLOADDIR ?= $(PREFIX)/lib/modules-load.d
DESTDIR     ?=

# The kernel hvpost.ko is built for. DKMS sets KERNELRELEASE.
KERNELRELEASE ?= $(shell uname -r)
KDIR          ?= /lib/modules/$(KERNELRELEASE)/build

# The kernels that the VM runs boot: those whose cloud headers are installed.
VM_KERNELS ?= $(sort $(patsubst /lib/modules/%/build,%,\
		$(wildcard /lib/modules/*-cloud-amd64/build)))

B ?= build

VERSION := $(shell sed -n 's/^\#define HVPOST_VERSION "\(.*\)"/\1/p' \
		include/hvpost/version.h)
SOVERSION := 0
LIBRARIES := libhvpost libhvhost

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(2)'
MAKEFLAGS += --no-print-directory
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	    -Wmissing-prototypes $(if $(filter yes,$(WERROR)),-Werror)
BASE_CFLAGS := -std=gnu11 $(WARNINGS) -fvisibility=hidden -Iinclude -MMD -MP
COMPILE = $(CC) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS)

JSON_CFLAGS  = $(shell $(PKG_CONFIG) --cflags json-c)
JSON_LIBS    = $(shell $(PKG_CONFIG) --libs json-c)
BPF_CFLAGS   = $(shell $(PKG_CONFIG) --cflags libbpf)
BPF_LIBS     = $(shell $(PKG_CONFIG) --libs libbpf)
CURSES_CFLAGS = $(shell $(PKG_CONFIG) --cflags ncursesw)
CURSES_LIBS  = $(shell $(PKG_CONFIG) --libs ncursesw)
SECCOMP_CFLAGS = $(shell $(PKG_CONFIG) --cflags libseccomp)
SECCOMP_LIBS = $(shell $(PKG_CONFIG) --libs libseccomp)
ZLIB_CFLAGS  = $(shell $(PKG_CONFIG) --cflags zlib)
ZLIB_LIBS    = $(shell $(PKG_CONFIG) --libs zlib)
CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check)
CHECK_LIBS   = $(shell $(PKG_CONFIG) --libs check)

.PHONY: all lib bench cli examples man driver drivers demo check check-fast check-unit \
	check-cli check-host check-hostd check-library check-vmm check-wireshark check-vm check-debug-kernel check-next-kernel \
	coverage fuzz fuzz-programs vm-programs \
	install install-driver uninstall \
	clean help FORCE

all: lib cli examples man

##@ Build

lib: $(LIBRARIES:%=$(B)/lib/%.so) $(LIBRARIES:%=$(B)/lib/%.a)	## libhvpost and libhvhost, shared and static
cli: $(B)/bin/hvpost $(B)/bin/hvhost		## the tools: hvpost, hvhost
examples: $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*.c))	## example programs
man: $(patsubst docs/%.scd,$(B)/man/%,$(wildcard docs/*.scd))	## man pages

# What is built depends on how: another compiler or other flags build it anew.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(LDFLAGS)' | cmp -s - $@ || echo '$(COMPILE) $(LDFLAGS)' > $@

# --- libhvpost, libhvhost -----------------------------------------------------
#
# libhvhost is the engine; libhvpost has it for its embedded target.

# Pure logic of the driver, which the embedded target and the tests share.
DRIVER_PURE := driver/retry.c driver/slot.c driver/flags.c driver/filter.c

HOST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard lib/host/*.c))
COMMON_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard lib/common/*.c))
GUEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard lib/guest/*.c) $(DRIVER_PURE)) \
	     $(COMMON_OBJ)

$(B)/obj/lib/%.o: lib/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(ZLIB_CFLAGS) -I. -fPIC -c -o $@ $<

$(B)/obj/driver/%.o: driver/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -fPIC -c -o $@ $<

$(B)/lib/libhvhost.so.$(SOVERSION): $(HOST_OBJ)
$(B)/lib/libhvhost.a: $(HOST_OBJ)
$(B)/lib/libhvpost.so.$(SOVERSION): $(GUEST_OBJ) | $(B)/lib/libhvhost.so
$(B)/lib/libhvpost.a: $(GUEST_OBJ)

libhvhost_needs = $(ZLIB_LIBS) -pthread
libhvpost_needs = -L$(B)/lib -lhvhost -pthread

$(B)/lib/%.so.$(SOVERSION): lib/%.map
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) \
		-Wl,--version-script=lib/$*.map -Wl,-z,defs -o $@ \
		$(filter %.o,$^) $($*_needs)

$(B)/lib/%.so: $(B)/lib/%.so.$(SOVERSION)
	@ln -sf $(<F) $@

$(B)/lib/%.a:
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# As others link it: of its functions only the interface has a name. Groups, such as
# the one that all files with probes share, are dissolved: of two archives' the linker
# would keep one, whose symbol is local by then.
$(B)/installed/%.a: $(B)/lib/%.a
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -r -nostdlib -o $(@:.a=.o) -Wl,--force-group-allocation \
		-Wl,--whole-archive $< -Wl,--no-whole-archive
	$(Q)$(OBJCOPY) --localize-hidden $(@:.a=.o)
	$(Q)rm -f $@ && $(AR) rcs $@ $(@:.a=.o)

# What hvhost runs KVM guests with: not installed, a part of it.
VMM_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard lib/vmm/*.c))
$(B)/lib/libvmm.a: $(VMM_OBJ)

# Programs run from the build folder: as an old RPATH, which also leads one
# library to the other. What is installed gets no path built in.
run_path = -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../lib'

# --- hvpost ------------------------------------------------------------------

# What the tools share: options, numbers, JSON
CLI_COMMON_SRC := $(wildcard cli/common/*.c)
CLI_SRC := $(wildcard cli/hvpost/*.c) $(CLI_COMMON_SRC)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/obj/%.o)

$(B)/obj/cli/%.o: cli/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Icli/common $(JSON_CFLAGS) $(CURSES_CFLAGS) -c -o $@ $<

# BPF programs, built into the tool by way of a header. They need no types of a
# kernel: what they read is laid down elsewhere. Their debug information becomes part
# of the tool, so it has no path of this machine.
BPF_OBJ := $(patsubst cli/hvpost/bpf/%.bpf.c,$(B)/bpf/%.o,$(wildcard cli/hvpost/bpf/*.bpf.c))
BPF_FLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -D__x86_64__ -Wall -Wextra \
	     -Wno-unused-parameter -ffile-prefix-map=$(CURDIR)=. $(if $(filter yes,$(WERROR)),-Werror) \
	     -Iinclude -I/usr/include/$(shell uname -m)-linux-gnu

$(B)/bpf/%.o: cli/hvpost/bpf/%.bpf.c $(B)/flags
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(BPF_CC) $(BPF_FLAGS) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/bpf/trace.skel.h: $(BPF_OBJ)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen object $(@D)/trace.bpf $^
	$(Q)$(BPFTOOL) gen skeleton $(@D)/trace.bpf name trace_bpf > $@.tmp && mv $@.tmp $@

$(B)/obj/cli/hvpost/observer.o: $(B)/bpf/trace.skel.h
# The header that is made does not know our warnings.
$(B)/obj/cli/hvpost/observer.o: COMPILE += -isystem $(B)/bpf
$(B)/obj/cli/hvpost/observer%.o: COMPILE += $(BPF_CFLAGS)

link_hvpost = $(CC) $(CFLAGS) $(LDFLAGS) $(CLI_OBJ) -L$(B)/lib -lhvpost -lhvhost \
	      $(JSON_LIBS) $(BPF_LIBS) $(CURSES_LIBS) -lm

$(B)/bin/hvpost: $(CLI_OBJ) $(LIBRARIES:%=$(B)/lib/%.so)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link_hvpost) $(run_path) -o $@

# --- hvhost ------------------------------------------------------------------

HVHOST_SRC := $(wildcard cli/hvhost/*.c) $(CLI_COMMON_SRC)
HVHOST_OBJ := $(HVHOST_SRC:%.c=$(B)/obj/%.o) $(COMMON_OBJ)

$(B)/obj/cli/hvhost/%.o: cli/hvhost/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Icli/common -I. $(JSON_CFLAGS) $(SECCOMP_CFLAGS) -c -o $@ $<

link_hvhost = $(CC) $(CFLAGS) $(LDFLAGS) $(HVHOST_OBJ) -L$(B)/lib -lvmm -lhvhost \
	      $(JSON_LIBS) $(SECCOMP_LIBS) -pthread

$(B)/bin/hvhost: $(HVHOST_OBJ) $(B)/lib/libvmm.a $(B)/lib/libhvhost.so
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link_hvhost) $(run_path) -o $@

$(B)/examples/%: examples/%.c $(LIBRARIES:%=$(B)/lib/%.so) $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -o $@ $< $(LDFLAGS) -L$(B)/lib -lhvpost -lhvhost $(run_path)

$(B)/man/%: docs/%.scd
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)$(SCDOC) < $< > $@.tmp && mv $@.tmp $@

# --- hvpost.ko ---------------------------------------------------------------
#
# The sources are copied to build/driver/RELEASE and built there, so that one
# checkout holds modules for several kernels and driver/ stays clean.

DRIVER_SRC := $(wildcard driver/*.[chS] driver/Kbuild include/hvpost/*.h)

driver: $(B)/driver/$(KERNELRELEASE)/hvpost.ko	## hvpost.ko for KERNELRELEASE (default: the running kernel)
drivers: $(VM_KERNELS:%=$(B)/driver/%/hvpost.ko)	## hvpost.ko for every kernel that the VM runs boot

build_driver = scripts/build-driver $(if $(filter-out 0,$(V)),--verbose)

# $(1) release, $(2) its build tree
define driver_rule
$(B)/driver/$(1)/hvpost.ko: $(DRIVER_SRC)
	$$(call say,KBUILD,$$@)
	$$(Q)$$(build_driver) --output $$(@D) $(2)

$(foreach module,testdev rawcall rival broken,$(call test_module_rule,$(1),$(2),$(module)))
endef

# $(3) the module that tests/vm/$(3) makes
define test_module_rule
$(B)/vm-modules/$(1)/hvpost_$(3).ko: $(wildcard tests/vm/$(3)/*)
	$$(call say,KBUILD,$$@)
	$$(Q)$$(build_driver) --source tests/vm/$(3) --output $$(@D)/$(3) $(2)
	$$(Q)cp $$(@D)/$(3)/$$(@F) $$@

endef

# scripts/debug-kernel's is not installed in this system.
build_tree = $(firstword $(wildcard build/vm/kernels/$(1)/lib/modules/$(1)/build) \
	     /lib/modules/$(1)/build)

$(eval $(call driver_rule,$(KERNELRELEASE),$(KDIR)))
$(foreach k,$(filter-out $(KERNELRELEASE),$(VM_KERNELS)),\
	$(eval $(call driver_rule,$(k),$(call build_tree,$(k)))))

##@ Try

demo: ## set up, boot a guest, load hvpost.ko, post a message and see it come back
	@scripts/bootstrap all
	@scripts/demo

##@ Test

check: ## every tier but the debug and the newer kernel, some 15 minutes on 2 cores; sets itself up
	@scripts/bootstrap all
	@scripts/check all

check-fast: ## no root, no VM: build, unit, CLI, headers, man pages, scripts
	@scripts/check fast

# --- unit and CLI suites (Check) ---------------------------------------------

# Pure logic of the driver that no library has
DRIVER_ALONE := driver/allow.c driver/bucket.c driver/layout.c

UNIT_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/unit/*.c) $(DRIVER_ALONE))
CLI_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/cli/*.c))

$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(CHECK_CFLAGS) -I. -Ilib/guest -Ilib/host -Icli/hvpost -Icli/common $(JSON_CFLAGS) -c -o $@ $<

# It opens the tool's BPF programs.
$(B)/obj/tests/unit/probes_test.o: $(B)/bpf/trace.skel.h
$(B)/obj/tests/unit/probes_test.o: COMPILE += -isystem $(B)/bpf $(BPF_CFLAGS)

$(B)/tests/unit: $(UNIT_OBJ) $(filter-out %/main.o,$(CLI_OBJ)) $(LIBRARIES:%=$(B)/lib/%.a)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -Wl,--wrap=clock_gettime \
		$(CHECK_LIBS) $(JSON_LIBS) $(BPF_LIBS) $(CURSES_LIBS) $(ZLIB_LIBS) -pthread -lm

$(B)/tests/cli: $(CLI_TEST_OBJ) $(B)/bin/hvpost
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(CLI_TEST_OBJ) $(CHECK_LIBS) $(JSON_LIBS)

HOST_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/host/*.c))

# The engine whose allocations pass through tests/host/allocation.c
HOST_TEST_ALLOCATIONS := malloc calloc aligned_alloc free open_memstream

$(B)/tests/libhvhost.a: $(B)/lib/libhvhost.a
	$(call say,OBJCOPY,$@)
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) $(foreach f,$(HOST_TEST_ALLOCATIONS),--redefine-sym $f=allocation_$f) $< $@

$(B)/tests/host: $(HOST_TEST_OBJ) $(B)/tests/libhvhost.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(ZLIB_LIBS) -pthread

# Opening /dev/kvm leads to a fake, also for hvhost, which runs the monitor.
VMM_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/vmm/*.c)) \
		$(B)/obj/tests/fuzz/fake_kvm.o $(filter-out %/main.o,$(HVHOST_OBJ))

$(B)/tests/vmm: $(VMM_TEST_OBJ) $(B)/lib/libvmm.a $(B)/lib/libhvhost.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -Wl,--wrap=ioctl,--wrap=open \
		$(CHECK_LIBS) $(JSON_LIBS) $(SECCOMP_LIBS) $(ZLIB_LIBS) -pthread

# One set of cases for every target: here the embedded one, in guests the device.
LIBRARY_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/library/*.c))

$(B)/tests/library: $(LIBRARY_TEST_OBJ) $(LIBRARIES:%=$(B)/lib/%.a)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(ZLIB_LIBS) -pthread

$(B)/vm-tests/library: $(LIBRARY_TEST_OBJ) $(LIBRARIES:%=$(B)/lib/%.so)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LIBRARY_TEST_OBJ) -L$(B)/lib -lhvpost -lhvhost \
		$(CHECK_LIBS) -pthread $(run_path) -o $@

# hvhost as processes see it, parts of it alone, and the library's cases on its
# target
HOSTD_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/hostd/*.c)) \
		  $(patsubst %,$(B)/obj/cli/hvhost/%.o,client closer cost log memory names \
			peers sandbox shape worker) \
		  $(patsubst %,$(B)/obj/cli/common/%.o,number packet)

$(B)/tests/hostd: $(HOSTD_TEST_OBJ) $(B)/bin/hvhost $(LIBRARIES:%=$(B)/lib/%.a) \
		| $(B)/bin/hvpost $(B)/examples/vmbus-host $(B)/examples/vmbus-version
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--wrap=worker_add,--wrap=worker_remove \
		-o $@ $(HOSTD_TEST_OBJ) $(B)/lib/libhvpost.a \
		$(B)/lib/libhvhost.a $(CHECK_LIBS) $(JSON_LIBS) $(SECCOMP_LIBS) $(ZLIB_LIBS) -pthread

check-hostd: $(B)/tests/hostd $(B)/tests/library ## hvhost and processes
	@HVHOST=$(B)/bin/hvhost $(B)/tests/hostd
	@tests/hostd/library.sh $(B)
check-library: $(B)/tests/library ## the library's cases on its embedded target
	@$(B)/tests/library
check-host: $(B)/tests/host ## Check suites of the engine
	@$(B)/tests/host
check-vmm: $(B)/tests/vmm ## Check suites of the guests' monitor, without KVM
	@$(B)/tests/vmm
check-unit: $(B)/tests/unit ## Check suites of ABI, library, tool and pure driver logic
	@$(B)/tests/unit
check-cli: $(B)/tests/cli ## the tool as a user runs it
	@HVPOST=$(B)/bin/hvpost $(B)/tests/cli

# The dissector, as tshark runs it
WIRESHARK_TEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/wireshark/*.c)) \
		      $(filter-out %/main.o,$(CLI_OBJ))

$(B)/tests/wireshark: $(WIRESHARK_TEST_OBJ) $(LIBRARIES:%=$(B)/lib/%.a)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(JSON_LIBS) $(BPF_LIBS) $(CURSES_LIBS) $(ZLIB_LIBS) -pthread -lm

check-wireshark: $(B)/tests/wireshark ## what Wireshark makes of captures; needs tshark
	@$(B)/tests/wireshark

# --- benchmarks ----------------------------------------------------------------

BENCH_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/bench/*.c))

# Some of it is measured under attack.
$(B)/tests/bench: $(BENCH_OBJ) $(B)/obj/tests/hostd/attack.o $(LIBRARIES:%=$(B)/lib/%.a) $(B)/bin/hvhost
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(JSON_LIBS) $(ZLIB_LIBS) -pthread

# Guests take minutes, in an emulated machine: BENCH_VM=no leaves them out, and
# BENCH_VM=instructions counts those, too, which takes some minutes more.
BENCH_VM ?= yes
BENCH_PARTS ?= engine processes attacks tracing $(if $(filter-out no,$(BENCH_VM)),guests device) \
	       $(filter instructions,$(BENCH_VM))

# A post there and back, counted by its instructions; and the same without probes.
$(B)/tests/steps: $(B)/obj/tests/steps/steps.o $(LIBRARIES:%=$(B)/lib/%.a)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ZLIB_LIBS) -pthread

$(B)/no-probes/tests/steps: FORCE
	$(Q)$(MAKE) B=$(B)/no-probes CPPFLAGS='$(CPPFLAGS) -DHVP_NO_PROBES -w' $@

bench: $(B)/tests/bench $(B)/tests/steps $(B)/no-probes/tests/steps $(B)/bin/hvpost $(if $(filter guests device instructions,$(BENCH_PARTS)),drivers vm-programs) ## ratios against floors and peers, also in build/bench.json
	@$(B)/tests/bench $(B)/bench.json $(B)/bin/hvhost scripts/vm-bench $(BENCH_PARTS)

coverage: ## branches of the engine that its suites take; fails under 95 %
	@scripts/coverage

# --- fuzzers (libFuzzer) -------------------------------------------------------
#
# Built by clang with flags of their own: scripts/fuzz calls make for that.

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED_OBJ := $(patsubst %,$(B)/obj/tests/%.o,\
			fuzz/fuzz fuzz/packed host/model host/operation host/pair)

$(FUZZERS): $(B)/tests/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_SHARED_OBJ) $(B)/lib/libhvhost.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(fuzz_libs) $(ZLIB_LIBS) -pthread

# All of hvhost but its command line
$(B)/tests/fuzz_visitor: $(filter-out %/main.o,$(HVHOST_OBJ)) $(B)/lib/libvmm.a
$(B)/tests/fuzz_visitor: fuzz_libs = $(JSON_LIBS) $(SECCOMP_LIBS)

# The guests' monitor, and what stands for /dev/kvm
FUZZ_EXIT_OBJ := $(patsubst %,$(B)/obj/tests/fuzz/%.o,exit_guest fake_kvm)
$(B)/tests/fuzz_exit: $(FUZZ_EXIT_OBJ) $(B)/lib/libvmm.a
$(B)/tests/fuzz_exit: fuzz_libs = -Wl,--wrap=ioctl,--wrap=open

$(B)/tests/fuzz_image: $(B)/lib/libvmm.a

# The tool, without its commands
CAPTURE_OBJ := $(patsubst %,$(B)/obj/cli/%.o,$(addprefix hvpost/,capture_file pcapng \
		 sighting sighting_packet sighting_print vmbus_name failure \
		 bytes) common/json common/utf8)
$(B)/tests/fuzz_capture: $(CAPTURE_OBJ) $(B)/lib/libhvpost.a
$(B)/tests/fuzz_capture: fuzz_libs = $(JSON_LIBS)

# What corpora began with
$(B)/tests/snapshot_seeds: $(FUZZ_SHARED_OBJ) $(B)/lib/libhvhost.a
$(B)/tests/capture_seeds: $(CAPTURE_OBJ) $(B)/lib/libhvpost.a $(B)/lib/libhvhost.a
$(B)/tests/capture_seeds: seeds_libs = $(JSON_LIBS)
$(B)/tests/%_seeds: $(B)/obj/tests/fuzz/%_seeds.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(seeds_libs) $(ZLIB_LIBS) -pthread

fuzz-programs: $(FUZZERS)

fuzz: ## every fuzz target for FUZZ_SECONDS (60); findings: build/fuzz/findings/
	@scripts/fuzz --seconds $(FUZZ_SECONDS)

# --- VM programs ---------------------------------------------------------------

VM_PROGRAMS := $(patsubst tests/vm/%.c,$(B)/vm-tests/%,$(wildcard tests/vm/*.c)) \
	       $(B)/vm-tests/library $(B)/vm-tests/rawcalls.so

$(B)/vm-tests/%: tests/vm/%.c $(LIBRARIES:%=$(B)/lib/%.so) $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(CHECK_CFLAGS) $(JSON_CFLAGS) -o $@ $< $(LDFLAGS) -L$(B)/lib -lhvpost -lhvhost \
		$(CHECK_LIBS) $(JSON_LIBS) -pthread $(run_path)

$(B)/vm-tests/%.so: tests/vm/preload/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -fPIC -shared -o $@ $< $(LDFLAGS)

# Hosts that no product has
$(B)/vm-host/%: tests/vm/host/%.c $(B)/lib/libvmm.a $(B)/lib/libhvhost.so $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -I. -o $@ $< $(LDFLAGS) $(B)/lib/libvmm.a -L$(B)/lib -lhvhost \
		-pthread $(run_path)

# A guest without a system: built for long mode, wrapped as multiboot wants it.
BARE_CFLAGS := -std=gnu11 $(WARNINGS) -O2 -Iinclude -ffreestanding -nostdlib -static \
	-no-pie -fno-pic -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables \
	-Wl,--build-id=none,-N,--no-warn-rwx-segments,-Ttext=0x400000,-e,start

BARE := $(patsubst %,$(B)/vm-bare/%.elf,bare hostile)

$(BARE): $(B)/vm-bare/%.elf: $(addprefix tests/vm/bare/,start.S %.c processor.h) $(wildcard include/hvpost/*.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BARE_CFLAGS) -o $@.64 $(filter %.S %.c,$^)
	$(Q)$(OBJCOPY) -O elf32-i386 $@.64 $@

# The test modules; the broken one only where somebody would notice.
VM_MODULES := $(foreach k,$(VM_KERNELS),$k/hvpost_testdev.ko $k/hvpost_rawcall.ko $k/hvpost_rival.ko) \
	      $(patsubst %,%/hvpost_broken.ko,$(filter %-debug,$(VM_KERNELS)))

vm-programs: $(VM_PROGRAMS) $(BARE) $(VM_MODULES:%=$(B)/vm-modules/%) \
	$(patsubst tests/vm/host/%.c,$(B)/vm-host/%,$(wildcard tests/vm/host/*.c)) cli examples

check-vm: drivers vm-programs ## every VM scenario; on its own: after scripts/bootstrap vm
	@scripts/vm-run all

# How long each scenario that tries things at random goes on
DEVICE_FUZZ_SECONDS ?= 180

check-debug-kernel: ## VM scenarios, and some more, on a kernel with KASAN, lockdep, kmemleak and others; an hour
	@scripts/bootstrap debug
	@scripts/debug-kernel
	@release=$$(scripts/debug-kernel --release) && \
		$(MAKE) VM_KERNELS=$$release drivers vm-programs && \
		scripts/vm-run --kernel $$release --fuzz $(DEVICE_FUZZ_SECONDS) all

check-next-kernel: ## every VM scenario on the kernel of Debian 13's backports; as root, downloads 0.3 GB once
	@scripts/bootstrap next
	@scripts/next-kernel
	@$(MAKE) VM_KERNELS= vm-programs
	@scripts/vm-run --kernel "$$(scripts/next-kernel --release)" all

##@ Install

# Without a path to the libraries; for whom they are is not for umask to say.
$(B)/installed/hvpost: $(B)/bin/hvpost
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link_hvpost) -o $@

$(B)/installed/hvhost: $(B)/bin/hvhost
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link_hvhost) -o $@

install: all $(addprefix $(B)/installed/,hvpost hvhost $(LIBRARIES:%=%.a)) ## tools, libraries, headers, man pages, the device's group (PREFIX, DESTDIR)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR)/hvpost $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man4 \
		$(DESTDIR)$(UDEVRULESDIR) $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(DATADIR)/hvpost
	$(INSTALL) -m 755 $(B)/installed/hvpost $(B)/installed/hvhost $(DESTDIR)$(BINDIR)/
	for library in $(LIBRARIES); do \
		$(INSTALL) -m 755 $(B)/lib/$$library.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/ && \
		ln -sf $$library.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/$$library.so && \
		$(INSTALL) -m 644 $(B)/installed/$$library.a $(DESTDIR)$(LIBDIR)/ && \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
			-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
			lib/$$library.pc.in > $(B)/installed/$$library.pc && \
		$(INSTALL) -m 644 $(B)/installed/$$library.pc $(DESTDIR)$(LIBDIR)/pkgconfig/ || exit; \
	done
	$(INSTALL) -m 644 include/hvpost/*.h $(DESTDIR)$(INCLUDEDIR)/hvpost/
	$(INSTALL) -m 644 $(B)/man/*.1 $(DESTDIR)$(MANDIR)/man1/
	$(INSTALL) -m 644 $(B)/man/*.4 $(DESTDIR)$(MANDIR)/man4/
	$(INSTALL) -m 644 packaging/wireshark/hvpost.lua $(DESTDIR)$(DATADIR)/hvpost/
	$(INSTALL) -m 644 packaging/60-hvpost.rules $(DESTDIR)$(UDEVRULESDIR)/
	$(INSTALL) -m 644 packaging/hvpost.sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/hvpost.conf

INSTALLED_DRIVER = $(DESTDIR)/lib/modules/$(KERNELRELEASE)/updates/hvpost.ko

install-driver: driver ## hvpost.ko for KERNELRELEASE, so that modprobe finds it and boots load it
	$(INSTALL) -d $(dir $(INSTALLED_DRIVER)) $(DESTDIR)$(MODULESLOADDIR)
	$(INSTALL) -m 644 $(B)/driver/$(KERNELRELEASE)/hvpost.ko $(INSTALLED_DRIVER)
	$(INSTALL) -m 644 packaging/hvpost.modules-load.conf $(DESTDIR)$(MODULESLOADDIR)/hvpost.conf
	$(if $(DESTDIR),,depmod $(KERNELRELEASE))

# What dkms(8) builds hvpost.ko from, for each kernel that is installed.
DKMS_SOURCE = $(DESTDIR)/usr/src/hvpost-$(VERSION)

install-dkms: ## the driver's sources, for 'dkms install hvpost/VERSION'
	$(INSTALL) -d $(DKMS_SOURCE)/include/hvpost $(DESTDIR)$(MODULESLOADDIR)
	$(INSTALL) -m 644 driver/*.[chS] driver/Kbuild $(DKMS_SOURCE)/
	$(INSTALL) -m 644 include/hvpost/*.h $(DKMS_SOURCE)/include/hvpost/
	@mkdir -p $(B)/installed
	sed 's/@VERSION@/$(VERSION)/' driver/dkms.conf.in > $(B)/installed/dkms.conf
	$(INSTALL) -m 644 $(B)/installed/dkms.conf $(DKMS_SOURCE)/
	$(INSTALL) -m 644 packaging/hvpost.modules-load.conf $(DESTDIR)$(MODULESLOADDIR)/hvpost.conf

uninstall: ## what install, install-driver and install-dkms put there
	rm -f $(DESTDIR)$(BINDIR)/hvpost $(DESTDIR)$(BINDIR)/hvhost \
		$(LIBRARIES:%=$(DESTDIR)$(LIBDIR)/%.*) \
		$(LIBRARIES:%=$(DESTDIR)$(LIBDIR)/pkgconfig/%.pc) \
		$(DESTDIR)$(MANDIR)/man1/hvpost.1 $(DESTDIR)$(MANDIR)/man1/hvhost.1 $(DESTDIR)$(MANDIR)/man4/hvpost.4 \
		$(DESTDIR)$(UDEVRULESDIR)/60-hvpost.rules $(DESTDIR)$(SYSUSERSDIR)/hvpost.conf \
		$(DESTDIR)$(MODULESLOADDIR)/hvpost.conf $(DESTDIR)$(DATADIR)/hvpost/hvpost.lua
	rm -rf $(DESTDIR)$(INCLUDEDIR)/hvpost $(DKMS_SOURCE)
	[ ! -d $(DESTDIR)$(DATADIR)/hvpost ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DATADIR)/hvpost
	if [ -e $(INSTALLED_DRIVER) ]; then \
		rm -f $(INSTALLED_DRIVER) $(if $(DESTDIR),,&& depmod $(KERNELRELEASE)); \
	fi

clean: ## remove what was built but the VM images (rm -r build removes all)
	rm -rf $(filter-out $(B)/vm,$(wildcard $(B)/*))

help: ## this list
	@awk 'BEGIN { FS = ":.*##" } \
	     /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	     /^[a-z-]+:.*##/ { sub(/^[ \t]+/, "", $$2); printf "  %-19s %s\n", $$1, $$2 }' Makefile
	@printf '\nV=1 shows the commands; PREFIX, DESTDIR, CC, CFLAGS, KERNELRELEASE, KDIR are yours to set.\n'

-include $(shell find $(B)/obj $(B)/bpf $(B)/examples $(B)/vm-tests $(B)/vm-host -name '*.d' 2>/dev/null)
