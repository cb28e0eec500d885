/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads what the family answers, be it one record or a dump.
 */
#ifndef LIB_READER_H
#define LIB_READER_H

#include "message.h"

struct reader {
	struct pg_ctx *ctx;
	pg_begin_cb begin;	/* these may be NULL */
	pg_conn_cb conn;
	pg_group_cb group;
	pg_rule_cb rule;
	void *arg;
	bool dump;
	bool get;		/* the reply has one record */
	bool at_most;		/* the count of the dump is an upper bound */
	bool with_groups;	/* a dump of connections and their groups */

	uint64_t generation;
	uint32_t count;
	uint32_t seen;
	bool has_generation;
	bool has_count;
	bool begun;
};

/* Send the request and read the answer; put is what building it said. */
int reader_run(struct reader *reader, struct request *req, int put);

/*
 * Hand out what a change was answered with, where the caller wants it: the id
 * of what was made or named, 0 if the answer has none, and the generation.
 */
int reader_answer(const struct reader *reader, uint32_t new_id, uint32_t *id,
		  uint64_t *generation);

#endif /* LIB_READER_H */
