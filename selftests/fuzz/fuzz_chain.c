// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates as they are in invitations and identities.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_at_chain(data, size);
	look_at_identity(data, size);
	return 0;
}
