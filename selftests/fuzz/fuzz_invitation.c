// SPDX-License-Identifier: GPL-2.0-only
/*
 * invitation_read(); and what it read, if it can be written, is read alike.
 */
#include <stdlib.h>
#include <string.h>

#include "../../lib/xml/invitation.h"
#include "fuzz.h"

static void expect_same(const struct invitation *a, const struct invitation *b)
{
	if (a->version != b->version || strcmp(a->cloud.name, b->cloud.name) ||
	    a->cloud.scope != b->cloud.scope ||
	    a->cloud.flags != b->cloud.flags ||
	    a->chain_len != b->chain_len ||
	    memcmp(a->chain, b->chain, a->chain_len))
		abort();
}

static void write_and_read(const struct invitation *invitation)
{
	struct invitation *again;
	char *text;

	if (FAILED(invitation_write(invitation, &text)))
		return;
	if (FAILED(invitation_read(text, &again)))
		abort();
	expect_same(invitation, again);
	invitation_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);
	struct invitation *invitation;

	if (SUCCEEDED(invitation_read(text, &invitation))) {
		if (invitation->chain) {
			look_at_chain(invitation->chain,
				      invitation->chain_len);
			write_and_read(invitation);
		}
		invitation_free(invitation);
	}
	free(text);
	return 0;
}
