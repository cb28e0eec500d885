# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests with daemons share: hosts that are network namespaces, and
# comparing what a group shows with what ss says of the same connections.
#
# A host has one group, of its own name, and is to have no other: then its
# monitor is told every generation.
#
# shellcheck disable=SC2034 # what others use

set -u
# kselftest's runner has a library loaded that would load itself into the tool.
unset LD_PRELOAD _STDBUF_O
export LC_ALL=C.UTF-8
readonly skip_all=4
selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=selftests/vm/cache.sh
. "$selftests/vm/cache.sh"
# shellcheck source=selftests/check/tap.sh
. "$selftests/check/tap.sh"
work=$(mktemp -d)
hosts=()

unpacked=$cache/daemons/usr
PATH=$PATH:$unpacked/bin:$unpacked/sbin
libraries=$unpacked/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libraries

skip()
{
	echo "1..0 # SKIP $*"
	exit "$skip_all"
}

# need PROGRAM...: besides what every test here needs.
need()
{
	local program

	[ "$(id -u)" = 0 ] || skip "must be root"
	for program in peergroup ss "$@"; do
		command -v "$program" > /dev/null ||
			skip "no $program in PATH, nor fetched"
	done
	peergroup rule > "$work/out" 2>&1 || skip "$(< "$work/out")"
}

netns_of()
{
	echo "pg-$$-$1"
}

# Daemons have children, and some do not end with their parents.
kill_all()
{
	ip netns pids "$(netns_of "$1")" | xargs -r kill -KILL
}

cleanup()
{
	local host

	for host in "${hosts[@]}"; do
		kill_all "$host"
		ip netns del "$(netns_of "$host")"
	done
	wait
	rm -rf "$work"
} 2> /dev/null
trap cleanup EXIT

on()
{
	local host=$1

	shift
	ip netns exec "$(netns_of "$host")" "$@"
}

pg()
{
	local host=$1

	shift
	peergroup -N "$(netns_of "$host")" "$@"
}

# start HOST COMMAND...: what it says goes to $work/HOST.log. Leaves the process
# id in $pid.
start()
{
	local host=$1

	shift
	ip netns exec "$(netns_of "$host")" "$@" >> "$work/$host.log" 2>&1 &
	pid=$!
}

# Without a word of the shell about it.
kill_hard()
{
	kill -KILL "$@"
	wait "$@"
} 2> /dev/null

# within SECONDS COMMAND...: it succeeds by then.
within()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt "$end" ] || return 1
		sleep 0.1
	done
}

prepare()
{
	within 20 "$@" > "$work/out" 2>&1 && return
	tail -n 20 "$work/out" "$work"/*.log | sed 's/^/# /'
	echo "Bail out! $*"
	exit 1
}

# host NAME RULE...: with a group, these rules, whose words are one argument
# each, and a monitor.
host()
{
	local name=$1 rule words

	shift
	hosts+=("$name")
	ip netns add "$(netns_of "$name")"
	ip -n "$(netns_of "$name")" link set lo up
	pg "$name" group add "$name"
	for rule in "$@"; do
		read -ra words <<< "$rule"
		pg "$name" rule add "$name" "${words[@]}"
	done
	pg "$name" -j monitor group "$name" > "$work/$name.events" \
		2>> "$work/$name.log" &
	prepare grep -q synced "$work/$name.events"
}

# Quicker than on(), as processes are what takes time in an emulated guest.
ss_on()
{
	ss -N "$(netns_of "$1")" "${@:2}"
}

# All three print connections as lines "LOCAL REMOTE", or "REMOTE" alone; those
# over IPv4 likewise if the socket is one of IPv6.
by_ss()
{
	ss_on "$1" -Htn state established "$2" | sed -E '
		s/\[::ffff:([0-9.]+)\]/\1/g
		s/^[0-9]+ +[0-9]+ +([^ ]+) +([^ ]+).*/\1 \2/' | sort
}

by_tool()
{
	pg "$1" conn show group "$1" |
		sed -E '1d; s/^( *[^ ]+){5} +([^ ]+) +([^ ]+) .*/\2 \3/' | sort
}

by_p2p()
{
	on "$1" enum-connections "$1" | sed -E '
		s/.* address //
		s/\[::ffff:([0-9.]+)\]/\1/' | sort
}

# has HOST FILTER N: so many, ss says.
has()
{
	local lines

	mapfile -t lines < <(ss_on "$1" -Htn state established "$2")
	[ ${#lines[@]} = "$3" ]
}

listens()
{
	[ -n "$(ss_on "$1" -Hltn "sport = :$2")" ]
}

# same HOST FILTER N: the group has these N connections, while nothing changes.
# Prints what differs.
same()
{
	local lines

	by_tool "$1" > "$work/tool"
	mapfile -t lines < "$work/tool"
	[ ${#lines[@]} = "$3" ] || echo "${#lines[@]} connections, not $3"
	diff <(by_ss "$1" "$2") "$work/tool"
}

# same_by_p2p HOST FILTER: as a program that knows only <p2p.h> shows it.
same_by_p2p()
{
	diff <(by_ss "$1" "$2" | cut -d ' ' -f 2 | sort) <(by_p2p "$1")
}

# none_left HOST FILTER: the moment ss knows none any longer, the group has none.
none_left()
{
	within 5 has "$1" "$2" 0 || echo "ss knows some"
	pg "$1" conn show group "$1"
}

# All that the group gained is gone, as the monitor was told.
all_told()
{
	local gone

	gone=$(grep -c conn-gone "$work/$1.events")
	pg "$1" -j group show "$1" > "$work/group"
	grep -Eq "\"gained\": ?$gone," "$work/group"
}

# in_order HOST [N]: each generation told, each connection new once and gone
# once after that, N in all. None is there any more, and none was missed.
in_order()
{
	within 10 all_told "$1" || echo "the monitor is not told"
	/usr/bin/python3 -c '
import json, sys

def check(what):
    if not what:
        sys.exit("not so: {}".format(line))

[group] = json.load(open(sys.argv[2]))
snapshot, line, *events = map(json.loads, open(sys.argv[1]))
check(line["event"] == "synced")
new, active, generation = set(), set(), line["generation"]
for line in events:
    generation += 1
    check(line["generation"] == generation)
    if line["event"] == "conn-new":
        check(line["id"] not in new)
        new.add(line["id"])
        active.add(line["id"])
    else:
        check(line["event"] == "conn-gone" and line["id"] in active)
        active.discard(line["id"])
line = group
check(not active and not any(group["active"].values()))
check(group["gained"] == sum(group["lost"].values()) == len(new))
check(not group["missed"])
line = sys.argv[3:]
check(not line or len(new) == int(line[0]))
check(new)' "$work/$1.events" "$work/group" "${@:2}"
}
