#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The peergroup command: words, options, output and exit codes.
#
# Prints TAP. Needs root, the module, and peergroup in PATH.

set -u
# kselftest's runner has a library loaded that would load itself into the tool.
unset LD_PRELOAD _STDBUF_O
readonly skip_all=4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
ns=pg-tool-$$
user=12345
count=0
failures=0
export LC_ALL=C.UTF-8

cleanup()
{
	local job

	for job in $(jobs -p); do
		kill -KILL "$job"
		wait "$job"
	done 2> /dev/null
	ip netns del "$ns" 2> /dev/null
	ip netns del "$ns-bob" 2> /dev/null
	umount "$work/full" 2> /dev/null
	rm -rf "$work"
}

skip()
{
	echo "1..0 # SKIP $*"
	exit "$skip_all"
}

# check DESCRIPTION COMMAND...: one line of TAP, what was seen if it failed.
check()
{
	local description=$1

	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count $description"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $count $description"
	sed 's/^/#   /' "$work/out" "$work/err"
}

# Run the tool and keep what it said.
pg()
{
	"${as[@]}" peergroup "$@" > "$work/out" 2> "$work/err"
}

done_with()
{
	pg "$@" && [ ! -s "$work/err" ]
}

silent()
{
	done_with "$@" && [ ! -s "$work/out" ]
}

# ended STATUS TEXT arguments: nothing on stdout, one line with TEXT on stderr.
ended()
{
	local status=$1 text=$2

	shift 2
	pg "$@"
	[ $? = "$status" ] && [ ! -s "$work/out" ] &&
		[ "$(wc -l < "$work/err")" = 1 ] &&
		grep -q '^peergroup: ' "$work/err" &&
		grep -qF -- "$text" "$work/err"
}

wrong_usage()
{
	ended 1 "$@"
}

refused()
{
	ended 2 "$@"
}

# json EXPRESSION arguments: the JSON output of the tool, d, makes it true.
json()
{
	local expression=$1

	shift
	done_with "$@" && /usr/bin/python3 -c '
import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$work/out" "$expression"
}

# Python for what follows: the objects that a monitor printed, without what only
# a monitor says; and what they come to: groups and connections by id.
readonly python='
import json, sys

def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]

def bare(line):
    return {k: line[k] for k in line if k not in ("event", "generation", "time")}

def apply(lines):
    groups, conns = {}, {}
    for line in lines:
        if line["event"] in ("resync", "synced", "rule-new", "rule-gone"):
            continue
        kind = conns if "group" in line else groups
        if not line["event"].endswith("-gone"):
            kind[line["id"]] = bare(line)
            continue
        del kind[line["id"]]
        if kind is groups:
            conns = {i: c for i, c in conns.items() if c["group"] != line["name"]}
    return groups, conns
'

# events EXPRESSION NAME [MORE...]: the objects that the monitor of this name
# printed, d, make it true. MORE are arguments, sys.argv[3] and so on.
events()
{
	local expression=$1 name=$2

	shift 2
	cp "$work/$name" "$work/out"
	cp "$work/$name.err" "$work/err"
	[ ! -s "$work/err" ] && /usr/bin/python3 -c "$python"'
d = read(sys.argv[1])
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$work/out" "$expression" "$@"
}

# line NAME PATTERN: a line that the monitor of this name printed matches.
line()
{
	cp "$work/$1" "$work/out"
	cp "$work/$1.err" "$work/err"
	[ ! -s "$work/err" ] && grep -qE -- "^$2\$" "$work/out"
}

# says PATTERN arguments: a line of the tool's output matches.
says()
{
	local pattern=$1

	shift
	done_with "$@" && grep -qE -- "$pattern" "$work/out"
}

# start NAME chat's arguments: leaves the process id in $pid.
start()
{
	local name=$1

	shift
	ip netns exec "$ns" "${as[@]}" "$chat" "$@" > "$work/$name" 2>&1 &
	pid=$!
}

# monitor NAME arguments: likewise, with the snapshot printed.
monitor()
{
	local name=$1

	shift
	"${as[@]}" peergroup "$@" > "$work/$name" 2> "$work/$name.err" &
	pid=$!
	wait_for_nth 1 "$name" synced
}

# ended_by SIGNAL PID: without a complaint.
ended_by()
{
	kill -"$1" "$2" && wait "$2"
}

# wait_for_nth N NAME PATTERN: N lines of its output match.
wait_for_nth()
{
	local tries

	for ((tries = 0; tries < 100; tries++)); do
		[ "$(grep -c -- "$3" "$work/$2")" -ge "$1" ] && return
		sleep 0.1
	done
	echo "Bail out! $2 does not say \"$3\", $1 times"
	exit 1
}

wait_for()
{
	wait_for_nth 1 "$1" "^$2"
}

fd_of()
{
	sed -n 's/^fd //p;T;q' "$work/$1"
}

find_chat()
{
	for chat in "${PG_CHAT:-}" "$here/demo/chat" \
	    "$here/../build/selftests/demo/chat"; do
		[ -x "$chat" ] && return
	done
	skip "demo/chat is not built"
}

set_up()
{
	[ "$(id -u)" = 0 ] || skip "must be root"
	command -v peergroup > /dev/null || skip "no peergroup in PATH"
	command -v nft > /dev/null || skip "no nft in PATH"
	pg group show || skip "$(< "$work/err")"
	find_chat
	ip netns add "$ns" || skip "no network namespaces"
	ip -n "$ns" link set lo up
	start server listen :: 7001
	wait_for server listening
	start client6 connect ::1 7001
	client6=$pid
	wait_for client6 fd
	start client4 connect 127.0.0.1 7001
	client4=$pid
	wait_for client4 fd
}

test_help()
{
	check "help" says '^Usage: peergroup ' help
	check "-h" says '^Usage: peergroup ' -h
	check "group help" says 'group add NAME' group help
	check "conn help" says 'conn add GROUP pid PID' conn help
	check "conn show help" says 'conn add GROUP' conn show help
	check "conn add -h" says 'conn add GROUP' conn add -h
	check "rule help" says 'rule add GROUP' rule help
	check "rule add help" says '^where  PREFIX' rule add -h
	check "save help" says '^Usage: peergroup save' save help
	check "restore help" says '^Usage: peergroup restore' restore help
	check "monitor help" says '^Usage: peergroup monitor ' monitor help
	check "monitor -h" says '^Usage: peergroup monitor ' monitor group a -h
	check "identity help" says 'identity add NAME' identity help
	check "identity export help" says 'identity export' identity export help
	check "group create help" says 'group create CLASSIFIER' group create -h
	check "invitation help" says 'invitation create GROUP for FILE' \
		invitation help
	check "-V" says '^peergroup [0-9]+\.[0-9]+\.[0-9]+$' -V
	as=(setpriv --reuid "$user" --regid "$user" --clear-groups)
	check "help without privilege" says '^Usage:' group help
	as=()
}

test_usage()
{
	check "no object" wrong_usage OBJECT
	check "unknown object" wrong_usage '"frob"' frob
	check "no prefix of an object" wrong_usage '"gr"' gr show
	check "unknown command" wrong_usage '"sh"' conn sh
	check "unknown option" wrong_usage '"-x"' conn show -x
	check "unknown long option" wrong_usage '"--jso"' --jso conn
	check "-N without value" wrong_usage '"-N"' conn show -N
	check "-N twice" wrong_usage '"-N"' -N a -N b conn
	check "unknown keyword" wrong_usage '"grou"' conn show grou x
	check "keyword twice" wrong_usage '"type"' \
		conn show type direct type direct
	check "keyword without value" wrong_usage '"id"' conn show id
	check "word too many" wrong_usage '"b"' group show a b
	check "all twice" wrong_usage '"all"' conn show all id 1 all
	check "all takes no value" wrong_usage '"1"' conn show all 1
	check "monitor, group without name" wrong_usage '"group"' monitor group
	check "unknown word of monitor" wrong_usage '"show"' monitor show
	check "group of monitor twice" wrong_usage '"group"' \
		monitor group a group b
	check "no name" wrong_usage NAME group add
	check "no pid" wrong_usage pid conn add g fd 3
	check "no fd" wrong_usage fd conn add g pid 3
	check "no id" wrong_usage id conn del g
	check "bad type" wrong_usage '"both"' conn show type both
	check "bad address" wrong_usage '"1.2.3"' conn show remote 1.2.3
	check "no group of a rule" wrong_usage GROUP rule add
	check "no group to delete rules of" wrong_usage GROUP rule del
	check "word too many, rule show" wrong_usage '"b"' rule show a b
	check "word too many, save" wrong_usage '"b"' save a b
	check "word too many, restore" wrong_usage '"b"' restore a b
	check "save has no JSON" wrong_usage JSON -j save
	check "bits behind a prefix" wrong_usage 'which is 10.0.0.0/8' \
		rule add g local 10.0.0.1/8
	check "existing with a direction" wrong_usage '"existing"' \
		rule add g existing dir in
	check "no such user" wrong_usage '"nobody-such"' \
		group add g owner nobody-such
	check "a line break in a word stays one line" wrong_usage 'a\x0ab' \
		$'a\nb'
	LC_ALL=C.UTF-8 check "invisible characters are escaped" wrong_usage \
		$'\xc3\xa9''\xd8\x9cx\xe2\x80\x8by\xc2\xad\xf3\xa0\x81\x81' \
		$'\xc3\xa9\xd8\x9cx\xe2\x80\x8by\xc2\xad\xf3\xa0\x81\x81'
}

test_numbers()
{
	local number

	for number in '' x 1x ' 1' +1 -1 0 0x1 1.0 18446744073709551616; do
		check "id '$number'" wrong_usage "\"$number\"" \
			conn del g id "$number"
	done
	check "pid 2^31" wrong_usage '"2147483648"' \
		conn add g pid 2147483648 fd 0
	check "fd -1" wrong_usage '"-1"' conn add g pid 1 fd -1
	check "node-id 2^64" wrong_usage '"18446744073709551616"' \
		conn add g pid 1 fd 0 node-id 18446744073709551616
	for number in '' 0 1- -1 2-1 1-2-3 65536 1-65536 http; do
		check "lport '$number'" wrong_usage "\"$number\"" \
			rule add g lport "$number"
	done
	check "rule id 0" wrong_usage '"0"' rule del g id 0
	check "owner 2^32-1" wrong_usage '"4294967295"' \
		group add g owner 4294967295
}

test_groups()
{
	local name=$'Gr\u00fc\u00dfe "q" \'a\' \\b/ \u6771\u4eac'

	check "no groups: no text" silent -N "$ns" group show
	check "no groups: an empty array" json 'd == []' -j -N "$ns" group
	check "add" silent -N "$ns" group add plain
	check "add with everything" silent -N "$ns" group add "$name" \
		owner "$user" label 'a "label"' comment -j
	check "add again" refused 'a group of this name exists' -N "$ns" group add plain
	check "add with a control character" refused 'control characters' \
		-N "$ns" group add $'a\tb'
	check "add with an empty name" refused 'a group has a name' -N "$ns" group add ''
	check "add with 512 bytes" refused '511 bytes' \
		-N "$ns" group add "$(printf 'x%.0s' {1..512})"
	check "JSON keys of a group" json 'len(d) == 2 and all(list(g) ==
		["id", "name", "label", "comment", "owner", "active", "gained",
		 "leftovers", "leftovers-max", "limit", "pending", "lost",
		 "rules", "missed", "missed-lost", "refused"] and
		list(g["active"]) == ["neighbor", "direct"] and
		list(g["lost"]) == ["unknown", "closed", "peer-closed", "reset",
		"aborted", "timed-out", "unreachable", "detached",
		"connect-failed"] for g in d)' \
		-j -N "$ns" group show
	check "values of a group" json '[d[0][k] for k in
		("name", "label", "comment", "owner", "gained")] ==
		["Gr\u00fc\u00dfe \"q\" '\''a'\'' \\b/ \u6771\u4eac",
		 "a \"label\"", "-j", 12345, 0]' \
		group show "$name" -j -N "$ns"
	check "defaults of a group" json '[d[0][k] for k in
		("name", "label", "comment", "owner", "active", "pending")] ==
		["plain", "", "", 0, {"neighbor": 0, "direct": 0}, 0] and
		not any(d[0]["lost"].values())' \
		-N "$ns" group -j show plain
	check "text of groups" says '^ID +NAME +OWNER ' -N "$ns" group
	check "statistics of groups" says \
		'^    leftovers 0 of [0-9]+, limit [0-9]+, pending 0$' \
		-s -N "$ns" group
	check "show a missing group" refused 'no such group' -N "$ns" group show none
	check "del" silent -N "$ns" group del "$name"
	check "del again" refused 'no such group' -N "$ns" group del "$name"
	check "a group named help" silent -N "$ns" group add -- help
	check "show it" says ' help ' -N "$ns" group show -- help
	check "del it" silent -N "$ns" group del -- help
	check "groups stay in their namespace" json \
		'all(g["name"] != "plain" for g in d)' -j group show
}

test_attach()
{
	local fd6 fd4

	fd6=$(fd_of client6)
	fd4=$(fd_of client4)
	check "no connections: no text" silent -N "$ns" conn
	check "no connections: an empty array" json 'd == []' -jN "$ns" conn
	check "conn add" silent -N "$ns" conn add plain pid "$client6" \
		fd "$fd6" node-id 18446744073709551615 peer-id $'b\u00f6b'
	check "conn add, direct" silent conn add plain fd "$fd4" \
		pid "$client4" type direct -N "$ns"
	check "conn add again" refused 'in this group already' -N "$ns" conn add plain \
		pid "$client6" fd "$fd6"
	check "no such group" refused 'no such group' -N "$ns" conn add none \
		pid "$client6" fd "$fd6"
	check "no such process" refused 'no process 4194304' -N "$ns" \
		conn add plain pid 4194304 fd 0
	check "no such descriptor" refused 'no file descriptor 999' -N "$ns" \
		conn add plain pid "$client6" fd 999
	check "no socket" refused 'no socket' -N "$ns" conn add plain \
		pid "$client6" fd 1
	peergroup group add "$ns"
	check "socket of another namespace" refused 'namespace' conn add "$ns" \
		pid "$client6" fd "$fd6"
	peergroup group del "$ns"
}

# The cookie that ss prints for the connection from this process.
cookie_of()
{
	ip netns exec "$ns" ss -tenpH 2> /dev/null |
		sed -n "s/.*pid=$1,.* sk:\([0-9a-f]*\).*/\1/p"
}

test_show()
{
	check "JSON keys of a connection" json 'len(d) == 2 and
		all(list(c) == ["id", "group", "type", "node-id", "peer-id",
		"local", "remote", "cookie", "attached", "state"] and
		list(c["local"]) == list(c["remote"]) == ["address", "port"]
		for c in d)' -j -N "$ns" conn show
	check "values, IPv6" json '[d[0][k] for k in ("group", "type",
		"node-id", "peer-id", "remote", "state")] == ["plain",
		"neighbor", 18446744073709551615, "b\u00f6b",
		{"address": "::1", "port": 7001}, "active"]' \
		-j -N "$ns" conn show
	check "values, IPv4" json '[d[1][k] for k in ("type", "node-id",
		"peer-id", "remote")] == ["direct", 0, "127.0.0.1",
		{"address": "127.0.0.1", "port": 7001}]' -j -N "$ns" conn show
	check "attached just now" json 'all(0 <= __import__("time").time() -
		c["attached"] / 1e9 < 600 for c in d)' -j -N "$ns" conn
	check "cookies are those of ss" json "[c['cookie'] for c in d] ==
		['$(cookie_of "$client6")', '$(cookie_of "$client4")']" \
		-j -N "$ns" conn
	check "pretty JSON" says '^    "id": [0-9]+,$' -jp -N "$ns" conn
	check "-t, which does nothing here" json 'len(d) == 2' \
		-jt -N "$ns" conn show --timestamp
	check "text" says \
		"neighbor +18446744073709551615 +b.*b +\[::1\]:[0-9]+ +\[::1\]:7001 " \
		-N "$ns" conn show
	check "text, IPv4" says \
		'direct +- +127\.0\.0\.1 +127\.0\.0\.1:[0-9]+ +127\.0\.0\.1:7001 .* active$' \
		-N "$ns" conn show
	check "text is aligned" aligned
	check "/proc/PID/ns/net" json 'len(d) == 2' -j \
		-N "/proc/$client6/ns/net" conn
	check "path of a namespace" json 'len(d) == 2' -j \
		-N "/run/netns/$ns" conn
	check "no such namespace" refused "$ns-none" -N "$ns-none" conn
	check "no namespace" refused 'not a network namespace' \
		-N /etc/passwd conn
}

# Every row has its cookie where the head says COOKIE.
aligned()
{
	local head line lines

	done_with -N "$ns" conn show || return
	mapfile -t lines < "$work/out"
	head=${lines[0]%COOKIE*}
	[ ${#lines[@]} = 3 ] || return
	for line in "${lines[@]:1}"; do
		[[ ${line:${#head}-1} == ' '[0-9a-f]* ]] || return
	done
}

test_filters()
{
	local id

	check "group" json 'len(d) == 2' -j -N "$ns" conn show group plain
	check "missing group" refused 'no such group' -N "$ns" conn show group none
	check "type" json '[c["type"] for c in d] == ["direct"]' \
		-j -N "$ns" conn show type direct
	check "remote, IPv6" json '[c["type"] for c in d] == ["neighbor"]' \
		-j -N "$ns" conn show remote 0:0::1
	check "remote, IPv4" json '[c["type"] for c in d] == ["direct"]' \
		-j -N "$ns" conn show remote 127.0.0.1
	check "remote, v4-mapped" json '[c["type"] for c in d] == ["direct"]' \
		-j -N "$ns" conn show remote ::ffff:127.0.0.1
	check "remote, none" json 'd == []' -j -N "$ns" conn show remote ::2
	check "all filters" json 'len(d) == 1' -j -N "$ns" \
		conn show type direct remote 127.0.0.1 group plain
	id=$(peergroup -N "$ns" conn show type direct | awk 'NR == 2 { print $1 }')
	check "id" json "[c['id'] for c in d] == [$id]" \
		-j -N "$ns" conn show id "$id"
	check "id of another type" json 'd == []' \
		-j -N "$ns" conn show id "$id" type neighbor
	check "missing id" refused 'no such connection' -N "$ns" \
		conn show id 18446744073709551615
}

test_statistics()
{
	check "statistics" json 'all(list(c["stats"]) == ["rtt", "rtt-var",
		"min-rtt", "retrans", "bytes-sent", "bytes-acked",
		"bytes-retrans", "bytes-received"] and
		c["stats"]["bytes-sent"] == c["stats"]["bytes-received"] == 6
		for c in d)' -js -N "$ns" conn show
	check "statistics as text" says '^    attached .* 6 bytes sent' \
		-s -N "$ns" conn show
	check "option at the end" says '^    attached ' conn show -s -N "$ns"
	check "no statistics unless asked for" json \
		'all("stats" not in c for c in d)' -j -N "$ns" conn show
}

test_unprivileged()
{
	local own

	as=(setpriv --reuid "$user" --regid "$user" --clear-groups)
	start own connect ::1 7001
	own=$pid
	wait_for own fd
	check "-N without privilege" refused 'cannot enter network namespace' \
		-N "$ns" conn
	as=(ip netns exec "$ns" "${as[@]}")
	check "reading needs no privilege" json 'len(d) == 2' -j conn show
	check "foreign statistics are left out" json \
		'all("stats" not in c for c in d)' -js conn show
	check "foreign text has no statistics" says '^    attached [-0-9: ]+$' \
		-s conn show
	check "own group" silent group add own
	check "own connection" silent conn add own pid "$own" \
		fd "$(fd_of own)"
	check "own statistics" json '"stats" in d[0]' \
		-js conn show group own
	check "foreign process" refused 'needs the same user or CAP_SYS_PTRACE' \
		conn add own pid "$client6" fd "$(fd_of client6)"
	check "foreign group: attach" refused CAP_NET_ADMIN conn add plain pid "$own" \
		fd "$(fd_of own)"
	check "foreign group: del" refused CAP_NET_ADMIN group del plain
	check "foreign owner" refused CAP_NET_ADMIN group add other owner 0
	check "own group: del" silent group del own
	as=()
}

# A connection that stays pending as long as SYNs to its port are dropped.
start_pending()
{
	ip netns exec "$ns" nft -f - <<-END
		table inet pg {
			chain in {
				type filter hook input priority 0;
				tcp dport 7009 drop
			}
		}
	END
	ip netns exec "$ns" /usr/bin/python3 -u -c '
import signal, socket
s = socket.socket()
s.setblocking(False)
s.connect_ex(("127.0.0.1", 7009))
print("fd", s.fileno())
signal.pause()' > "$work/pending" 2>&1 &
	pid=$!
	wait_for pending fd
}

# Nobody listens there: refused at the next attempt, a second after the first.
let_pending_fail()
{
	ip netns exec "$ns" nft delete table inet pg
	wait_for_nth 1 text 'conn-gone.*connect-failed'
}

# What happens in front of the monitors "text", "json" and "named".
make_changes()
{
	start short connect ::1 7001
	wait_for short fd
	peergroup -N "$ns" group add mon label 'my peers' \
		comment 'x" owner root'
	peergroup -N "$ns" conn add mon pid "$pid" fd "$(fd_of short)" \
		node-id 5 peer-id $'a\xe2\x80\x8bb\\'
	peergroup -N "$ns" conn add plain pid "$pid" fd "$(fd_of short)"
	kill -KILL "$pid"
	wait "$pid" 2> /dev/null
	start_pending
	peergroup -N "$ns" conn add mon pid "$pid" fd "$(fd_of pending)" \
		type direct
}

test_monitor()
{
	local text json named monitor

	monitor text -N "$ns" monitor
	text=$pid
	monitor json -N "$ns" -jpst monitor
	json=$pid
	monitor named -N "$ns" monitor group mon -t
	named=$pid
	make_changes
	test_pending
	let_pending_fail
	check "lost by reason" json 'd[0]["pending"] == 0 and
		d[0]["gained"] == 1 and {k: v for k, v in d[0]["lost"].items() if v} ==
		{"closed": 1, "connect-failed": 1}' -j -N "$ns" group show mon
	check "lost by reason, as text" says \
		' pending 0, lost 1 closed, 1 connect-failed$' \
		-s -N "$ns" group show mon
	peergroup -N "$ns" group del mon
	peergroup -N "$ns" group add mon
	peergroup -N "$ns" group del mon
	for monitor in text json named; do
		wait_for_nth 2 "$monitor" group-gone
	done
	test_monitor_text
	test_monitor_json
	test_monitor_group
	check "SIGINT ends it" ended_by INT "$text"
	check "SIGTERM ends it" ended_by TERM "$json"
	check "while it waits for a group, too" ended_by INT "$named"
}

test_pending()
{
	local id

	check "pending ones are not shown" json \
		'not any(c["group"] == "mon" for c in d)' -j -N "$ns" conn show
	check "unless asked for" json '[(c["group"], c["type"]) for c in d
		if c["state"] == "pending"] == [("mon", "direct")] and
		[c["state"] for c in d].count("active") == 2' \
		-j -N "$ns" conn show all
	check "all among other words" json \
		'[c["remote"]["port"] for c in d] == [7009]' \
		-j -N "$ns" conn show type direct all group mon
	check "all as text" says ' 127\.0\.0\.1:7009 .* pending$' \
		-N "$ns" conn show all
	id=$(peergroup -N "$ns" conn show group mon all |
		awk 'NR == 2 { print $1 }')
	check "by id" json "[(c['id'], c['state']) for c in d] ==
		[($id, 'pending')]" -j -N "$ns" conn show id "$id"
	check "counted by the group" json 'd[0]["pending"] == 1' \
		-j -N "$ns" group show mon
	check "likewise, as text" says ' pending 1, lost 1 closed$' \
		-s -N "$ns" group show mon
}

test_monitor_text()
{
	local conn='id [0-9]+ type neighbor' ends
	local fails='id [0-9]+ type direct'

	ends='local \[::1\]:[0-9]+ remote \[::1\]:7001'
	check "first words" test "$(cut -d ' ' -f 1 "$work/text" | xargs)" = \
		"snapshot snapshot snapshot synced group-new conn-new conn-new$(
		) conn-gone conn-gone conn-pending conn-gone group-gone group-new group-gone"
	check "group there was" line text \
		'snapshot group id [0-9]+ owner root name plain'
	check "connection there was" line text \
		"snapshot conn $conn state active $ends node-id 1844.* group plain peer-id b.*b"
	check "end of what there was" line text 'synced generation [0-9]+'
	check "new group" line text \
		'group-new id [0-9]+ owner root name mon label "my peers" comment "x\\" owner root"'
	check "new connection, escaped" line text \
		"conn-new $conn state active $ends node-id 5 group mon peer-id $(
		)a\\\\xe2\\\\x80\\\\x8bb\\\\\\\\"
	check "without a peer id" line text \
		"conn-new $conn state active $ends group plain peer-id ::1"
	check "gone, with the reason" line text \
		"conn-gone $conn reason closed $ends group plain peer-id ::1"
	ends='local 127\.0\.0\.1:[0-9]+ remote 127\.0\.0\.1:7009'
	check "connecting" line text \
		"conn-pending $fails state pending $ends group mon peer-id 127\.0\.0\.1"
	check "failed, with the error" line text \
		"conn-gone $fails reason connect-failed $(
		)\(Connection refused\) $ends group mon peer-id 127\.0\.0\.1"
	check "group gone" line text \
		'group-gone id [0-9]+ owner root name mon label "my peers" comment .*'
}

test_monitor_json()
{
	local keys='["event", "generation", "time"]'

	check "JSON: events" events '[l["event"] for l in d] ==
		["snapshot"] * 3 + ["synced", "group-new", "conn-new",
		"conn-new", "conn-gone", "conn-gone", "conn-pending",
		"conn-gone", "group-gone", "group-new", "group-gone"]' json
	check "JSON: one generation, then every one" events 'all(
		l["generation"] == d[3]["generation"] + max(i - 3, 0)
		for i, l in enumerate(d))' json
	check "JSON: times" events 'all(0 <= b["time"] - a["time"] < 60e9
		for a, b in zip(d, d[1:])) and 0 <=
		__import__("time").time() - d[-1]["time"] / 1e9 < 60' json
	check "JSON: no more than that" events "list(d[3]) == $keys" json
	pg -j -N "$ns" group show
	cp "$work/out" "$work/groups"
	pg -j -N "$ns" conn show
	cp "$work/out" "$work/conns"
	check "JSON: keys of the snapshot" events "all(list(l) == $keys +
		list(read(sys.argv[3 + (\"group\" in l)])[0][0])
		for l in d[:3])" json "$work/groups" "$work/conns"
	check "JSON: connections as conn show has them" events \
		'[bare(l) for l in d[1:3]] == read(sys.argv[3])[0]' \
		json "$work/conns"
	check "JSON: states" events '[l["state"] for l in d if "group" in l] ==
		["active"] * 4 + ["gone"] * 2 + ["pending", "gone"]' json
	check "JSON: reasons and errors" events '[(l["reason"], l.get("error"))
		for l in d if "reason" in l] == [("closed", None)] * 2 +
		[("connect-failed", 111)]' json
	check "JSON: what it comes to" events \
		'list(apply(d)[1].values()) == read(sys.argv[3])[0]' \
		json "$work/conns"
}

test_monitor_group()
{
	check "only the group, also the next of its name" test "$(
		sed 's/^\[[-0-9]*T[:0-9]*\.[0-9]\{6\}\] \([^ ]*\).*/\1/' \
			"$work/named" | xargs)" = \
		"synced group-new conn-new conn-gone conn-pending conn-gone$(
		) group-gone group-new group-gone"
	check "nothing of others" test \
		"$(grep -c plain "$work/named")" = 0
}

test_monitor_elsewhere()
{
	ip netns add "$ns-2"
	monitor empty -N "$ns-2" monitor
	check "nothing there" line empty 'synced generation 0'
	check "nothing there, ended" ended_by INT "$pid"
	ip netns del "$ns-2"
	check "no such namespace to monitor" refused "$ns-2" -N "$ns-2" monitor
	check "no such name to monitor" refused 'a group has a name' \
		monitor group ''
	check "nor with a control character" refused 'control characters' \
		monitor group $'a\nb'
	as=(ip netns exec "$ns" setpriv --reuid "$user" --regid "$user"
		--clear-groups)
	monitor own -j monitor
	check "monitor without privilege" events 'len(d) == 4' own
	check "likewise, ended" ended_by TERM "$pid"
	as=()
}

# Many changes, through the library, for they have to outrun a monitor.
burst()
{
	ip netns exec "$ns" /usr/bin/python3 -u -c '
import ctypes, signal, socket
lib = ctypes.CDLL("libpeergroup.so.1")
ctx, group = ctypes.c_void_p(), ctypes.c_uint32()

class Spec(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("name", ctypes.c_char_p),
                ("label", ctypes.c_char_p), ("comment", ctypes.c_char_p),
                ("flags", ctypes.c_uint32), ("owner", ctypes.c_uint32)]

class Attach(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("fd", ctypes.c_int),
                ("type", ctypes.c_int), ("node_id", ctypes.c_uint64),
                ("peer_id", ctypes.c_char_p)]

def call(function, *args):
    err = function(*args)
    if err:
        raise OSError(-err)

def add(name):
    spec = Spec(ctypes.sizeof(Spec), name, b"l" * 767, b"c" * 767)
    call(lib.pg_group_add, ctx, ctypes.byref(spec), ctypes.byref(group), None)

def attach(sock):
    spec = Attach(ctypes.sizeof(Attach), sock.fileno(), 2)
    call(lib.pg_conn_attach, ctx, group, ctypes.byref(spec),
         ctypes.c_size_t(1), None, None, None)

call(lib.pg_open, ctypes.byref(ctx))
for i in range(1500):
    add(b"burst")
    call(lib.pg_group_del, ctx, group, None)
for name in b"kept", b"kept too":
    add(name)
    socks = [socket.create_connection(("::1", 7001)) for i in range(20)]
    for sock in socks:
        attach(sock)
    for sock in socks[::3]:
        sock.close()
    globals()[name] = socks
print("done")
signal.pause()' > "$work/burst" 2>&1 &
	pid=$!
	wait_for burst 'done'
}

# Its reader does not read, and the pipe is too small for what there is.
held_up()
{
	local tries

	mkfifo "$work/fifo"
	/usr/bin/python3 -u -c '
import fcntl, os, signal, sys
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETPIPE_SZ, 4096)
print("open")
signal.pause()' "$work/fifo" > "$work/holder" &
	wait_for holder open
	peergroup -j -N "$ns" monitor > "$work/fifo" 2> "$work/err" &
	pid=$!
	for ((tries = 0; tries < 50; tries++)); do
		grep -qs pipe "/proc/$pid/wchan" && break
		sleep 0.1
	done
	ended_by TERM "$pid"
}

test_resync()
{
	local follower lost burst

	start lost connect ::1 7001
	lost=$pid
	wait_for lost fd
	peergroup -N "$ns" group add brief
	peergroup -N "$ns" conn add brief pid "$pid" fd "$(fd_of lost)"
	peergroup -N "$ns" conn add plain pid "$pid" fd "$(fd_of lost)"
	monitor behind -j -N "$ns" monitor
	follower=$pid
	kill -STOP "$follower"
	kill -KILL "$lost"
	wait "$lost" 2> /dev/null
	peergroup -N "$ns" group del brief
	burst
	burst=$pid
	kill -CONT "$follower"
	wait_for_nth 2 behind synced
	peergroup -N "$ns" group del "kept too"
	wait_for_nth 1 behind 'group-gone.*kept too'

	check "resync, once, then synced" events '[l["event"] for l in d
		if l["event"] in ("resync", "synced")] ==
		["synced", "resync", "synced"]' behind
	check "gone with reason unknown" events '[l["reason"] for l in
		d[[l["event"] for l in d].index("resync"):] if "reason" in l
		and l["group"] == "plain"] == ["unknown"]' behind
	pg -j -N "$ns" conn show all
	cp "$work/out" "$work/conns"
	pg -j -N "$ns" group show
	cp "$work/out" "$work/groups"
	check "connections are right again" events \
		'len(apply(d)[1]) == 2 + 13 and list(apply(d)[1].values()) ==
		read(sys.argv[3])[0]' behind "$work/conns"
	check "groups are right again" events '[(g["id"], g["name"]) for g in
		apply(d)[0].values()] == [(g["id"], g["name"]) for g in
		read(sys.argv[3])[0]]' behind "$work/groups"
	check "after resync, ended" ended_by TERM "$follower"
	check "ended while its reader holds it up" held_up
	kill -KILL "$burst"
	wait "$burst" 2> /dev/null
	peergroup -N "$ns" group del kept
}

# A connection to the server, and no longer than it is needed.
connect()
{
	start "$1" connect "$2" 7001
	wait_for "$1" fd
}

hang_up()
{
	kill -KILL "$1"
	wait "$1" 2> /dev/null
}

rule_id()
{
	peergroup -N "$ns" rule show "$1" | awk 'NR == '"$2"' + 1 { print $1 }'
}

test_rules()
{
	local id other

	check "no rules: no text" silent -N "$ns" rule
	check "no rules: an empty array" json 'd == []' -jN "$ns" rule show
	prepare -N "$ns" group add ruled
	check "rule add" silent -N "$ns" rule add ruled rport 7001 type direct
	check "rule add again" refused '' -N "$ns" rule add ruled rport 7001
	check "no such group for a rule" refused 'no such group' \
		-N "$ns" rule add none
	id=$(rule_id ruled 1)
	check "JSON of a rule" json "d == [{'id': $id, 'group': 'ruled',
		'type': 'direct', 'remote-port-min': 7001,
		'remote-port-max': 7001, 'existing': False, 'gained': 0}]" \
		-j -N "$ns" rule show ruled
	check "text of a rule" says \
		"^$id +ruled +direct +- +7001 +- +- +- +- +-\$" -N "$ns" rule
	check "nothing was adopted yet" json 'd == []' \
		-j -N "$ns" conn show group ruled
	connect adopted ::1
	other=$pid
	check "adopted" json "len(d) == 1 and list(d[0])[-1] == 'rule' and
		[d[0][k] for k in ('type', 'rule', 'peer-id', 'state')] ==
		['direct', $id, '::1', 'active'] and d[0]['node-id'] != 0 and
		d[0]['remote']['port'] == 7001" -j -N "$ns" conn show group ruled
	check "adopted, as text" says ", by rule $id" \
		-s -N "$ns" conn show group ruled
	check "gained" says '^    gained 1$' -s -N "$ns" rule show
	check "counted by the group" json 'd[0]["rules"] == 1 and
		d[0]["gained"] == 1' -j -N "$ns" group show ruled
	check "likewise, as text" says ', rules 1$' -s -N "$ns" group show ruled
	check "rule of no other group" refused '' -N "$ns" \
		rule del plain id "$id"
	check "rule del, keep" silent -N "$ns" rule del ruled id "$id" keep
	check "it was kept" json 'len(d) == 1' -j -N "$ns" conn show group ruled
	hang_up "$other"
	test_existing
	prepare -N "$ns" group del ruled
}

# The server's ends of all connections, and nobody else's.
test_existing()
{
	local n

	n=$(ip netns exec "$ns" ss -tnH state established sport = 7001 | wc -l)
	prepare -N "$ns" rule add ruled lport 7001-7002 existing uid root
	prepare -N "$ns" rule add ruled lport 7001 remote 192.0.2.0/24 existing
	check "existing ones are adopted" json "len(d) == $n >= 2" \
		-j -N "$ns" conn show group ruled
	check "all rules del" silent -N "$ns" rule del ruled
	check "no rules are left" silent -N "$ns" rule show ruled
	check "nor what they adopted" silent -N "$ns" conn show group ruled
	as=(ip netns exec "$ns" setpriv --reuid "$user" --regid "$user"
		--clear-groups)
	prepare group add own
	check "rules need CAP_NET_ADMIN" refused CAP_NET_ADMIN rule add own
	check "to see them needs nothing" silent rule show own
	prepare group del own
	as=()
}

test_monitor_rules()
{
	local text json rule other

	monitor text -N "$ns" monitor
	text=$pid
	monitor json -j -N "$ns" monitor group 'ruled too'
	json=$pid
	prepare -N "$ns" group add 'ruled too'
	prepare -N "$ns" rule add 'ruled too' rport 7001 local ::1
	rule=$(rule_id 'ruled too' 1)
	connect adopted ::1
	other=$pid
	prepare -N "$ns" rule del 'ruled too'
	prepare -N "$ns" group del 'ruled too'
	hang_up "$other"
	wait_for_nth 1 text group-gone
	wait_for_nth 1 json group-gone
	check "monitor: new rule" line text \
		"rule-new id $rule rport 7001 local ::1/128 type neighbor group \"ruled too\""
	check "monitor: adopted" line text \
		"conn-new id .* rule $rule group \"ruled too\" peer-id ::1"
	check "monitor: detached" line text \
		"conn-gone id .* reason detached .* rule $rule group .*"
	check "monitor: rule gone" line text "rule-gone id $rule rport 7001 .*"
	check "monitor, JSON: rules" events '[l["event"] for l in d[:4]] ==
		["synced", "group-new", "rule-new", "conn-new"] and
		{l["event"] for l in d[4:6]} == {"rule-gone", "conn-gone"} and
		len(d) == 7 and d[2]["local"] == "::1/128" and
		d[3]["rule"] == d[2]["id"]' json
	check "monitor of rules, ended" ended_by INT "$text"
	check "likewise, JSON" ended_by INT "$json"
}

# The generation that the namespace has come to.
generation()
{
	monitor generation -j -N "$ns" monitor
	ended_by TERM "$pid"
	sed -n 's/.*"synced","generation":\([0-9]*\).*/\1/p' "$work/generation"
}

# same_as FILE arguments: the output is what the file has.
same_as()
{
	local file=$1

	shift
	done_with "$@" && cmp -s "$file" "$work/out"
}

# Each line but comments is a command for the shell.
make_by_shell()
{
	local command

	while IFS= read -r command; do
		[[ $command = '#'* ]] || eval "peergroup -N $ns $command" ||
			return
	done < "$1"
}

test_restore()
{
	local odd="it's \"one\" \\" before name other stays

	cat > "$work/rules" <<-'END'
		# Groups and rules, for "peergroup restore"
		group add plain owner 0
		group add 'it'\''s "one" \' owner 12345 label '#' comment '$HOME'
		rule add 'it'\''s "one" \' rport 7001 type direct existing
		rule add 'it'\''s "one" \' rport 7000-7002 local ::1/128 remote ::/0 dir out uid 0 type neighbor
		group add -- -j owner 0
		rule add -- -j type neighbor
		group add -- help owner 0
	END
	check "restore" silent -N "$ns" restore "$work/rules"
	check "save" same_as "$work/rules" -N "$ns" save
	before=$(generation)
	check "restore again" silent -N "$ns" restore "$work/rules"
	check "nothing changed" [ "$(generation)" = "$before" ]
	connect adopted ::1
	other=$pid
	check "restored rules adopt" json '[c["type"] for c in d] ==
		["direct"] * len(d) and len(d) >= 3' \
		-j -N "$ns" conn show group "$odd"
	stays=$(rule_id "$odd" 1)

	grep -v 7000-7002 "$work/rules" > "$work/fewer"
	check "restore from stdin" silent -N "$ns" restore < "$work/fewer"
	check "one rule is gone" same_as "$work/fewer" -N "$ns" save
	check "the other is the same" [ "$(rule_id "$odd" 1)" = "$stays" ]
	check "and has its connections" json 'len(d) >= 3' \
		-j -N "$ns" conn show group "$odd"
	test_restore_refused
	hang_up "$other"
	for name in "$odd" -j help; do
		prepare -N "$ns" group del -- "$name"
	done
	prepare -N "$ns" rule del plain
	grep -v ' plain ' "$work/rules" > "$work/commands"
	check "the shell takes what was saved" make_by_shell "$work/commands"
	check "and makes the same of it" same_as "$work/rules" -N "$ns" save
	for name in "$odd" -j help; do
		prepare -N "$ns" group del -- "$name"
	done
}

test_restore_refused()
{
	local wrong=$work/wrong

	printf 'group add new\nrule add new lport 1\n\nrule add new lport 0\n' \
		> "$wrong"
	check "restore, a line is wrong" wrong_usage "$wrong:4: \"0\"" \
		-N "$ns" restore "$wrong"
	printf 'group add new\nrule add none\n' > "$wrong"
	check "restore, no such group" refused "$wrong:2: no such group" \
		-N "$ns" restore "$wrong"
	printf 'group add new\ngroup add plain label x\n' > "$wrong"
	check "restore, another label" refused "$wrong:2: the group exists" \
		-N "$ns" restore "$wrong"
	# More rules without a port than a namespace may have.
	{
		echo 'group add new'
		seq -f 'rule add new remote 192.0.2.%g' 1 200
	} > "$wrong"
	check "restore, too many rules" refused "$wrong:" \
		-N "$ns" restore "$wrong"
	check "nothing of it was done" same_as "$work/fewer" -N "$ns" save
	check "restore, no such file" refused "$work/none" restore "$work/none"
	as=(ip netns exec "$ns" setpriv --reuid "$user" --regid "$user"
		--clear-groups)
	printf 'group add mine\nrule add mine lport 1\n' > "$wrong"
	check "restore without privilege" refused 'stdin:2: ' \
		restore - < "$wrong"
	as=()
	check "that left nothing, either" same_as "$work/fewer" -N "$ns" save
}

test_output_errors()
{
	check "full disk, monitor" full_disk -N "$ns" monitor
	check "reader of monitor went away" deserted
	check "closed stdout, monitor" closed_stdout monitor
	check "full disk" full_disk -N "$ns" conn show
	check "full disk, JSON" full_disk -j -N "$ns" conn show
	check "full disk, save" full_disk -N "$ns" save
	check "full disk, help" full_disk help
	check "reader went away" broken_pipe
	check "closed stdout" closed_stdout conn show
}

full_disk()
{
	: > "$work/out"
	peergroup "$@" > /dev/full 2> "$work/err"
	[ $? = 2 ] && grep -q 'No space left' "$work/err"
}

broken_pipe()
{
	: > "$work/out"
	{
		sleep 0.5
		peergroup help 2> "$work/err"
		echo $? > "$work/status"
	} | true
	[ "$(< "$work/status")" = 2 ] && grep -q 'Broken pipe' "$work/err"
}

# It notices without anything to say.
deserted()
{
	: > "$work/out"
	{
		timeout 20 peergroup -N "$ns" monitor 2> "$work/err"
		echo $? > "$work/status"
	} | head -n 1 > /dev/null
	[ "$(< "$work/status")" = 2 ] && grep -q 'Broken pipe' "$work/err"
}

closed_stdout()
{
	: > "$work/out"
	peergroup -N "$ns" "$@" >&- 2> "$work/err"
	[ $? = 2 ] && [ "$(wc -l < "$work/err")" = 1 ]
}

test_end()
{
	local id

	id=$(peergroup -N "$ns" conn show type direct | awk 'NR == 2 { print $1 }')
	check "conn del" silent -N "$ns" conn del plain id "$id"
	check "conn del again" refused 'no such connection' -N "$ns" conn del plain id "$id"
	check "the other stays" json '[c["type"] for c in d] == ["neighbor"]' \
		-j -N "$ns" conn
	kill -KILL "$client6"
	wait "$client6" 2> /dev/null
	check "a killed process has no connections" json 'd == []' \
		-j -N "$ns" conn
	check "what it gained is still counted" json \
		'd[0]["gained"] == 4 and d[0]["active"]["neighbor"] == 0' \
		-j -N "$ns" group show plain
	check "group del" silent -N "$ns" group del plain
}

# The store of alice, of bob and so on is the one from now on.
be()
{
	as=(env PEERGROUP_HOME="$work/$1")
}

# Set up what is no test of its own.
prepare()
{
	pg "$@" || sed 's/^/# /' "$work/err"
}

# one_line PATTERN arguments: that is all of the output.
one_line()
{
	says "$@" && [ "$(wc -l < "$work/out")" = 1 ]
}

# saved FILE arguments: the output, which is one line, is kept.
saved()
{
	local file=$1

	shift
	one_line . "$@" && cp "$work/out" "$file"
}

test_identity()
{
	check "no identities: no text" silent identity
	check "no identities: an empty array" json 'd == []' -j identity show
	check "no default identity" refused 'no default identity' identity xml
	check "none was made" silent identity
	check "identity add" one_line '^[0-9a-f]{40}\.alice$' \
		identity add alice label $'Al\u202eice "A"' profile windows
	alice=$(< "$work/out")
	check "identity add, JSON" json '[*d] == ["name"] and
		d["name"][40:] == ".twin"' -j identity add twin profile windows
	check "one more of this name" one_line '\.twin$' \
		identity add twin profile windows
	twin=$(< "$work/out")
	check "any characters" one_line $'\\.a b\u00f6\\\\xe2\\\\x80\\\\xae$' \
		identity add $'a b\u00f6\u202e' profile windows
	check "identity show" json 'len(d) == 4 and
		all([*i] == ["name", "label"] for i in d) and
		{"name": "'"$alice"'", "label": "Al\u202eice \"A\""} in d and
		"twin" in [i["label"] for i in d]' -j identity show
	check "identity show as text" says '^NAME +LABEL$' identity
	check "labels are escaped" says \
		"^$alice +Al\\\\xe2\\\\x80\\\\xaeice \"A\"\$" identity show
	check "identity xml" one_line '^<PEERIDENTITYINFO ' identity xml alice
	check "identity xml, by peer name" one_line '^<PEERIDENTITYINFO ' \
		identity xml "$twin"
	check "identity xml, JSON" json '[*d] == ["xml"] and
		d["xml"].startswith("<PEERIDENTITYINFO ")' -j identity xml alice
	check "identity del, by peer name" silent identity del "$twin"
	check "it is gone" refused "no identity $twin" identity del "$twin"
	check "identity del, by classifier" silent identity del twin
	check "it is gone, too" refused 'no such identity' identity del twin
}

test_identity_refusals()
{
	check "no name of an identity" wrong_usage NAME identity add
	check "no identity to delete" wrong_usage IDENTITY identity del
	check "no file to export to" wrong_usage FILE identity export alice
	check "no file to import" wrong_usage FILE identity import
	check "bad profile" wrong_usage '"weak"' identity add x profile weak
	check "identity, not UTF-8" wrong_usage '"\xff"' identity add $'\xff'
	check "word too many, xml" wrong_usage '"b"' identity xml a b
	check "no prefix of an identity" refused 'no such identity' \
		identity xml "${alice:0:8}"
	check "no label as an identity" refused 'no such identity' \
		identity xml $'Al\u202eice "A"'
	check "peer name of nobody" refused '.nobody' \
		identity xml "${twin%.*}.nobody"
	check "control character in an identity" refused 'control' \
		identity add $'a\tb' profile windows
	check "control character in its label" refused 'control' \
		identity add x label $'a\tb' profile windows
	check "name too long" refused '149' \
		identity add "$(printf 'x%.0s' {1..150})" profile windows
	prepare identity add twin profile windows
	prepare identity add twin profile windows
	check "which of two?" refused '2 identities are called so' \
		identity xml twin
	chmod 755 "$work/alice"
	check "a store that others can read" refused 'open to others' \
		identity add x profile windows
	chmod 700 "$work/alice"
}

test_export()
{
	local export=$work/export file=$work/password

	printf 'p\u00e4ss word\nmore\n' > "$file"
	check "export" silent identity export alice "$export" \
		password-file "$file" profile windows
	check "for the user alone" test "$(stat -c %a "$export")" = 600
	check "one line" test "$(wc -l < "$export")" = 1
	check "a file that exists" refused 'File exists' \
		identity export alice "$export" password-file "$file"
	check "a directory that does not" refused 'No such file' \
		identity export alice "$work/none/x" password-file "$file"
	check "export to stdout" one_line '^<PEERIDENTITYEXPORT' \
		identity export alice - password-file "$file" profile windows
	check "likewise, JSON" json '[*d] == ["xml"]' \
		-j identity export alice - password-file "$file" profile windows
	test_full_disk
	test_password_files
	be bob
	printf 'p\u00e4ss word\r\n' > "$file"
	test_import "$export" "$file"
	be alice
}

test_import()
{
	local export=$1 file=$2

	echo other > "$work/other"
	check "another password" refused 'the password is another' \
		identity import "$export" password-file "$work/other" \
		profile windows
	check "of a profile not asked for" refused 'profile windows' \
		identity import "$export" password-file "$file"
	check "no import" silent identity
	check "import" one_line "^$alice\$" identity import "$export" \
		password-file "$file" profile windows
	check "import again" refused 'already' identity import "$export" \
		password-file "$file" profile windows
	check "label and all" json 'd == [{"name": "'"$alice"'",
		"label": "Al\u202eice \"A\""}]' -j identity
	check "delete the copy" silent identity del alice
	check "import from stdin, JSON" json 'd == {"name": "'"$alice"'"}' \
		-j identity import - password-file "$file" profile windows \
		< "$export"
	check "password from stdin" refused 'already' identity import "$export" \
		password-file - profile windows < "$file"
	check "stdin twice" wrong_usage '"-"' \
		identity import - password-file -
	prepare identity del alice
	printf '%s \r\n' "$(< "$export")" > "$work/edited"
	check "white space at the end" one_line "^$alice\$" identity import \
		"$work/edited" password-file "$file" profile windows
	prepare identity del alice
	check "what is no export" refused 'identity' \
		identity import "$work/other" password-file "$file"
}

# A file that cannot be written whole is not left behind.
test_full_disk()
{
	mkdir "$work/full"
	mount -t tmpfs -o size=4k none "$work/full"
	echo > "$work/full/file"
	check "export to a full disk" refused 'No space left' \
		identity export alice "$work/full/export" \
		password-file "$work/password" profile windows
	check "nothing stays there" test ! -e "$work/full/export"
	umount "$work/full"
}

test_password_files()
{
	local file=$work/bad

	set -- identity export alice "$work/none" password-file "$file"
	rm -f "$file"
	check "no password-file" refused 'No such file' "$@"
	printf '\nx\n' > "$file"
	check "an empty password" refused 'empty' "$@"
	printf '\377\n' > "$file"
	check "a password that is not UTF-8" refused 'not valid UTF-8' "$@"
	printf 'a\0b\n' > "$file"
	check "a password with a NUL" refused 'not valid UTF-8' "$@"
	printf 'x%.0s' {1..1024} > "$file"
	check "a password that is too long" refused '1023 bytes' "$@"
	printf 'x%.0s' {1..1023} > "$file"
	check "one that just is not" one_line . identity export alice - \
		password-file "$file" profile windows
	as=(setsid --wait "${as[@]}")
	check "no terminal, no password-file" refused 'password-file' \
		identity export alice "$work/none"
	be alice
	check "nothing was made" test ! -e "$work/none"
}

# Python for the next: runs a command on a terminal, as a job of a shell that
# goes on with it when it stops; types keys whenever it has asked. Prints what
# the terminal showed, what became of the job, and whether it echoes then.
readonly on_a_terminal='
import os, pty, signal, sys, termios

def state(fd):
    echoes = termios.tcgetattr(fd)[3] & termios.ECHO
    return "loud" if echoes else "quiet"

def shell(argv):
    job = os.fork()
    if not job:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    while True:
        status = os.waitpid(job, os.WUNTRACED)[1]
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            print("ended", code, state(0), flush=True)
            os._exit(0)
        print("stopped", state(0), flush=True)
        os.kill(job, signal.SIGCONT)

def read(fd):
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""

first = sys.argv.index("--")
second = sys.argv.index("--", first + 1)
keys = sys.argv[first + 1:second]
pid, fd = pty.fork()
if not pid:
    shell(sys.argv[1:first] + sys.argv[second + 1:])
shown, asked = b"", 0
while data := read(fd):
    shown += data
    if keys and shown.endswith(b": ") and shown.count(b": ") > asked:
        asked = shown.count(b": ")
        shown += state(fd).encode()
        key = keys.pop(0)
        if key == "SIGTERM":
            os.kill(os.tcgetpgrp(fd), signal.SIGTERM)
        else:
            end = "" if key.endswith(("\3", "\x1a")) else "\n"
            os.write(fd, (key + end).encode())
sys.stdout.write(shown.decode().replace("\r", ""))
'

# typed SHOWN KEYS... -- arguments: this is what a terminal shows.
typed()
{
	local shown=$1

	shift
	/usr/bin/python3 -c "$on_a_terminal" "${as[@]}" peergroup -- "$@" \
		> "$work/out" 2> "$work/err" && [ "$(< "$work/out")" = "$shown" ]
}

test_terminal()
{
	local ask=$'Password of the export: quiet\n'
	local again=$'The same again: quiet\n'

	set -- -- identity export alice "$work/typed" profile windows
	check "asked twice" typed "$ask${again}ended 0 loud" \
		$'t\u00fcp ed' $'t\u00fcp ed' "$@"
	check "exported" test -s "$work/typed"
	check "two that differ" typed "$ask$again$(
		)peergroup: the two passwords differ"$'\n'"ended 2 loud" a b "$@"
	check "nothing typed" typed "${ask}peergroup: the password is empty$(
		)"$'\n'"ended 2 loud" '' "$@"
	check "^C" typed "${ask}ended -2 loud" $'abc\3' "$@"
	check "SIGTERM" typed "${ask}ended -15 loud" SIGTERM "$@"
	be carol
	check "^Z, and asked anew" typed "$ask"$'stopped loud\n'"$ask$alice"$(
		)$'\nended 0 loud' $'abc\x1a' $'t\u00fcp ed' -- \
		identity import "$work/typed" profile windows
	be alice
}

test_secured()
{
	check "group create" one_line '^[0-9a-f]{40}\.friends$' -N "$ns" \
		group create friends as alice label 'Our friends' \
		comment 'c d' profile windows
	group=$(< "$work/out")
	check "the module has it" json '[[g[k] for k in ("label", "comment")]
		for g in d] == [["Our friends", "c d"]]' \
		-j -N "$ns" group show "$group"
	check "group create, JSON" json '[*d] == ["name"] and
		d["name"][40:] == ".more"' -j -N "$ns" \
		group create more as "$alice" profile windows
	more=$(/usr/bin/python3 -c 'import json, sys
print(json.load(sys.stdin)["name"])' < "$work/out")
	prepare identity add lone profile windows
	prepare -N "$ns" group create more as lone profile windows
	check "no classifier" wrong_usage CLASSIFIER group create
	check "group create, bad profile" wrong_usage '"no"' \
		group create x profile no
	check "group create as nobody" refused 'no such identity' -N "$ns" \
		group create x as nobody profile windows
	check "group create as one of two" refused '2 identities' -N "$ns" \
		group create x as twin profile windows
	check "group create in another profile" refused 'profile' -N "$ns" \
		group create x as alice profile default
	check "group create, a classifier too long" refused '149' -N "$ns" \
		group create "$(printf 'x%.0s' {1..150})" as alice \
		profile windows
	check "group create, no such namespace" refused "$ns-none" \
		-N "$ns-none" group create x as alice profile windows
	check "it is not in another namespace" refused 'no such group' \
		group show "$group"
}

test_default_profile()
{
	be dora
	check "default profile" one_line '\.dora$' identity add dora
	as+=(PEERGROUP_PROFILE=windows)
	check "another one by the environment" one_line '\.weak$' \
		identity add weak
	check "a default identity, made for a group" one_line '\.x$' \
		-N "$ns" group create x
	group=$(< "$work/out")
	check "it is there" json 'len(d) == 3' -j identity
	check "identity xml of the default one" one_line . identity xml
	check "group del" silent -N "$ns" group del "$group"
	be alice
}

# invite FILE arguments: the invitation to alice's group for bob is kept there.
invite()
{
	local file=$1

	shift
	saved "$file" -N "$ns" invitation create friends for "$work/bob.xml" \
		profile windows "$@"
}

test_invitation()
{
	be bob
	prepare identity add bob label 'Bob B.' profile windows
	bob=$(< "$work/out")
	check "bob's description" saved "$work/bob.xml" identity xml bob
	be alice
	check "invitation create" invite "$work/plain"
	check "as" invite "$work/inviting" as alice role inviting until +30d
	check "by peer name" saved "$work/admin" -N "$ns" invitation create \
		"$group" for - as "$alice" role admin profile windows \
		until 2999-12-31T23:59:58Z < "$work/bob.xml"
	check "by peer name alone" saved "$work/day" -N "$ns" \
		invitation create "$group" for "$work/bob.xml" \
		profile windows until 2999-02-28
	check "invitation create, JSON" json '[*d] == ["xml"] and
		d["xml"].startswith("<PEERINVITATION ")' -j -N "$ns" \
		invitation create friends for "$work/bob.xml" profile windows
	test_invitation_show
	test_invitation_refusals
	test_until
	test_join
}

test_invitation_show()
{
	local time='__import__("datetime").datetime'

	check "invitation show" json '[*d] == ["group", "label", "issuer",
		"issuer-label", "subject", "subject-label", "roles",
		"classifiers", "valid-from", "valid-until", "cloud", "scope",
		"cloud-flags", "scheme", "key-algorithm", "key"] and
		[d[k] for k in ("group", "label", "issuer", "issuer-label",
		"subject", "subject-label", "roles", "cloud", "scheme")] == [
		"'"$group"'", "Our friends", "'"$alice"'",
		"Al\u202eice \"A\"", "'"$bob"'", "Bob B.", ["member"],
		"Global_", "membership"] and d["key-algorithm"] ==
		"1.2.840.113549.1.1.1"' \
		-j -N "$ns" invitation show "$work/plain" profile windows
	check "its key is the subject's" json '"'"$bob"'".startswith(
		__import__("hashlib").sha1(bytes.fromhex(d["key"])).hexdigest())' \
		-j invitation show "$work/plain" profile windows
	iconv -t UTF-16LE "$work/plain" > "$work/wide"
	check "as Windows writes it" says "^subject +$bob\$" \
		-N "$ns" invitation show "$work/wide" profile windows
	iconv -t UTF-16 "$work/plain" > "$work/wide"
	check "with a mark" says "^subject +$bob\$" \
		-N "$ns" invitation show "$work/wide" profile windows
	printf '<\0x\0>' > "$work/wide"
	check "half a character" refused 'not valid UTF-16' \
		-N "$ns" invitation show "$work/wide" profile windows
	check "until +30d" json 'd["roles"] == ["inviting"] and abs('"$time"'
		.fromisoformat(d["valid-until"]).timestamp() -
		__import__("time").time() - 30 * 86400) < 600' \
		-j invitation show "$work/inviting" profile windows
	check "until a second" json 'd["roles"] == ["admin"] and
		d["valid-until"] == "2999-12-31T23:59:58Z"' \
		-j invitation show - profile windows < "$work/admin"
	check "as text" says '^valid-until +2999-02-28T00:00:00Z$' \
		invitation show "$work/day" profile windows
	check "escaped and quoted" says \
		'^issuer-label +"Al\\xe2\\x80\\xaeice \\"A\\""$' \
		invitation show "$work/day" profile windows
	echo "<PEERINVITATION VERSION=\"1.1\">$(
		)<CLOUDNAME>LinkLocal_ff00::%10/8</CLOUDNAME>$(
		)<SCOPE>LINKLOCAL</SCOPE><CLOUDFLAGS>1</CLOUDFLAGS>$(
		)<GROUPPEERNAME>$group</GROUPPEERNAME><GROUPFRIENDLYNAME>$(
		)Home</GROUPFRIENDLYNAME></PEERINVITATION>" > "$work/asks"
	check "one that asks for a password" json 'd == {
		"group": "'"$group"'", "label": "Home", "roles": [],
		"classifiers": [], "cloud": "LinkLocal_ff00::%10/8",
		"scope": "link-local", "cloud-flags": ["name-local"],
		"scheme": "password"}' -j invitation show "$work/asks"
	check "likewise, as text" says '^scheme +password$' \
		invitation show "$work/asks"
}

test_invitation_refusals()
{
	local file=$work/bad

	check "no file of an invitation" wrong_usage FILE invitation show
	check "no command of invitation" wrong_usage FILE invitation
	check "no group to invite to" wrong_usage GROUP invitation create
	check "nobody to invite" wrong_usage for invitation create friends
	check "bad role" wrong_usage '"owner"' invitation create friends \
		for "$work/bob.xml" role owner
	check "invite to a plain group" refused 'no membership' -N "$ns" \
		invitation create plain for "$work/bob.xml" profile windows
	check "invite to a group of another" refused "no membership" \
		-N "$ns" invitation create friends for "$work/bob.xml" \
		as lone profile windows
	check "likewise, by peer name" refused "$group" -N "$ns" \
		invitation create "$group" for "$work/bob.xml" as lone \
		profile windows
	check "to which of two?" refused '2 memberships fit' -N "$ns" \
		invitation create more for "$work/bob.xml" profile windows
	check "no description" refused 'no element' -N "$ns" invitation create friends \
		for "$work/plain" profile windows
	check "no invitation" refused 'no element' invitation show "$work/bob.xml" \
		profile windows
	check "not of this profile" refused 'profile windows' \
		invitation show "$work/plain"
	check "no such file" refused 'No such file' invitation show "$file.no"
	check "a directory" refused 'Is a directory' invitation show "$work"
	printf 'x\0>' > "$file"
	check "no text" refused 'is no text' invitation show "$file"
	printf '<\377>' > "$file"
	check "no UTF-8" refused 'not valid UTF-8' invitation show "$file"
	head -c 65537 /dev/zero | tr '\0' x > "$file"
	check "too much" refused '64 KiB' invitation show "$file"
	sed 's/\(<GMC[^>]*>.\{700\}\)A/\1B/;t;s/\(<GMC[^>]*>.\{700\}\)./\1A/' \
		"$work/plain" > "$file"
	check "altered" refused '' invitation show "$file" profile windows
}

test_until()
{
	local time

	for time in '' 2999 2999-1-1 2999-02-29 2999-13-01 1600-01-01 \
	    2999-01-01T 2999-01-01T00:00:00 2999-01-01T24:00:00Z \
	    2999-01-01T23:59:60Z '2999-01-01 ' 12h + +h +1 +1w +-1d +1d2h \
	    +0x1d +8000y +9999999999h; do
		check "until '$time'" wrong_usage "\"$time\"" \
			invitation create g for f until "$time"
	done
	check "until a time that is over" refused 'past' -N "$ns" \
		invitation create friends for "$work/bob.xml" \
		until 2001-01-01 profile windows
	check "until later than the own membership" refused 'later' -N "$ns" \
		invitation create friends for "$work/bob.xml" \
		until 9999-12-31 profile windows
}

# Bob lives in a namespace of his own.
test_join()
{
	ip netns add "$ns-bob"
	check "group join by another" refused 'no such identity' -N "$ns-bob" \
		group join "$work/plain" as bob profile windows
	check "group join by one who is not invited" refused "for $bob" \
		-N "$ns-bob" group join "$work/plain" as alice profile windows
	check "group join by nobody here" refused "no identity $bob" \
		-N "$ns-bob" group join "$work/plain" profile windows
	be bob
	check "group join, not of this profile" refused 'profile windows' \
		-N "$ns-bob" group join "$work/plain"
	check "group join, for a password" refused 'asks for a password' \
		-N "$ns-bob" group join "$work/asks"
	check "group join, no file" wrong_usage FILE group join
	check "no identity was made" json 'len(d) == 1' -j identity
	check "group join" one_line "^$group\$" -N "$ns-bob" \
		group join "$work/plain" profile windows
	check "the module has it, there" json \
		'[g["label"] for g in d] == ["Our friends"]' \
		-j -N "$ns-bob" group show
	check "a member may not invite" refused 'may not issue' \
		-N "$ns-bob" invitation create friends for "$work/bob.xml" \
		profile windows
	check "group join again, from stdin, JSON" json \
		'd == {"name": "'"$group"'"}' -j -N "$ns-bob" \
		group join - as "$bob" profile windows < "$work/admin"
	test_admin
	test_expiry
	test_leave
	ip netns del "$ns-bob"
}

test_admin()
{
	be eve
	prepare identity add eve profile windows
	check "eve's description" saved "$work/eve.xml" identity xml eve
	be bob
	check "an administrator may" saved "$work/third" -N "$ns-bob" \
		invitation create friends for "$work/eve.xml" role inviting \
		profile windows
	be eve
	check "the third joins" one_line "^$group\$" -N "$ns" \
		group join "$work/third" profile windows
	check "cannot make an administrator" refused 'may not issue' \
		-N "$ns" invitation create friends for "$work/bob.xml" role admin \
		profile windows
	check "the third leaves" silent -N "$ns" group del "$group" as eve
	check "eve, too, may be deleted" silent identity del eve
	be bob
}

# What is valid for an hour, before it and after it.
test_expiry()
{
	be zoe
	prepare identity add zoe profile windows
	check "zoe's description" saved "$work/zoe.xml" identity xml zoe
	be alice
	check "an invitation for an hour" saved "$work/hour" -N "$ns" \
		invitation create friends for "$work/zoe.xml" role admin \
		until +1h profile windows
	be zoe
	as+=(faketime -f +2h)
	check "group join, too late" refused 'not valid any more' -N "$ns" \
		group join "$work/hour" profile windows
	check "what it said can be read" done_with -N "$ns" \
		invitation show "$work/hour" profile windows
	be zoe
	as+=(faketime -f -2h)
	check "group join, too early" refused 'not valid yet' -N "$ns" \
		group join "$work/hour" profile windows
	be zoe
	check "group join, in time" one_line "^$group\$" -N "$ns" \
		group join "$work/hour" profile windows
	as+=(faketime -f +2h)
	check "a membership that is over" refused 'not valid any more' \
		-N "$ns" invitation create friends for "$work/bob.xml" \
		profile windows
	be zoe
	check "zoe leaves" silent -N "$ns" group del "$group" as zoe
	be bob
}

test_leave()
{
	check "identity del of a member" refused 'member of groups' identity del bob
	check "as, for a plain group" wrong_usage '"plain"' \
		group del plain as bob
	check "group del as nobody" refused 'no such identity' -N "$ns-bob" \
		group del "$group" as nobody
	check "group del ends the membership" silent -N "$ns-bob" \
		group del "$group" as bob
	check "the group is gone, there" refused 'no such group' \
		-N "$ns-bob" group show "$group"
	check "group del again" refused 'no such group' -N "$ns-bob" \
		group del "$group"
	check "identity del" silent identity del bob
	be alice
	check "it is opened again, where it was deleted" invite "$work/again"
	check "group del of the only member" silent -N "$ns" group del "$group"
	check "she has another group" refused 'member of groups' identity del alice
	rm -r "$work/alice"
	check "group del of what is left" silent -N "$ns" group del "$more"
	check "nothing is left" refused 'no such group' -N "$ns" \
		group show "$more"
}

test_unprivileged_member()
{
	local home

	home=$(mktemp -d)
	chown "$user" "$home"
	as=(ip netns exec "$ns" setpriv --reuid "$user" --regid "$user"
		--clear-groups env PEERGROUP_HOME="$home/store")
	check "own identity" one_line '\.own$' \
		identity add own profile windows
	check "own secured group" one_line '\.own$' \
		group create own as own profile windows
	group=$(< "$work/out")
	check "its owner" json "d[0]['owner'] == $user" \
		-j group show "$group"
	check "own secured group: del" silent group del "$group"
	check "own identity: del" silent identity del own
	as=()
	rm -r "$home"
}

# The module built beside this script, else the one that is installed.
load_module()
{
	insmod "$here/../build/kmod/$(uname -r)/peergroup.ko" 2> /dev/null ||
		modprobe peergroup
}

unloaded()
{
	rmmod peergroup 2> "$work/err" || return
	wait "$pid"
	[ $? = 2 ] && cp "$work/end.err" "$work/err" &&
		[ "$(< "$work/err")" = \
		  "peergroup: the peergroup module was unloaded" ]
}

test_unload()
{
	monitor end -N "$ns" monitor
	check "unloading ends a monitor" unloaded
	# Where it is installed it comes back as soon as it is looked for.
	if ! modprobe -qn peergroup; then
		be nobody
		check "identities need no module" silent identity
		check "invitations do" refused 'not loaded' \
			invitation show "$work/asks"
		as=()
	fi
	load_module
	check "loaded again" silent group show
}

as=()
trap cleanup EXIT
set_up
echo "TAP version 13"
test_help
test_usage
test_numbers
test_groups
test_attach
test_show
test_filters
test_statistics
test_unprivileged
test_monitor
test_monitor_elsewhere
test_resync
test_rules
test_monitor_rules
test_restore
test_output_errors
be alice
test_identity
test_identity_refusals
test_export
test_terminal
test_default_profile
test_secured
test_invitation
test_unprivileged_member
test_end
test_unload
echo "1..$count"
[ "$failures" = 0 ]
