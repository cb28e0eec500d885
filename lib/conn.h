/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIB_CONN_H
#define LIB_CONN_H

#include "public.h"

/*
 * As pg_conn_dump(), and each group is shown before its connections.
 * *generation receives the one shown.
 */
int conn_dump_groups(struct pg_ctx *ctx, const struct pg_filter *filter,
		     pg_group_cb group_cb, pg_conn_cb conn_cb, void *arg,
		     uint64_t *generation);

#endif /* LIB_CONN_H */
