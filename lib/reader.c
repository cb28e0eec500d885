// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads what the family answers, be it one record or a dump.
 *
 * A dump is believed only if it is whole: one generation throughout, and as
 * many records as its first message promised.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <stdio.h>

#include "parse.h"
#include "reader.h"

static int malformed(struct reader *reader)
{
	return ctx_fail(reader->ctx, -EPROTO,
			"the message of the module makes no sense");
}

static int take_generation(struct reader *reader, const struct attr *attr)
{
	uint64_t generation;

	if (!attr_u64(attr, &generation))
		return malformed(reader);
	if (reader->has_generation && generation != reader->generation)
		return ctx_fail(reader->ctx, -EPROTO,
				"the dump mixes two generations");

	reader->generation = generation;
	reader->has_generation = true;
	return 0;
}

static int take_count(struct reader *reader, const struct attr *attr)
{
	if (reader->has_count || !attr_u32(attr, &reader->count))
		return malformed(reader);
	reader->has_count = true;
	return 0;
}

static int begin(struct reader *reader)
{
	int err = 0;

	if (!reader->dump || reader->begun)
		return 0;
	if (!reader->has_generation || !reader->has_count)
		return malformed(reader);

	reader->begun = true;
	if (reader->begin) {
		reader->ctx->busy = true;
		err = reader->begin(reader->generation, reader->count,
				    reader->arg);
		reader->ctx->busy = false;
	}
	return err;
}

static int take_conn(struct reader *reader, const struct attr *attr)
{
	struct parsed_conn parsed;
	int err;

	if (!parse_conn(attr, &parsed))
		return malformed(reader);
	/* The reply to a change only says which connection it is about. */
	if ((reader->dump || reader->get) && !conn_complete(&parsed.conn))
		return malformed(reader);
	if (!reader->conn)
		return 0;

	reader->ctx->busy = true;
	err = reader->conn(&parsed.conn, reader->arg);
	reader->ctx->busy = false;
	return err;
}

static int take_group(struct reader *reader, const struct attr *attr)
{
	struct parsed_group parsed;
	int err;

	if (!parse_group(attr, &parsed))
		return malformed(reader);
	if (!reader->group)
		return 0;

	reader->ctx->busy = true;
	err = reader->group(&parsed.group, reader->arg);
	reader->ctx->busy = false;
	return err;
}

static int take_rule(struct reader *reader, const struct attr *attr)
{
	struct pg_rule rule;
	int err;

	if (!parse_rule(attr, &rule))
		return malformed(reader);
	if ((reader->dump || reader->get) && !rule_complete(&rule))
		return malformed(reader);
	if (!reader->rule)
		return 0;

	reader->ctx->busy = true;
	err = reader->rule(&rule, reader->arg);
	reader->ctx->busy = false;
	return err;
}

static int take_record(struct reader *reader, const struct attr *attr)
{
	int err = begin(reader);

	if (err)
		return err;
	/* With the connections of a dump come their groups, uncounted. */
	if (attr->type == PEERGROUP_A_CONN || !reader->with_groups)
		reader->seen++;
	switch (attr->type) {
	case PEERGROUP_A_CONN:
		return take_conn(reader, attr);
	case PEERGROUP_A_RULE:
		return take_rule(reader, attr);
	default:
		return take_group(reader, attr);
	}
}

static int take_attr(struct reader *reader, const struct attr *attr)
{
	switch (attr->type) {
	case PEERGROUP_A_GENERATION:
		return take_generation(reader, attr);
	case PEERGROUP_A_COUNT:
		return take_count(reader, attr);
	case PEERGROUP_A_CONN:
	case PEERGROUP_A_GROUP:
	case PEERGROUP_A_RULE:
		return take_record(reader, attr);
	default:
		return 0;
	}
}

static int take_message(const struct nlmsghdr *nlh, void *arg)
{
	struct attrs run = genl_attrs(nlh);
	struct reader *reader = arg;
	struct attr attr;
	int err;

	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return malformed(reader);

	while (attrs_next(&run, &attr)) {
		err = take_attr(reader, &attr);
		if (err)
			return err;
	}
	return run.bad ? malformed(reader) : begin(reader);
}

static int check_whole(struct reader *reader)
{
	char text[96];

	if (!reader->dump && reader->has_generation &&
	    reader->seen >= reader->get)
		return 0;
	if (!reader->begun)
		return malformed(reader);
	if (reader->seen == reader->count ||
	    (reader->at_most && reader->seen < reader->count))
		return 0;

	snprintf(text, sizeof(text), "%u records of %u arrived", reader->seen,
		 reader->count);
	return ctx_fail(reader->ctx, -EIO, text);
}

int reader_run(struct reader *reader, struct request *req, int put)
{
	int err;

	if (put) {
		request_drop(req);
		return ctx_fail(reader->ctx, put, NULL);
	}
	if (reader->dump)
		reader->ctx->dumped = true;

	err = request_run(reader->ctx, req, take_message, reader);
	return err ? err : check_whole(reader);
}

int reader_answer(const struct reader *reader, uint32_t new_id, uint32_t *id,
		  uint64_t *generation)
{
	if (!new_id)
		return ctx_fail(reader->ctx, -EPROTO,
				"the module sent no id");
	if (id)
		*id = new_id;
	if (generation)
		*generation = reader->generation;
	return 0;
}
