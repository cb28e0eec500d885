#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A cluster of three redis nodes on hosts of their own: on each a group has the
# links to and from the other nodes, at any time those that ss knows.
#
# Prints TAP. Needs root, the module, peergroup in PATH, and the daemons that
# vm/fetch fetches.
#
# shellcheck disable=SC2317 # tap and prepare call the functions

# shellcheck source=selftests/daemons/common.sh
. "$(dirname "$0")/common.sh"

readonly links='sport = :16379 or dport = :16379'
nodes=(alice bob carol)
declare -A address=([alice]=10.0.0.1 [bob]=10.0.0.2 [carol]=10.0.0.3) server

# What a silent node is given to answer, in ms.
readonly patience=3000

wire()
{
	local node netns

	ip netns add "$(netns_of switch)"
	hosts+=(switch)
	ip -n "$(netns_of switch)" link add br0 type bridge
	ip -n "$(netns_of switch)" link set br0 up
	for node in "${nodes[@]}"; do
		netns=$(netns_of "$node")
		ip link add eth0 netns "$netns" type veth \
			peer name "$node" netns "$(netns_of switch)"
		ip -n "$netns" addr add "${address[$node]}/24" dev eth0
		ip -n "$netns" link set eth0 up
		ip -n "$(netns_of switch)" link set "$node" master br0 up
	done
}

start_node()
{
	mkdir -p "$work/dir-$1"
	start "$1" redis-server --port 6379 --bind "${address[$1]}" --save '' \
		--dir "$work/dir-$1" --cluster-enabled yes \
		--protected-mode no --cluster-node-timeout "$patience"
	server[$1]=$pid
	prepare listens "$1" 16379
}

join()
{
	prepare on alice redis-cli --cluster-yes --cluster create \
		"${address[@]/%/:6379}"
	connected
}

# Each node has a link to each other node, and they to it.
connected()
{
	local node

	for node in "${nodes[@]}"; do
		prepare has "$node" "$links" 4
	done
}

test_together()
{
	local node

	for node in "${nodes[@]}"; do
		tap "$1: $node" same "$node" "$links" 4
	done
}

# without NODE OTHER: the moment ss knows no link of theirs, nor does the group.
without()
{
	within "$3" has "$2" "dst ${address[$1]} and ( $links )" 0 ||
		echo "ss knows some"
	pg "$2" conn show group "$2" remote "${address[$1]}"
}

# test_alone DESCRIPTION NODE SECONDS: it has left the others by then, which
# still have each other.
test_alone()
{
	local other

	for other in "${nodes[@]}"; do
		[ "$other" = "$2" ] && continue
		tap "$1: $other without it" without "$2" "$other" "$3"
		tap "$1: $other" same "$other" "$links" 2
	done
}

test_killed()
{
	kill_hard "${server[carol]}"
	tap "killed: nothing on its host" none_left carol "$links"
	test_alone killed carol 2
	start_node carol
	connected
	test_together "started again"
}

# Nobody is told of it. A connection ends when redis has waited long enough, or
# the kernel, where redis has asked for that.
test_cut_off()
{
	ip -n "$(netns_of switch)" link set bob down
	test_alone "cut off" bob 30
	tap "cut off: on its host" without alice bob 30
	tap "cut off: the reason is told" within 5 \
		grep -Eq '"reason": ?"timed-out"' "$work/alice.events"
	ip -n "$(netns_of switch)" link set bob up
	connected
	test_together "no longer cut off"
}

test_end()
{
	local node

	for node in "${nodes[@]}"; do
		kill_hard "${server[$node]}"
	done
	for node in "${nodes[@]}"; do
		tap "the end: $node" none_left "$node" "$links"
		tap "events on $node" in_order "$node"
	done
}

need redis-server redis-cli
for node in "${nodes[@]}"; do
	host "$node" "lport 16379" "rport 16379"
done
wire
for node in "${nodes[@]}"; do
	start_node "$node"
done
join
echo "TAP version 13"
test_together together
test_killed
test_cut_off
test_end
tap_end
