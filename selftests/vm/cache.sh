# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where downloaded kernels and build results of the tests live.

cache=${PEERGROUP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/peergroup}
export cache
