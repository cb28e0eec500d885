#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Servers that nobody changed, each with a group that a rule fills: what the
# group shows equals what ss says, clients and servers killed or not.
#
# Prints TAP. Needs root, the module, peergroup in PATH, and the daemons that
# vm/fetch fetches.
#
# shellcheck disable=SC2317 # tap and prepare call the functions

# shellcheck source=selftests/daemons/common.sh
. "$(dirname "$0")/common.sh"

start_redis()
{
	start redis redis-server --port 6379 --bind 127.0.0.1 ::1 --save '' \
		--dir "$work"
	server=$pid
	prepare redis_answers
}

redis_answers()
{
	[ "$(on redis redis-cli ping)" = PONG ]
}

# How many connections the server says it has accepted, with that of whoever
# asks.
redis_accepted()
{
	on redis redis-cli info stats |
		sed -n 's/^total_connections_received:\([0-9]*\).*/\1/p'
}

start_redis_clients()
{
	start redis redis-benchmark -h "$1" -c 200 -I
	clients=$pid
	prepare has redis "$at_redis" 200
}

# Another rule finds what there is.
taken_in_later()
{
	pg redis rule del redis
	pg redis conn show
	pg redis rule add redis lport 6379 existing
	same redis "$at_redis" 200
}

test_redis()
{
	local at_redis='sport = :6379' server clients accepted

	host redis "lport 6379"
	start_redis
	start_redis_clients 127.0.0.1
	tap "redis: 200 clients" same redis "$at_redis" 200
	tap "redis: by <p2p.h>" same_by_p2p redis "$at_redis"
	kill_hard "$clients"
	tap "redis: clients killed" none_left redis "$at_redis"
	start_redis_clients ::1
	tap "redis: 200 clients over IPv6" same redis "$at_redis" 200
	accepted=$(redis_accepted)
	kill_hard "$server"
	tap "redis: server killed" none_left redis "$at_redis"
	tap "redis: events, of each connection that it accepted" \
		in_order redis "$accepted"
	kill_hard "$clients"

	start_redis
	start_redis_clients 127.0.0.1
	tap "redis: existing connections, by another rule" taken_in_later
}

start_nginx()
{
	cat > "$work/nginx.conf" <<-END
		daemon off;
		worker_processes 2;
		pid $work/nginx.pid;
		events {
			worker_connections 256;
		}
		http {
			access_log off;
			keepalive_timeout 600;
			client_body_temp_path $work/body;
			proxy_temp_path $work/proxy;
			fastcgi_temp_path $work/fastcgi;
			uwsgi_temp_path $work/uwsgi;
			scgi_temp_path $work/scgi;
			server {
				listen [::]:8080 ipv6only=off;
				return 200 "hello";
			}
		}
	END
	start nginx nginx -c "$work/nginx.conf" -e stderr
	prepare test -s "$work/nginx.pid"
}

# Half of them by IPv4; each asks twice.
start_nginx_clients()
{
	start nginx /usr/bin/python3 -c '
import signal, socket
clients = [socket.create_connection((host, 8080))
           for host in ["127.0.0.1", "::1"] * 30]
for client in 2 * clients:
    client.sendall(b"GET / HTTP/1.1\r\nHost: nginx\r\n\r\n")
    assert b"keep-alive" in client.recv(4096)
open("'"$work"'/asked", "w")
signal.pause()'
	prepare test -e "$work/asked"
	rm "$work/asked"
}

test_nginx()
{
	local at_nginx='sport = :8080'

	host nginx "lport 8080"
	start_nginx
	start_nginx_clients
	tap "nginx: 60 clients that keep their connections" \
		same nginx "$at_nginx" 60
	# New workers: the old ones close what is idle.
	kill -HUP "$(< "$work/nginx.pid")"
	tap "nginx: idle connections closed by the server" \
		none_left nginx "$at_nginx"
	start_nginx_clients
	tap "nginx: clients of the new workers" same nginx "$at_nginx" 60
	pkill -KILL -P "$(< "$work/nginx.pid")"
	tap "nginx: workers killed" none_left nginx "$at_nginx"
	tap "nginx: events" in_order nginx 120
}

# Both ends are in the group.
test_iperf3()
{
	local at_iperf3='sport = :5201 or dport = :5201' client

	host iperf3 "lport 5201" "rport 5201"
	start iperf3 iperf3 -s
	prepare listens iperf3 5201
	start iperf3 iperf3 -c 127.0.0.1 -P 8 -t 600 -b 1M
	client=$pid
	prepare has iperf3 "$at_iperf3" 18
	tap "iperf3: 9 connections with traffic, both ends" \
		same iperf3 "$at_iperf3" 18
	kill_hard "$client"
	tap "iperf3: client killed" none_left iperf3 "$at_iperf3"
	tap "iperf3: events" in_order iperf3 18
}

need redis-server redis-cli redis-benchmark nginx iperf3 enum-connections
echo "TAP version 13"
test_redis
test_nginx
test_iperf3
tap_end
