// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of addresses as text: ADDR[/LEN].
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* The address, of which all counts for now, up to the end or a slash. */
static bool read_address(const char **word, struct pg_prefix *prefix)
{
	const size_t len = strcspn(*word, "/");
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return false;
	memcpy(text, *word, len);
	text[len] = '\0';
	*word += len;

	memset(prefix, 0, sizeof(*prefix));
	prefix->family = AF_INET;
	prefix->len = 32;
	if (inet_pton(AF_INET, text, &prefix->ipv4) == 1)
		return true;
	prefix->family = AF_INET6;
	prefix->len = 128;
	return inet_pton(AF_INET6, text, &prefix->ipv6) == 1;
}

static bool read_len(const char **word, struct pg_prefix *prefix)
{
	uint64_t len;

	if (!**word)
		return true;
	++*word;
	if (!read_number(word, &len) || **word || len > prefix->len)
		return false;
	prefix->len = len;
	return true;
}

static bool read_prefix(const char *word, struct pg_prefix *prefix)
{
	return read_address(&word, prefix) && read_len(&word, prefix);
}

/* The same without the bits behind it. */
static struct pg_prefix range_of(const struct pg_prefix *prefix)
{
	const uint32_t bits = prefix->family == AF_INET ? 32 : 128;
	struct pg_prefix range = *prefix;
	unsigned char *bytes = range.family == AF_INET ?
			       (unsigned char *)&range.ipv4 :
			       range.ipv6.s6_addr;
	uint32_t bit;

	for (bit = prefix->len; bit < bits; bit++)
		bytes[bit / 8] &= ~(0x80 >> bit % 8);
	return range;
}

/* The kernel reports IPv4 as such, also of an IPv6 socket. */
static void unmap_ipv4(struct pg_prefix *prefix)
{
	const struct pg_prefix ipv6 = *prefix;

	if (ipv6.family != AF_INET6 || ipv6.len < 96 ||
	    !IN6_IS_ADDR_V4MAPPED(&ipv6.ipv6))
		return;
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = AF_INET;
	prefix->len = ipv6.len - 96;
	memcpy(&prefix->ipv4, &ipv6.ipv6.s6_addr[12], sizeof(prefix->ipv4));
}

/* The value of a parameter; any address if it was not given. */
void args_prefix(struct args *args, const struct param *param,
		 struct pg_prefix *prefix)
{
	char text[PREFIX_STRLEN];
	struct pg_prefix range;

	memset(prefix, 0, sizeof(*prefix));
	if (!param->value)
		return;
	if (!read_prefix(param->value, prefix))
		usage_error(args, param->value,
			    "%s must be an IPv4 or IPv6 address, or ADDR/LEN",
			    param->keyword);
	range = range_of(prefix);
	if (memcmp(&range, prefix, sizeof(range)))
		usage_error(args, param->value,
			    "%s has bits behind the prefix, which is %s",
			    param->keyword, prefix_format(&range, text));
	unmap_ipv4(prefix);
}

/* Into buf, which has room for PREFIX_STRLEN bytes, and returned. */
const char *prefix_format(const struct pg_prefix *prefix, char *buf)
{
	struct pg_addr addr = { .family = prefix->family };
	size_t len;

	if (prefix->family == AF_INET)
		addr.ipv4 = prefix->ipv4;
	else
		addr.ipv6 = prefix->ipv6;
	len = pg_addr_format(&addr, buf);
	sprintf(buf + len, "/%u", prefix->len);
	return buf;
}
