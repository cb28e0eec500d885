/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events. Each change of a group, rule or connection has one that tells
 * its generation, in the order of generations. They are emitted under
 * pg_net::lock, often in softirq.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM peergroup

#if !defined(_PEERGROUP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _PEERGROUP_TRACE_H

#include <linux/tracepoint.h>

#include "rule.h"

TRACE_DEFINE_ENUM(PEERGROUP_REASON_UNKNOWN);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_CLOSED);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_PEER_CLOSED);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_RESET);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_ABORTED);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_TIMED_OUT);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_UNREACHABLE);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_DETACHED);
TRACE_DEFINE_ENUM(PEERGROUP_REASON_CONNECT_FAILED);

#define show_pg_reason(reason)						\
	__print_symbolic(reason,					\
			 { PEERGROUP_REASON_UNKNOWN, "unknown" },	\
			 { PEERGROUP_REASON_CLOSED, "closed" },		\
			 { PEERGROUP_REASON_PEER_CLOSED, "peer-closed" }, \
			 { PEERGROUP_REASON_RESET, "reset" },		\
			 { PEERGROUP_REASON_ABORTED, "aborted" },	\
			 { PEERGROUP_REASON_TIMED_OUT, "timed-out" },	\
			 { PEERGROUP_REASON_UNREACHABLE, "unreachable" }, \
			 { PEERGROUP_REASON_DETACHED, "detached" },	\
			 { PEERGROUP_REASON_CONNECT_FAILED, "connect-failed" })

DECLARE_EVENT_CLASS(conn_come,
	TP_PROTO(const struct pg_conn *conn, u64 generation),
	TP_ARGS(conn, generation),

	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u64, id)
		__field(u32, netns)
		__field(u32, group)
		__field(u8, type)
	),

	TP_fast_assign(
		__entry->generation = generation;
		__entry->id = conn->id;
		__entry->netns = conn->group->pn->net->ns.inum;
		__entry->group = conn->group->id;
		__entry->type = conn->type;
	),

	TP_printk("netns=%u generation=%llu group=%u conn=%llu type=%u",
		  __entry->netns, __entry->generation, __entry->group,
		  __entry->id, __entry->type)
);

DEFINE_EVENT(conn_come, conn_pending,
	TP_PROTO(const struct pg_conn *conn, u64 generation),
	TP_ARGS(conn, generation)
);

DEFINE_EVENT(conn_come, conn_new,
	TP_PROTO(const struct pg_conn *conn, u64 generation),
	TP_ARGS(conn, generation)
);

TRACE_EVENT(conn_gone,
	TP_PROTO(const struct pg_conn *conn),
	TP_ARGS(conn),

	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u64, id)
		__field(u32, netns)
		__field(u32, group)
		__field(u8, type)
		__field(u8, reason)
		__field(u8, error)
	),

	TP_fast_assign(
		__entry->generation = conn->died;
		__entry->id = conn->id;
		__entry->netns = conn->group->pn->net->ns.inum;
		__entry->group = conn->group->id;
		__entry->type = conn->type;
		__entry->reason = conn->reason;
		__entry->error = conn->error;
	),

	TP_printk("netns=%u generation=%llu group=%u conn=%llu type=%u reason=%s error=%u",
		  __entry->netns, __entry->generation, __entry->group,
		  __entry->id, __entry->type, show_pg_reason(__entry->reason),
		  __entry->error)
);

DECLARE_EVENT_CLASS(group_change,
	TP_PROTO(const struct pg_group *group, u64 generation),
	TP_ARGS(group, generation),

	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u32, netns)
		__field(u32, group)
	),

	TP_fast_assign(
		__entry->generation = generation;
		__entry->netns = group->pn->net->ns.inum;
		__entry->group = group->id;
	),

	TP_printk("netns=%u generation=%llu group=%u",
		  __entry->netns, __entry->generation, __entry->group)
);

DEFINE_EVENT(group_change, group_new,
	TP_PROTO(const struct pg_group *group, u64 generation),
	TP_ARGS(group, generation)
);

/* All connections of the group are gone with it, without events of theirs. */
DEFINE_EVENT(group_change, group_gone,
	TP_PROTO(const struct pg_group *group, u64 generation),
	TP_ARGS(group, generation)
);

DECLARE_EVENT_CLASS(rule_change,
	TP_PROTO(const struct pg_rule *rule, u64 generation),
	TP_ARGS(rule, generation),

	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u32, netns)
		__field(u32, group)
		__field(u32, rule)
	),

	TP_fast_assign(
		__entry->generation = generation;
		__entry->netns = rule->group->pn->net->ns.inum;
		__entry->group = rule->group->id;
		__entry->rule = rule->info.id;
	),

	TP_printk("netns=%u generation=%llu group=%u rule=%u",
		  __entry->netns, __entry->generation, __entry->group,
		  __entry->rule)
);

DEFINE_EVENT(rule_change, rule_new,
	TP_PROTO(const struct pg_rule *rule, u64 generation),
	TP_ARGS(rule, generation)
);

/* Not if it was deleted with its group. */
DEFINE_EVENT(rule_change, rule_gone,
	TP_PROTO(const struct pg_rule *rule, u64 generation),
	TP_ARGS(rule, generation)
);

/* A connection was not adopted by a rule: there was no record for it. */
TRACE_EVENT(conn_missed,
	TP_PROTO(const struct pg_rule *rule),
	TP_ARGS(rule),

	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, group)
		__field(u32, rule)
	),

	TP_fast_assign(
		__entry->netns = rule->group->pn->net->ns.inum;
		__entry->group = rule->group->id;
		__entry->rule = rule->info.id;
	),

	TP_printk("netns=%u group=%u rule=%u",
		  __entry->netns, __entry->group, __entry->rule)
);

/* A dump that would have kept too many leftovers; its reader gets ESTALE. */
TRACE_EVENT(dump_cut,
	TP_PROTO(const struct pg_snapshot *snap),
	TP_ARGS(snap),

	TP_STRUCT__entry(
		__field(u64, snapshot)
		__field(u32, netns)
		__field(u32, group)
	),

	TP_fast_assign(
		__entry->snapshot = snap->generation;
		__entry->netns = snap->pn->net->ns.inum;
		__entry->group = snap->group ? snap->group->id : 0;
	),

	TP_printk("netns=%u snapshot=%llu group=%u",
		  __entry->netns, __entry->snapshot, __entry->group)
);

#endif /* _PEERGROUP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
