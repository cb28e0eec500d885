// SPDX-License-Identifier: GPL-2.0-only
/*
 * membership_text_read(); and what it read, if it can be written, is read
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include "../../lib/xml/invitation.h"
#include "fuzz.h"

static void write_and_read(const struct membership_text *membership)
{
	struct membership_text *again;
	char *text;

	if (FAILED(membership_text_write(membership, &text)))
		return;
	if (FAILED(membership_text_read(text, &again)) ||
	    strcmp(membership->identity_name, again->identity_name) ||
	    strcmp(membership->group_name, again->group_name) ||
	    strcmp(membership->comment, again->comment) ||
	    membership->flags != again->flags)
		abort();
	membership_text_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);
	struct membership_text *membership;

	if (SUCCEEDED(membership_text_read(text, &membership))) {
		look_at_chain(membership->chain, membership->chain_len);
		write_and_read(membership);
		membership_text_free(membership);
	}
	free(text);
	return 0;
}
