# SPDX-License-Identifier: GPL-2.0-only
#
# "make help" lists what can be made.

# Variables
#
# KVER    kernel release to build the module for
# W, C    as in the kernel's build: extra warnings, sparse
# KOUT    where modules are built, one directory a release

build := $(abspath build)
cache := $(shell . selftests/vm/cache.sh && echo "$$cache")

CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
KOUT ?= $(build)/kmod

# Releases whose headers are installed, in the cache, and both.
headers_in = $(patsubst $1/%/build,%,$(wildcard $1/*/build))
installed := $(call headers_in,/lib/modules)
cached := $(call headers_in,$(cache)/root/lib/modules)
newest = $(lastword $(shell printf '%s\n' $1 | sort -V))
running := $(shell uname -r)

KVER ?= $(or $(filter $(running),$(installed)),\
	     $(call newest,$(installed) $(cached)))
KDIR = $(firstword $(wildcard $(addsuffix /$(KVER)/build,\
	/lib/modules $(cache)/root/lib/modules)))

# The kernel's build takes CC and O on the command line for its own, so that
# nothing from our command line may reach it unasked.
MAKEOVERRIDES :=

user_vars = O=$(build) CC="$(CC)" CFLAGS="$(CFLAGS)" \
	DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)"
kernel_vars = $(if $(W),W=$(W)) $(if $(C),C=$(C)) $(if $(V),V=$(V))

all: modules lib tool selftests

help:
	@echo "make            build the module, the library, the tool and the tests"
	@echo "make deps       get all that building and testing need"
	@echo "make demo       show what it does, in a guest"
	@echo "make check      run all tests; changes nothing on this machine"
	@echo "make install    install under DESTDIR, programs under PREFIX"
	@echo "make uninstall  remove what install installed"
	@echo "make clean      remove what was built"
	@echo
	@echo "Parts: modules modules-all lib tool selftests uapi fetch"
	@echo "KVER=RELEASE    kernel of the module (now: $(KVER))"
	@echo "                at hand: $(sort $(installed) $(cached))"

# Module

# The kernel's build writes beside its sources: give it links to them.
stage = $(KOUT)/$(KVER)/src
sources := $(wildcard kmod/*.c kmod/*.h kmod/Kbuild)

modules:
	@test -n "$(KDIR)" || { echo "no headers of kernel '$(KVER)':" \
		"install its linux-headers package or run 'make fetch'"; exit 1; } >&2
	@echo "  MODULE  $(KVER)"
	@mkdir -p $(stage)/kmod
	@find $(stage)/kmod -xtype l -delete
	@ln -sf $(abspath Kbuild) $(stage)/
	@ln -sfn $(abspath include) $(stage)/include
	@ln -sf $(abspath $(sources)) $(stage)/kmod/
	+@$(MAKE) --no-print-directory -C $(KDIR) M=$(stage) $(kernel_vars) modules
	@cp -u $(stage)/kmod/peergroup.ko $(KOUT)/$(KVER)/

kernels = $(shell cat $(cache)/kernels 2>/dev/null)

modules-all: $(addprefix modules-,$(kernels))
	@test -n "$(kernels)" || { echo "no kernels: run 'make fetch'"; exit 1; } >&2

modules-%:
	+@$(MAKE) --no-print-directory modules KVER=$* KOUT=$(KOUT) $(kernel_vars)

# Programs

lib:
	+@$(MAKE) --no-print-directory -C lib $(user_vars) all

tool: lib
	+@$(MAKE) --no-print-directory -C tools $(user_vars) all

selftests: lib
	+@$(MAKE) --no-print-directory -C selftests O=$(build) CC="$(CC)" \
		USERCFLAGS="$(CFLAGS)" all

# Getting what is needed, and using it

deps:
	@selftests/deps

fetch:
	@selftests/vm/fetch $(if $(FORCE),-f)

uapi:
	@selftests/check/uapi > include/uapi/linux/peergroup.h.new
	@mv include/uapi/linux/peergroup.h.new include/uapi/linux/peergroup.h

demo: deps
	+@$(MAKE) --no-print-directory modules lib tool KVER=$$(tail -n 1 $(cache)/kernels)
	+@$(MAKE) --no-print-directory -C selftests/demo O=$(build) all
	@selftests/vm/run -- selftests/demo/run

check: deps
	@selftests/check/run

# Installation

module_dir = $(DESTDIR)/lib/modules/$(KVER)/updates

install: modules lib tool
	+@$(MAKE) --no-print-directory -C lib $(user_vars) install
	+@$(MAKE) --no-print-directory -C tools $(user_vars) install
	install -D -m 644 $(KOUT)/$(KVER)/peergroup.ko $(module_dir)/peergroup.ko
	$(if $(DESTDIR),,/sbin/depmod $(KVER))
	$(if $(DESTDIR),,/sbin/ldconfig)

uninstall:
	+@$(MAKE) --no-print-directory -C lib $(user_vars) uninstall
	+@$(MAKE) --no-print-directory -C tools $(user_vars) uninstall
	rm -f $(module_dir)/peergroup.ko
	$(if $(DESTDIR),,/sbin/depmod $(KVER))
	$(if $(DESTDIR),,/sbin/ldconfig)

clean:
	rm -rf $(build)

.PHONY: all help modules modules-all lib tool selftests deps fetch uapi demo \
	check install uninstall clean
