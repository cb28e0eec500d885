// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts where memory is short: each allocation fails in turn, and what comes of
 * it is all or E_OUTOFMEMORY. Those of libxml2 fail only where a text is
 * written, since its parser crashes without memory before version 2.13.
 */
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/xml/identity.h"
#include "../../lib/xml/invitation.h"
#include "alloc.h"
#include <kselftest_harness.h>

static const unsigned char der[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };

/* Long enough for buffers to grow. */
static unsigned char chain[6000];

static void free_block(void *block)
{
	free(block);
}

static void *new_block(size_t size)
{
	return malloc(size);
}

static void *resize_block(void *block, size_t size)
{
	return realloc(block, size);
}

static char *copy_string(const char *string)
{
	return strdup(string);
}

/* libxml2 tells the terminal where memory lacks. */
__attribute__((format(printf, 2, 3)))
static void say_nothing(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

static void take_allocations(void)
{
	xmlMemSetup(free_block, new_block, resize_block, copy_string);
	xmlSetGenericErrorFunc(NULL, say_nothing);
	xmlInitParser();
}

static HRESULT write_invitation(const char *text)
{
	const struct invitation in = {
		.version = SECURITY_1_1,
		.cloud = { .name = (char *)"Global_&", .scope = 1 },
		.chain = chain, .chain_len = sizeof(chain),
	};
	char *written;
	HRESULT hr = invitation_write(&in, &written);

	if (SUCCEEDED(hr) && strcmp(written, text))
		hr = E_UNEXPECTED;
	free(written);
	return hr;
}

static HRESULT read_invitation(const char *text)
{
	struct invitation *invitation;
	HRESULT hr = invitation_read(text, &invitation);

	if (SUCCEEDED(hr) && (strcmp(invitation->cloud.name, "Global_&") ||
			      invitation->chain_len != sizeof(chain)))
		hr = E_UNEXPECTED;
	invitation_free(invitation);
	return hr;
}

static HRESULT write_membership(const char *text)
{
	const struct membership_text in = {
		.version = SECURITY_1_1,
		.identity_name = (char *)"a", .group_name = (char *)"b",
		.cloud = { .name = (char *)"Global_&", .scope = 1 },
		.chain = (unsigned char *)der, .chain_len = sizeof(der),
		.comment = (char *)"", .presence_lifetime = 300,
	};
	char *written;
	HRESULT hr = membership_text_write(&in, &written);

	if (SUCCEEDED(hr) && strcmp(written, text))
		hr = E_UNEXPECTED;
	free(written);
	return hr;
}

static HRESULT read_membership(const char *text)
{
	struct membership_text *membership;
	HRESULT hr = membership_text_read(text, &membership);

	if (SUCCEEDED(hr) && strcmp(membership->identity_name, "a"))
		hr = E_UNEXPECTED;
	membership_text_free(membership);
	return hr;
}

static HRESULT write_export(const char *text)
{
	char *written;
	HRESULT hr = identity_export_write("a.b", der, sizeof(der), true,
					   &written);

	if (SUCCEEDED(hr) && strcmp(written, text))
		hr = E_UNEXPECTED;
	free(written);
	return hr;
}

static HRESULT read_export(const char *text)
{
	unsigned char *data;
	char *name;
	size_t len;
	HRESULT hr = identity_export_read(text, &name, &data, &len);

	if (SUCCEEDED(hr) && (len != sizeof(der) || memcmp(data, der, len)))
		hr = E_UNEXPECTED;
	free(data);
	free(name);
	return hr;
}

static void fail_each(struct __test_metadata *_metadata, const char *text,
		      HRESULT (*work)(const char *text))
{
	unsigned int n = 0;
	HRESULT hr;
	long live;

	EXPECT_EQ(S_OK, work(text)) {
		TH_LOG("%s", pg_hresult_text(work(text)));
	}
	do {
		xmlResetLastError();
		live = alloc_live();
		alloc_fail(++n);
		hr = work(text);
		xmlResetLastError();
		if (hr)
			EXPECT_EQ(E_OUTOFMEMORY, hr) {
				TH_LOG("allocation %u: %s", n,
				       pg_hresult_text(hr));
			}
		EXPECT_EQ(live, alloc_live()) {
			TH_LOG("allocation %u leaks", n);
		}
	} while (alloc_failed());
	EXPECT_LT(5, n);
	alloc_fail(0);
}

#define DT " xmlns:dt=\"urn:schemas-microsoft-com:datatypes\" " \
	   "dt:dt=\"bin.base64\""
#define CLOUD "<CLOUDNAME>Global_&amp;</CLOUDNAME><SCOPE>GLOBAL</SCOPE>" \
	      "<CLOUDFLAGS>0</CLOUDFLAGS>"
#define GMC "<GMC" DT ">MAMCAQc=</GMC>"

TEST(invitations)
{
	static const char begin[] = "<PEERINVITATION VERSION=\"1.1\">"
		CLOUD "<GMC" DT ">";
	static const char end[] = "</GMC></PEERINVITATION>";
	char text[sizeof(begin) + sizeof(chain) / 3 * 4 + sizeof(end)];

	strcpy(text, begin);
	memset(text + strlen(begin), 'A', sizeof(chain) / 3 * 4);
	strcpy(text + strlen(begin) + sizeof(chain) / 3 * 4, end);
	fail_each(_metadata, text, read_invitation);
	take_allocations();
	fail_each(_metadata, text, write_invitation);
}

TEST(memberships)
{
	static const char text[] = "<PEERGROUPCONFIG VERSION=\"1.1\">"
		"<IDENTITYPEERNAME>a</IDENTITYPEERNAME>"
		"<GROUPPEERNAME>b</GROUPPEERNAME>" CLOUD GMC
		"<COMMENT></COMMENT><FLAGS>0</FLAGS>"
		"<MEMBERDATALIFETIME>0</MEMBERDATALIFETIME>"
		"<PRESENCELIFETIME>300</PRESENCELIFETIME></PEERGROUPCONFIG>";

	fail_each(_metadata, text, read_membership);
	take_allocations();
	fail_each(_metadata, text, write_membership);
}

TEST(exports)
{
	static const char text[] = "<PEERIDENTITYEXPORT VERSION=\"1.0\">"
		"<PEERNAME>a.b</PEERNAME><DATA" DT ">"
		"TQBBAE0AQwBBAFEAYwA9AA0ACgA=</DATA></PEERIDENTITYEXPORT>";

	fail_each(_metadata, text, read_export);
	take_allocations();
	fail_each(_metadata, text, write_export);
}

TEST_HARNESS_MAIN
