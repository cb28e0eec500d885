// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a run ends: one line on stderr if it failed, and an exit code.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Whatever it quotes, it stays one line and does nothing to the terminal. */
enum status refused(const char *fmt, ...)
{
	char *line = NULL, *shown = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) >= 0)
		shown = text_escape(line);
	else
		line = NULL;
	va_end(ap);
	fprintf(stderr, "peergroup: %s\n", shown ? shown : strerror(ENOMEM));
	free(shown);
	free(line);
	return STATUS_REFUSED;
}

/* Why a call of the library failed, in words that the next one ends. */
const char *reason_of(const struct pg_ctx *ctx, int err)
{
	const char *reason = ctx ? pg_error(ctx) : "";

	if (err == -ENODEV)
		return "the peergroup module is not loaded";
	/* It may be ours, and then the context still tells an older story. */
	if (err == -ENOMEM || !*reason)
		return strerror(-err);
	return reason;
}

/* Report it. */
enum status refused_by(const struct pg_ctx *ctx, int err)
{
	return refused("%s", reason_of(ctx, err));
}

enum status unwritten(int err)
{
	return refused("cannot write the output: %s", strerror(err));
}

/* Output that did not arrive is a failure, and only now is it all written. */
void finish(enum status status)
{
	bool failed = ferror(stdout);
	int err = fclose(stdout) ? errno : 0;

	/* What went wrong already may be just this. */
	if (status == STATUS_DONE && err)
		status = unwritten(err);
	else if (status == STATUS_DONE && failed)
		status = refused("cannot write all of the output");
	exit(status);
}
