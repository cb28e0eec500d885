// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Addresses as text, in the form of RFC 5952.
 *
 * inet_ntop() costs more than all else that is done for a connection.
 */
#include <string.h>

#include "public.h"

#define WORDS 8

/* A run of words of an IPv6 address that are 0. */
struct zeros {
	unsigned int first;
	unsigned int count;
};

static char *put_decimal(char *pos, uint32_t value)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = '0' + value % 10;
		value /= 10;
	} while (value);
	while (n)
		*pos++ = digits[--n];
	return pos;
}

static char *put_ipv4(char *pos, const unsigned char *bytes)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i)
			*pos++ = '.';
		pos = put_decimal(pos, bytes[i]);
	}
	return pos;
}

static char *put_hex(char *pos, unsigned int word)
{
	int shift = 12;

	while (shift && !(word >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*pos++ = "0123456789abcdef"[word >> shift & 0xf];
	return pos;
}

static unsigned int word_at(const unsigned char *bytes, unsigned int i)
{
	return bytes[2 * i] << 8 | bytes[2 * i + 1];
}

/* The longest run, the first of several; a single word is none. */
static struct zeros longest_zeros(const unsigned char *bytes)
{
	struct zeros best = { WORDS, 1 }, run = { 0, 0 };
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		if (word_at(bytes, i)) {
			run = (struct zeros){ i + 1, 0 };
			continue;
		}
		run.count++;
		if (run.count > best.count)
			best = run;
	}
	return best;
}

static char *put_ipv6(char *pos, const unsigned char *bytes)
{
	struct zeros gap = longest_zeros(bytes);
	unsigned int i = 0;

	while (i < WORDS) {
		if (i == gap.first) {
			*pos++ = ':';
			*pos++ = ':';
			i += gap.count;
			continue;
		}
		if (i && i != gap.first + gap.count)
			*pos++ = ':';
		pos = put_hex(pos, word_at(bytes, i++));
	}
	return pos;
}

static char *put_mapped(char *pos, const unsigned char *bytes)
{
	memcpy(pos, "::ffff:", 7);
	return put_ipv4(pos + 7, bytes + 12);
}

size_t pg_addr_format(const struct pg_addr *addr, char *buf)
{
	const unsigned char *ipv6 = addr->ipv6.s6_addr;
	char *pos = buf;

	if (addr->family == AF_INET)
		pos = put_ipv4(pos, (const unsigned char *)&addr->ipv4);
	else if (IN6_IS_ADDR_V4MAPPED(&addr->ipv6))
		pos = put_mapped(pos, ipv6);
	else
		pos = put_ipv6(pos, ipv6);

	if (addr->family == AF_INET6 && addr->scope_id) {
		*pos++ = '%';
		pos = put_decimal(pos, addr->scope_id);
	}
	*pos = '\0';
	return pos - buf;
}
