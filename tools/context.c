// SPDX-License-Identifier: GPL-2.0-only
/*
 * A context in the network namespace asked for.
 */
#include "tool.h"

/* Returns NULL after reporting why. */
struct pg_ctx *context_open(const struct args *args)
{
	struct pg_ctx *ctx;
	int err;

	if (args->netns && !netns_enter(args->netns))
		return NULL;
	err = pg_open(&ctx);
	if (err) {
		refused_by(NULL, err);
		return NULL;
	}
	return ctx;
}
