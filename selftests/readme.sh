#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the README says works, done as it says: the tool by example, compiling
# the example. Prints TAP. Installs things, so it wants a guest: it runs only
# where PG_GUEST is set.
#
# What is installed was made by check/install, by way of DESTDIR: make itself
# takes minutes in an emulated guest.
#
# shellcheck disable=SC2317 # check calls the functions

set -u
unset LD_PRELOAD _STDBUF_O
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
work=$(mktemp -d)
installed=$top/build/check/installed/$(uname -r)
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

loads_what_is_installed()
{
	rmmod peergroup 2> /dev/null
	cp -a "$installed/usr/local/." /usr/local && ldconfig || return 1
	# Nothing but what is installed from here on.
	unset LD_LIBRARY_PATH
	# The command is found by those who are no administrators.
	PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin
	block install | grep -o 'modprobe.*' > "$work/install"
	# Only this command sees only this module.
	unshare --mount bash -e -c "mount --bind '$installed/lib/modules' \
		/lib/modules; . '$work/install'"
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
	[ "$shown" -eq 4 ] && grep -q '"rtt"' "$work/shown" &&
		grep -q 'my peers' "$work/shown"
}

# One connection was there before the rule, one comes later.
tracks_a_daemon()
{
	python3 -m http.server --bind ::1 8080 &
	sleep 3
	exec 7<> /dev/tcp/::1/8080 || return 1
	block rule > "$work/rule"
	bash -e "$work/rule" > "$work/shown" || return 1
	exec 8<> /dev/tcp/::1/8080 || return 1
	peergroup conn show group web >> "$work/shown"
	exec 7>&- 8>&-
	kill %1
	cat "$work/shown"
	[ "$(grep -c ' \[::1\]:8080 ' "$work/shown")" -eq 3 ]
}

# As one user, with the keys of both.
invites_and_joins()
{
	local home=$work/home

	install -d -o 12345 -g 12345 "$home" || return 1
	block identities > "$work/identities"
	(cd "$home" && PEERGROUP_HOME=$home/store setpriv --reuid 12345 \
		--regid 12345 --clear-groups bash -e "$work/identities") \
		> "$work/shown" 2>&1 || {
		cat "$work/shown"
		return 1
	}
	cat "$work/shown"
	grep -q '^issuer-label  alice$' "$work/shown" &&
		grep -q '^subject-label "Bob B."$' "$work/shown" &&
		grep -q '^label         "Our friends"$' "$work/shown"
}

compiles_and_runs()
{
	cp "$top/tools/enum-connections.c" "$work"
	peergroup group add demo || return 1
	block compile > "$work/compile"
	(cd "$work" && bash -e "$work/compile")
}

# COMMAND...: what it says while a connection comes and goes.
tells()
{
	local fd pid

	"$@" > "$work/told" &
	pid=$!
	sleep 2
	exec {fd}<> /dev/tcp/::1/8334 || return 1
	peergroup conn add demo pid "$BASHPID" fd "$fd" || return 1
	exec {fd}>&-
	sleep 2
	kill "$pid"
	cat "$work/told"
}

watches()
{
	local flags

	flags=$(pkg-config --cflags --libs libpeergroup) || return 1
	block watch > "$work/watch.c"
	# shellcheck disable=SC2086 # several words
	cc -Wall -Wextra -Werror -o "$work/watch" "$work/watch.c" $flags &&
	cc -o "$work/watch-connections" "$top/tools/watch-connections.c" \
		$flags || return 1
	python3 -m http.server --bind ::1 8334 &
	sleep 3
	tells "$work/watch" | tee "$work/native"
	tells "$work/watch-connections" demo | tee "$work/windows"
	kill %1
	grep -qx '[0-9]* is active' "$work/native" &&
		grep -qx '[0-9]* closed' "$work/native" &&
		grep -q '^connected .* connection' "$work/windows" &&
		grep -q '^disconnected .* connection' "$work/windows"
}

is_verbatim()
{
	block example | diff - "$top/tools/enum-connections.c"
}

if [ -z "${PG_GUEST-}" ] || [ ! -d "$installed" ]; then
	echo "1..0 # SKIP no guest, or nothing installed by check/install"
	exit 4
fi
status=0
chmod 755 "$work"
echo 1..7
check "the example is the program" is_verbatim
check "modprobe finds what is installed" loads_what_is_installed
check "a daemon in three commands" tracks_a_daemon
check "the tool by example, unprivileged" shows_and_forgets
check "invitations by example, unprivileged" invites_and_joins
check "the example compiles against what is installed" compiles_and_runs
check "the programs that watch tell what comes and goes" watches
[ -e /sys/module/peergroup ] ||
	insmod "$top/build/kmod/$(uname -r)/peergroup.ko"
rm -rf "$work"
exit $status
