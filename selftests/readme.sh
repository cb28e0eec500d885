#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the README says works, done as it says: installing, the tool by example,
# compiling the example. Prints TAP. Installs things, so it wants a guest: it
# runs only where PG_GUEST is set.
#
# shellcheck disable=SC2317 # check calls the functions

set -u
unset LD_PRELOAD _STDBUF_O
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
work=$(mktemp -d)
count=0

# The fenced block behind the comment "readme.sh: $1".
block()
{
	awk -v mark="<!-- readme.sh: $1 -->" '
		$0 == mark { wanted = 1 }
		/^```$/ { inside = 0 }
		inside { print }
		/^```[a-z]/ && wanted { inside = 1; wanted = 0 }
	' "$top/README.md"
}

# check DESCRIPTION COMMAND...
check()
{
	local description=$1 result=ok

	shift
	"$@" > "$work/out" 2>&1 || { result='not ok'; status=1; }
	echo "$result $((count += 1)) $description"
	[ "$result" = ok ] || sed 's/^/# /' "$work/out"
}

# What the README has sudo for is done by root here anyway.
as_root()
{
	block install | sed 's/sudo //g' > "$work/install"
	rmmod peergroup 2> /dev/null
	(cd "$top" && bash -e "$work/install")
}

shows_and_forgets()
{
	local shown

	block tool > "$work/tool"
	echo 'kill %1' >> "$work/tool"
	(cd "$work" && setpriv --reuid 12345 --regid 12345 --clear-groups \
		bash -e "$work/tool") > "$work/shown" 2>&1 || {
		cat "$work/shown"
		return 1
	}
	cat "$work/shown"
	shown=$(grep -c alice "$work/shown")
	[ "$shown" -eq 2 ] && grep -q '"rtt"' "$work/shown" &&
		grep -q 'my peers' "$work/shown"
}

compiles_and_runs()
{
	cp "$top/tools/enum-connections.c" "$work"
	peergroup group add demo || return 1
	block compile > "$work/compile"
	(cd "$work" && PKG_CONFIG_PATH=/usr/local/lib/pkgconfig \
		LD_LIBRARY_PATH='' bash -e "$work/compile")
}

is_verbatim()
{
	block example | diff - "$top/tools/enum-connections.c"
}

uninstalls()
{
	(cd "$top" && make uninstall) && [ ! -e /usr/local/lib/libpeergroup.so ]
}

if [ -z "${PG_GUEST-}" ]; then
	echo "1..0 # SKIP not in a guest, this would install things"
	exit 4
fi
status=0
chmod 755 "$work"
echo 1..5
check "the example is the program" is_verbatim
check "make, make install, modprobe" as_root
check "the tool by example, unprivileged" shows_and_forgets
check "the example compiles against what is installed" compiles_and_runs
check "make uninstall" uninstalls
rm -rf "$work"
exit $status
