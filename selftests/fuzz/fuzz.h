/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The data as a string, in a block of its size that is to be freed. */
char *string_of(const uint8_t *data, size_t size);

/* Read and check the certificates of an invitation, of an identity. */
void look_at_chain(const unsigned char *der, size_t len);
void look_at_identity(const unsigned char *der, size_t len);

#endif /* FUZZ_FUZZ_H */
