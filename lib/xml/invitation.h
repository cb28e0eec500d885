/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PEERINVITATION ([MS-PPSEC] 2.2.6.1), and what the store keeps of a
 * membership, which is PEERGROUPCONFIG of the SDK and elements of our own.
 */
#ifndef LIB_XML_INVITATION_H
#define LIB_XML_INVITATION_H

#include <stddef.h>
#include <stdint.h>

#include "../public.h"

/* Longest text of an invitation that is read or written, in bytes of UTF-8. */
#define INVITATION_MAX 65536

/* Versions of the security of a group. */
enum security_version {
	SECURITY_1_0 = 1,	/* no inviting members */
	SECURITY_1_1,
};

/* Where a group can be found, in the words of PNRP. */
struct cloud {
	char *name;
	uint32_t scope;		/* PNRP_SCOPE */
	uint32_t flags;		/* PNRP_CLOUD_FLAGS */
};

struct invitation {
	enum security_version version;
	struct cloud cloud;
	unsigned char *chain;	/* PKCS#7, DER; NULL: asks for a password */
	size_t chain_len;
	char *group_name;	/* of one that asks for a password, else NULL */
	char *group_friendly;	/* likewise */
};

/*
 * Read an invitation; text is valid UTF-8. What it claims is not checked beyond
 * the form. PEER_E_UNSUPPORTED_VERSION; PEER_E_INVITATION_NOT_TRUSTED: it is
 * malformed or too long; E_OUTOFMEMORY.
 */
HRESULT invitation_read(const char *text, struct invitation **invitation);

/*
 * Write one that has a chain. The text is released with free().
 * PEER_E_CHAIN_TOO_LONG if it would be longer than INVITATION_MAX.
 */
HRESULT invitation_write(const struct invitation *invitation, char **text);

void invitation_free(struct invitation *invitation);

/* Lifetimes of groups that do not say, in seconds, as Microsoft documents. */
#define MEMBER_DATA_LIFETIME 2419200
#define PRESENCE_LIFETIME 300

struct membership_text {
	enum security_version version;
	char *identity_name;
	char *group_name;
	struct cloud cloud;
	unsigned char *chain;
	size_t chain_len;

	/* Of the creator's: properties of the group. */
	char *comment;		/* "" if none */
	uint32_t flags;
	uint32_t member_data_lifetime;
	uint32_t presence_lifetime;
};

/* Likewise; PEER_E_CERT_STORE_CORRUPTED if it is malformed. */
HRESULT membership_text_read(const char *text,
			     struct membership_text **membership);
HRESULT membership_text_write(const struct membership_text *membership,
			      char **text);
void membership_text_free(struct membership_text *membership);

#endif /* LIB_XML_INVITATION_H */
