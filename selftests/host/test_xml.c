// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invitations, memberships and identities as texts.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <sanitizer/lsan_interface.h>

#include "../../lib/store/store.h"
#include "../../lib/utf8.h"
#include "../../lib/xml/base64.h"
#include "../../lib/xml/identity.h"
#include "../../lib/xml/invitation.h"
#include <kselftest_harness.h>

#define DT " xmlns:dt=\"urn:schemas-microsoft-com:datatypes\" " \
	   "dt:dt=\"bin.base64\""
#define GROUP "2bcba40abd09492eb706b74f8f8932a6efb10979." \
	      "HomeGroupPeerGroupClassifier"
#define CLOUD "<CLOUDNAME>Global_</CLOUDNAME><SCOPE>GLOBAL</SCOPE>" \
	      "<CLOUDFLAGS>0</CLOUDFLAGS>"
#define GMC "<GMC" DT ">MAMCAQc=</GMC>"
#define INVITATION(version, content) \
	"<PEERINVITATION VERSION=\"" version "\">" content "</PEERINVITATION>"
#define PASSWORD "<GROUPPEERNAME>" GROUP "</GROUPPEERNAME>" \
		 "<GROUPFRIENDLYNAME>HomeGroup Peer Group</GROUPFRIENDLYNAME>"

/* One that a Windows machine was seen to write. */
#define SEEN INVITATION("1.1", \
			"<CLOUDNAME>LinkLocal_ff00::%10/8</CLOUDNAME>" \
			"<SCOPE>LINKLOCAL</SCOPE>" \
			"<CLOUDFLAGS>1</CLOUDFLAGS>" PASSWORD)

#define MEMBERSHIP(content) \
	"<PEERGROUPCONFIG VERSION=\"1.1\">" content "</PEERGROUPCONFIG>"
#define NAMES "<IDENTITYPEERNAME>a.b</IDENTITYPEERNAME>" \
	      "<GROUPPEERNAME>" GROUP "</GROUPPEERNAME>"
#define INFO(version, content) \
	"<PEERIDENTITYINFO VERSION=\"" version "\">" content \
	"</PEERIDENTITYINFO>"
#define EXPORT(content) \
	"<PEERIDENTITYEXPORT VERSION=\"1.0\">" content "</PEERIDENTITYEXPORT>"

static const unsigned char der[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };

static HRESULT read_only(const char *text)
{
	struct invitation *invitation;
	HRESULT hr = invitation_read(text, &invitation);

	if (SUCCEEDED(hr) == !invitation)
		return E_UNEXPECTED;
	invitation_free(invitation);
	return hr;
}

static HRESULT read_membership(const char *text)
{
	struct membership_text *membership;
	HRESULT hr = membership_text_read(text, &membership);

	if (SUCCEEDED(hr) == !membership)
		return E_UNEXPECTED;
	membership_text_free(membership);
	return hr;
}

static HRESULT read_info(const char *text)
{
	unsigned char *data;
	size_t len;
	HRESULT hr = identity_info_read(text, &data, &len);

	if (SUCCEEDED(hr) == !data)
		return E_UNEXPECTED;
	free(data);
	return hr;
}

static HRESULT read_export(const char *text)
{
	unsigned char *data;
	char *name;
	size_t len;
	HRESULT hr = identity_export_read(text, &name, &data, &len);

	if (SUCCEEDED(hr) == !data || SUCCEEDED(hr) == !name)
		return E_UNEXPECTED;
	free(data);
	free(name);
	return hr;
}

/* A text with so many of one byte in place of the @ in it. */
static char *fill(const char *text, char byte, size_t n)
{
	size_t at = strcspn(text, "@");
	char *out = malloc(strlen(text) + n);

	memcpy(out, text, at);
	memset(out + at, byte, n);
	strcpy(out + at + n, text + at + 1);
	return out;
}

/* Likewise with copies of a string. */
static char *repeat(const char *text, const char *string, size_t n)
{
	size_t at = strcspn(text, "@"), len = strlen(string), i;
	char *out = malloc(strlen(text) + n * len);

	memcpy(out, text, at);
	for (i = 0; i < n; i++)
		memcpy(out + at + i * len, string, len);
	strcpy(out + at + n * len, text + at + 1);
	return out;
}

#define EXPECT_NO_LEAK() EXPECT_EQ(0, __lsan_do_recoverable_leak_check())

TEST(a_real_invitation_with_password)
{
	struct invitation *invitation;

	ASSERT_EQ(S_OK, invitation_read(SEEN, &invitation));
	EXPECT_EQ(SECURITY_1_1, invitation->version);
	EXPECT_STREQ("LinkLocal_ff00::%10/8", invitation->cloud.name);
	EXPECT_EQ(3, invitation->cloud.scope);
	EXPECT_EQ(1, invitation->cloud.flags);
	EXPECT_EQ(NULL, invitation->chain);
	EXPECT_STREQ(GROUP, invitation->group_name);
	EXPECT_STREQ("HomeGroup Peer Group", invitation->group_friendly);
	invitation_free(invitation);
	EXPECT_NO_LEAK();
}

TEST(invitations_come_back)
{
	struct invitation in = {
		.cloud.name = (char *)"Global_ \xc3\xa4<&>\"'\xf0\x9f\x98\x80]]>",
		.chain = (unsigned char *)der, .chain_len = sizeof(der),
	};
	struct invitation *out;
	unsigned int i;
	char *text;

	for (i = 0; i < 6; i++) {
		in.version = i % 2 ? SECURITY_1_1 : SECURITY_1_0;
		in.cloud.scope = 1 + i / 2;
		in.cloud.flags = i / 3;
		ASSERT_EQ(S_OK, invitation_write(&in, &text));
		ASSERT_EQ(S_OK, invitation_read(text, &out));
		EXPECT_EQ(in.version, out->version);
		EXPECT_STREQ(in.cloud.name, out->cloud.name);
		EXPECT_EQ(in.cloud.scope, out->cloud.scope);
		EXPECT_EQ(in.cloud.flags, out->cloud.flags);
		ASSERT_EQ(sizeof(der), out->chain_len);
		EXPECT_EQ(0, memcmp(der, out->chain, sizeof(der)));
		EXPECT_EQ(NULL, out->group_name);
		EXPECT_EQ(NULL, out->group_friendly);
		invitation_free(out);
		free(text);
	}
	EXPECT_NO_LEAK();
}

TEST(texts_are_as_published)
{
	const struct invitation in = {
		.version = SECURITY_1_1,
		.cloud = { .name = (char *)"Global_", .scope = 1 },
		.chain = (unsigned char *)der, .chain_len = sizeof(der),
	};
	char *text;

	ASSERT_EQ(S_OK, invitation_write(&in, &text));
	EXPECT_STREQ(INVITATION("1.1", CLOUD GMC), text);
	free(text);
	ASSERT_EQ(S_OK, identity_info_write(der, sizeof(der), &text));
	EXPECT_STREQ(INFO("1.0", "<IDC" DT ">MAMCAQc=</IDC>"), text);
	free(text);
	ASSERT_EQ(S_OK, identity_export_write("a.b", der, sizeof(der), false,
					      &text));
	EXPECT_STREQ(EXPORT("<PEERNAME>a.b</PEERNAME>"
			    "<DATA" DT ">MAMCAQc=</DATA>"), text);
	free(text);
}

TEST(what_cannot_be_read_is_not_written)
{
	struct invitation in = {
		.version = SECURITY_1_1,
		.cloud = { .name = (char *)"a\x01", .scope = 1 },
		.chain = (unsigned char *)der, .chain_len = sizeof(der),
	};
	char *text;

	EXPECT_EQ(E_INVALIDARG, invitation_write(&in, &text));
	EXPECT_EQ(NULL, text);
	in.cloud.name = (char *)"\xff";
	EXPECT_EQ(E_INVALIDARG, invitation_write(&in, &text));
	in.cloud.name = (char *)"";
	in.cloud.scope = 0;
	EXPECT_EQ(E_INVALIDARG, invitation_write(&in, &text));
	in.cloud.scope = 4;
	EXPECT_EQ(E_INVALIDARG, invitation_write(&in, &text));
	EXPECT_STREQ("the invitation would have an unknown SCOPE",
		     pg_hresult_text(E_INVALIDARG));
	EXPECT_NO_LEAK();
}

TEST(any_order_and_unknown_elements)
{
	EXPECT_EQ(S_OK, read_only(INVITATION("1.0", GMC CLOUD)));
	EXPECT_EQ(S_OK, read_only(INVITATION("1.0", "<NEW>a<b/></NEW>" GMC
					     "\r\n\t <!-- c --><?p i?>"
					     CLOUD)));
	EXPECT_EQ(S_OK, read_only("\n <!-- c --><?p i?>"
				  INVITATION("1.0", GMC CLOUD) "<?p i?>\n"));
	EXPECT_EQ(S_OK, read_only(INVITATION("1.0", GMC CLOUD
					     "<x:GMC xmlns:x=\"urn:x\"/>")));
	EXPECT_EQ(S_OK, read_only(INVITATION("1.0", "<GMC>MAMCAQc=</GMC>"
					     CLOUD)));
	EXPECT_EQ(S_OK, read_only(INVITATION("1.0", "<GMC><![CDATA[MAMC]]>"
					     "AQ&#x63;=</GMC>" CLOUD)));
}

static const struct {
	const char *text;
	const char *reason;
} malformed[] = {
	{ "", "the invitation is no well-formed XML: Document is empty" },
	{ "<PEERINVITATION VERSION=\"1.1\">",
	  "the invitation is no well-formed XML: "
	  "Premature end of data in tag PEERINVITATION line 1" },
	{ INVITATION("1.1", CLOUD "</a>"), NULL },
	{ INVITATION("1.1", CLOUD GMC) "<a/>", NULL },
	{ INVITATION("1.1", CLOUD GMC "&x;"), NULL },
	{ INVITATION("1.1", CLOUD GMC "&#0;"), NULL },
	{ INVITATION("1.1", CLOUD GMC "<b\x1b[31m>"), NULL },
	{ INVITATION("1.1", CLOUD "<GMC dt:dt=\"bin.base64\">MAA=</GMC>"),
	  "the invitation is no well-formed XML: "
	  "Namespace prefix dt for dt on GMC is not defined" },
	{ INVITATION("1.1", CLOUD GMC "\xff"),
	  "the invitation is not in UTF-8" },
	{ "<INVITATION VERSION=\"1.1\"/>",
	  "the invitation is no element PEERINVITATION" },
	{ "<PEERINVITATION xmlns=\"urn:x\" VERSION=\"1.1\"/>",
	  "the invitation is no element PEERINVITATION" },
	{ "<PEERINVITATION>" CLOUD GMC "</PEERINVITATION>",
	  "the invitation has no VERSION" },
	{ "<PEERINVITATION xmlns:x=\"urn:x\" x:VERSION=\"1.1\">" CLOUD GMC
	  "</PEERINVITATION>",
	  "the invitation has no VERSION" },
	{ INVITATION("1.1", "a" CLOUD GMC),
	  "the invitation has text between its elements" },
	{ INVITATION("1.1", CLOUD), "the invitation has no element GMC" },
	{ INVITATION("1.1", GMC), "the invitation has no element CLOUDNAME" },
	{ INVITATION("1.1", CLOUD GMC GMC),
	  "the invitation has a second element GMC" },
	{ INVITATION("1.1", CLOUD GMC CLOUD),
	  "the invitation has a second element CLOUDNAME" },
	{ INVITATION("1.1", CLOUD "<x:GMC xmlns:x=\"urn:x\">MAA=</x:GMC>"),
	  "the invitation has no element GMC" },
	{ INVITATION("1.1", CLOUD "<GMC>MA<a/>A=</GMC>"),
	  "the invitation has more than text in GMC" },
	{ INVITATION("1.1", CLOUD "<GMC>MA<!-- c -->A=</GMC>"),
	  "the invitation has more than text in GMC" },
	{ INVITATION("1.1", CLOUD "<GMC>MA<?p i?>A=</GMC>"),
	  "the invitation has more than text in GMC" },
	{ INVITATION("1.1", CLOUD "<GMC>MA</GMC>"),
	  "the invitation has a GMC that is no base64" },
	{ INVITATION("1.1", CLOUD "<GMC/>"),
	  "the invitation has nothing in GMC" },
	{ INVITATION("1.1", CLOUD "<GMC xmlns:d=\"urn:schemas-microsoft-com:"
		     "datatypes\" d:dt=\"bin.hex\">MAAA</GMC>"),
	  "the invitation has a GMC of another type than bin.base64" },
	{ INVITATION("1.1", CLOUD GMC "<GROUPPEERNAME>a</GROUPPEERNAME>"),
	  "the invitation has both GMC and GROUPPEERNAME" },
	{ INVITATION("1.1", CLOUD GMC
		     "<GROUPFRIENDLYNAME>a</GROUPFRIENDLYNAME>"),
	  "the invitation has both GMC and GROUPFRIENDLYNAME" },
	{ INVITATION("1.1", CLOUD "<GROUPPEERNAME>a</GROUPPEERNAME>"),
	  "the invitation has no element GROUPFRIENDLYNAME" },
	{ INVITATION("1.1", CLOUD "<GROUPFRIENDLYNAME>a</GROUPFRIENDLYNAME>"),
	  "the invitation has no element GROUPPEERNAME" },
	{ INVITATION("1.0", CLOUD PASSWORD),
	  "the invitation asks for a password, which needs VERSION 1.1" },
};

TEST(malformed_invitations)
{
	const HRESULT hr = PEER_E_INVITATION_NOT_TRUSTED;
	const char *text, *reason;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		text = malformed[i].text;
		reason = malformed[i].reason;
		EXPECT_EQ(hr, read_only(text)) {
			TH_LOG("text %zu", i);
		}
		if (reason)
			EXPECT_STREQ(reason, pg_hresult_text(hr));
		reason = pg_hresult_text(hr);
		EXPECT_EQ(NULL, strpbrk(reason, "\n\x1b"));
	}
	EXPECT_NO_LEAK();
}

TEST(unsupported_versions)
{
	static const char *const versions[] = {
		"", "1", "1.", "1.2", "01.0", "1.0 ", " 1.0", "2.0", "1.00",
		"&#x31;.2",
	};
	char text[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		sprintf(text, "<PEERINVITATION VERSION=\"%s\"/>", versions[i]);
		EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION, read_only(text));
		sprintf(text, "<PEERGROUPCONFIG VERSION=\"%s\"/>",
			versions[i]);
		EXPECT_EQ(PEER_E_UNSUPPORTED_VERSION, read_membership(text));
		sprintf(text, "<PEERIDENTITYINFO VERSION=\"%s\"/>",
			versions[i]);
		EXPECT_EQ(E_INVALIDARG, read_info(text));
	}
	EXPECT_EQ(E_INVALIDARG,
		  read_info(INFO("1.1", "<IDC>MAMCAQc=</IDC>")));
	EXPECT_STREQ("the identity has a VERSION other than 1.0",
		     pg_hresult_text(E_INVALIDARG));
}

TEST(words_and_numbers_are_strict)
{
	static const char *const scopes[] = {
		"", "ANY", "global", "GLOBAL ", " GLOBAL", "1", "\nGLOBAL",
	};
	static const char *const flags[] = {
		"", "2", "-0", "+1", " 1", "1 ", "0x1", "4294967296",
		"18446744073709551616", "1.0", "\xd9\xa1",
	};
	char text[400];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		sprintf(text, INVITATION("1.1", "<CLOUDNAME/><SCOPE>%s</SCOPE>"
			"<CLOUDFLAGS>0</CLOUDFLAGS>" GMC), scopes[i]);
		EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(text));
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		sprintf(text, INVITATION("1.1", "<CLOUDNAME/>"
			"<SCOPE>SITELOCAL</SCOPE>"
			"<CLOUDFLAGS>%s</CLOUDFLAGS>" GMC), flags[i]);
		EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(text));
	}
	EXPECT_STREQ("the invitation has a CLOUDFLAGS that is no number up to 1",
		     pg_hresult_text(PEER_E_INVITATION_NOT_TRUSTED));
}

/* Limits count UTF-16 units, of which some characters have two. */
static void check_string_limit(struct __test_metadata *_metadata,
			       const char *text, size_t max)
{
	static const struct {
		const char *character;
		unsigned int units;
	} each[] = {
		{ "a", 1 }, { "\xc3\xa4", 1 }, { "\xe2\x82\xac", 1 },
		{ "\xf0\x9f\x98\x80", 2 },
	};
	char *longest, *longer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(each); i++) {
		longest = repeat(text, each[i].character, max / each[i].units);
		longer = repeat(text, each[i].character,
				max / each[i].units + 1);
		EXPECT_EQ(S_OK, read_only(longest));
		EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(longer));
		free(longest);
		free(longer);
	}
}

TEST(strings_are_limited)
{
	static const char cloud[] = INVITATION("1.1",
		"<CLOUDNAME>@</CLOUDNAME><SCOPE>GLOBAL</SCOPE>"
		"<CLOUDFLAGS>0</CLOUDFLAGS>" GMC);
	static const char group[] = INVITATION("1.1", CLOUD
		"<GROUPPEERNAME>@</GROUPPEERNAME>"
		"<GROUPFRIENDLYNAME>a</GROUPFRIENDLYNAME>");
	static const char friendly[] = INVITATION("1.1", CLOUD
		"<GROUPPEERNAME>a</GROUPPEERNAME>"
		"<GROUPFRIENDLYNAME>@</GROUPFRIENDLYNAME>");

	check_string_limit(_metadata, cloud, 255);
	check_string_limit(_metadata, group, 190);
	check_string_limit(_metadata, friendly, 255);
}

TEST(strings_have_no_control_characters)
{
	static const char *const bad[] = {
		"\n", "\t", "&#9;", "&#xd;", "\x7f", "\xc2\x80", "\xc2\x9f",
		"&#x85;",
	};
	char text[400];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		sprintf(text, INVITATION("1.1", "<CLOUDNAME>a%sb</CLOUDNAME>"
			"<SCOPE>GLOBAL</SCOPE><CLOUDFLAGS>0</CLOUDFLAGS>" GMC),
			bad[i]);
		EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(text));
		EXPECT_STREQ("the invitation has a CLOUDNAME that is "
			     "not without control characters",
			     pg_hresult_text(PEER_E_INVITATION_NOT_TRUSTED));
	}
}

/* A text of just the limit, and one that is longer by one byte. */
static void check_text_limit(struct __test_metadata *_metadata,
			     const char *text, size_t max, HRESULT hr,
			     HRESULT (*read)(const char *text))
{
	char *longest = fill(text, ' ', max - strlen(text) + 1);
	char *longer = fill(text, ' ', max - strlen(text) + 2);

	ASSERT_EQ(max, strlen(longest));
	EXPECT_EQ(S_OK, read(longest));
	EXPECT_EQ(hr, read(longer));
	EXPECT_NE(NULL, strstr(pg_hresult_text(hr), "is longer than"));
	free(longest);
	free(longer);
}

TEST(texts_are_limited)
{
	check_text_limit(_metadata, INVITATION("1.1", "@" CLOUD GMC),
			 INVITATION_MAX, PEER_E_INVITATION_NOT_TRUSTED,
			 read_only);
	check_text_limit(_metadata, INVITATION("1.1", CLOUD GMC "<!--@-->"),
			 INVITATION_MAX, PEER_E_INVITATION_NOT_TRUSTED,
			 read_only);
	check_text_limit(_metadata, MEMBERSHIP("@" NAMES CLOUD GMC),
			 STORE_FILE_MAX, PEER_E_CERT_STORE_CORRUPTED,
			 read_membership);
	check_text_limit(_metadata, INFO("1.0", "<IDC>MAMC@AQc=</IDC>"),
			 IDENTITY_TEXT_MAX, E_INVALIDARG, read_info);
	check_text_limit(_metadata, EXPORT("<PEERNAME>a</PEERNAME>"
					   "<DATA>MAM@CAQc=</DATA>"),
			 IDENTITY_TEXT_MAX, E_INVALIDARG, read_export);
	EXPECT_NO_LEAK();
}

TEST(chains_too_long_to_be_written)
{
	unsigned char *chain = calloc(1, 3 * INVITATION_MAX);
	struct invitation in = {
		.version = SECURITY_1_1,
		.cloud = { .name = (char *)"Global_", .scope = 1 },
		.chain = chain,
	};
	size_t overhead = strlen(INVITATION("1.1", CLOUD GMC)) - 8;
	char *text;

	in.chain_len = (INVITATION_MAX - overhead) / 4 * 3;
	ASSERT_EQ(S_OK, invitation_write(&in, &text));
	EXPECT_LE(strlen(text), INVITATION_MAX);
	EXPECT_EQ(S_OK, read_only(text));
	free(text);
	in.chain_len++;
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG, invitation_write(&in, &text));
	EXPECT_EQ(NULL, text);
	in.chain_len = 3 * INVITATION_MAX;
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG, invitation_write(&in, &text));
	EXPECT_EQ(E_INVALIDARG, identity_info_write(chain, 50000, &text));
	EXPECT_EQ(E_INVALIDARG, identity_info_write(chain, 500000, &text));
	free(chain);
	EXPECT_NO_LEAK();
}

TEST(memberships_come_back)
{
	const struct membership_text in = {
		.version = SECURITY_1_0,
		.identity_name = (char *)"6520c005f63fc1864b7d8f3cabebd4916ae7f33d"
					 ".JohnDoe",
		.group_name = (char *)GROUP,
		.cloud = { .name = (char *)"Global_", .scope = 2, .flags = 1 },
		.chain = (unsigned char *)der, .chain_len = sizeof(der),
		.comment = (char *)"no <comment> & \xe2\x82\xac",
		.flags = 0xffffffff, .member_data_lifetime = 0,
		.presence_lifetime = 4294967295U,
	};
	struct membership_text *out;
	char *text;

	ASSERT_EQ(S_OK, membership_text_write(&in, &text));
	ASSERT_EQ(S_OK, membership_text_read(text, &out));
	EXPECT_EQ(SECURITY_1_0, out->version);
	EXPECT_STREQ(in.identity_name, out->identity_name);
	EXPECT_STREQ(GROUP, out->group_name);
	EXPECT_STREQ("Global_", out->cloud.name);
	EXPECT_EQ(2, out->cloud.scope);
	EXPECT_EQ(1, out->cloud.flags);
	ASSERT_EQ(sizeof(der), out->chain_len);
	EXPECT_EQ(0, memcmp(der, out->chain, sizeof(der)));
	EXPECT_STREQ(in.comment, out->comment);
	EXPECT_EQ(in.flags, out->flags);
	EXPECT_EQ(0, out->member_data_lifetime);
	EXPECT_EQ(in.presence_lifetime, out->presence_lifetime);
	membership_text_free(out);
	free(text);
	EXPECT_NO_LEAK();
}

TEST(memberships_without_properties)
{
	struct membership_text *out;

	ASSERT_EQ(S_OK, membership_text_read(MEMBERSHIP(NAMES CLOUD GMC),
					     &out));
	EXPECT_STREQ("", out->comment);
	EXPECT_EQ(0, out->flags);
	EXPECT_EQ(2419200, out->member_data_lifetime);
	EXPECT_EQ(300, out->presence_lifetime);
	membership_text_free(out);
	ASSERT_EQ(S_OK, membership_text_read(MEMBERSHIP(NAMES CLOUD GMC
							"<COMMENT/>"), &out));
	EXPECT_STREQ("", out->comment);
	membership_text_free(out);
}

TEST(malformed_memberships)
{
	static const char *const bad[] = {
		"", "<a/>", SEEN, MEMBERSHIP(""), MEMBERSHIP(NAMES CLOUD),
		MEMBERSHIP(CLOUD GMC), MEMBERSHIP(NAMES GMC),
		MEMBERSHIP(NAMES NAMES CLOUD GMC),
		MEMBERSHIP(NAMES CLOUD GMC "<FLAGS/>"),
		MEMBERSHIP(NAMES CLOUD GMC "<FLAGS>1</FLAGS><FLAGS>1</FLAGS>"),
		MEMBERSHIP(NAMES CLOUD GMC "<FLAGS>4294967296</FLAGS>"),
		MEMBERSHIP(NAMES CLOUD GMC "<COMMENT>a\nb</COMMENT>"),
		MEMBERSHIP(NAMES CLOUD GMC
			   "<PRESENCELIFETIME>-1</PRESENCELIFETIME>"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
			  read_membership(bad[i])) {
			TH_LOG("text %zu", i);
		}
	EXPECT_NO_LEAK();
}

TEST(identities_come_back)
{
	unsigned char *out;
	size_t len;
	char *text;

	ASSERT_EQ(S_OK, identity_info_write(der, sizeof(der), &text));
	ASSERT_EQ(S_OK, identity_info_read(text, &out, &len));
	ASSERT_EQ(sizeof(der), len);
	EXPECT_EQ(0, memcmp(der, out, len));
	free(out);
	free(text);
}

TEST(exports_come_back)
{
	unsigned char in[300], *out;
	size_t len, out_len;
	char *text, *name;
	int twice;

	for (len = 0; len < sizeof(in); len++)
		in[len] = len * 7 + 1;
	for (len = 1; len <= sizeof(in); len++) {
		for (twice = 0; twice < 2; twice++) {
			ASSERT_EQ(S_OK, identity_export_write("a.b", in, len,
							      twice, &text));
			ASSERT_EQ(S_OK, identity_export_read(text, &name, &out,
							     &out_len));
			EXPECT_STREQ("a.b", name);
			ASSERT_EQ(len, out_len);
			EXPECT_EQ(0, memcmp(in, out, len));
			free(out);
			free(name);
			free(text);
		}
	}
	EXPECT_NO_LEAK();
}

TEST(exports_with_the_other_names)
{
	EXPECT_EQ(S_OK, read_export(EXPORT("<PEERNAME>a</PEERNAME>"
					   "<DATA>MAMCAQc=</DATA>")));
	EXPECT_EQ(S_OK, read_export(EXPORT("<IDENTITY>a</IDENTITY>"
					   "<IDENTITYDATA>MAMCAQc="
					   "</IDENTITYDATA>")));
	EXPECT_EQ(E_INVALIDARG, read_export(EXPORT("<IDENTITY>a</IDENTITY>"
						   "<DATA>MAMCAQc=</DATA>")));
	EXPECT_EQ(E_INVALIDARG, read_export(EXPORT("<PEERNAME>a</PEERNAME>")));
	EXPECT_EQ(E_INVALIDARG, read_export(EXPORT("<DATA>MAMCAQc=</DATA>")));
	EXPECT_EQ(E_INVALIDARG, read_export(SEEN));
	EXPECT_EQ(E_INVALIDARG, read_info(SEEN));
	EXPECT_EQ(E_INVALIDARG, read_info(INFO("1.0", "")));
	EXPECT_EQ(E_INVALIDARG, read_info(INFO("1.0", "<IDC>MAMCAQc=</IDC>"
					       "<IDC>MAMCAQc=</IDC>")));
	EXPECT_NO_LEAK();
}

TEST(base64_is_strict)
{
	static const char *const bad[] = {
		"A", "AA", "AAA", "AAAAA", "=", "====", "A===", "AA=A",
		"=AAA", "AAAA=", "AA==AAAA", "AA=", "AA-A", "AA_A", "AA.A",
		"AAA\v", "AAAA\f", "AAA\xc2", "AA==AA==",
	};
	unsigned char *data;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EILSEQ, base64_decode(bad[i], &data, &len)) {
			TH_LOG("text %zu", i);
		}
}

static void check_decoded(struct __test_metadata *_metadata,
			  const char *text, const char *expected)
{
	unsigned char *data;
	size_t len;

	ASSERT_EQ(0, base64_decode(text, &data, &len));
	ASSERT_EQ(strlen(expected), len);
	EXPECT_EQ(0, memcmp(expected, data, len));
	free(data);
}

TEST(base64_with_white_space)
{
	check_decoded(_metadata, "", "");
	check_decoded(_metadata, "\t \r\n\t", "");
	check_decoded(_metadata, "Zg==", "f");
	check_decoded(_metadata, "Zm8=", "fo");
	check_decoded(_metadata, "Zm9v", "foo");
	check_decoded(_metadata, "\r\n Z\tm\r9\nv Y m A\r=\n ", "foob`");
	check_decoded(_metadata, "Zg=\r\n=\r\n", "f");
}

/* The text within is wide, in lines, and decoded only where all of it fits. */
TEST(base64_twice)
{
	static const unsigned char odd[] = { 'Z', 0, 'g', 0, '=' };
	static const unsigned char high[] = { 'Z', 0, 'g', 1, '=', 0, '=', 0 };
	static const unsigned char other[] = { 'Z', 0, '-', 0 };
	static const unsigned char good[] = { 'Z', 0, '\n', 0, 'g', 0,
					      '=', 0, '=', 0, ' ', 0 };
	static const unsigned char bad[] = { 'Z', 0, 'g', 0, '=', 0 };
	unsigned char *data;
	size_t len;
	char *text;

	text = base64_encode(good, sizeof(good));
	check_decoded(_metadata, text, "f");
	free(text);
	text = base64_encode(bad, sizeof(bad));
	EXPECT_EQ(-EILSEQ, base64_decode(text, &data, &len));
	free(text);
	text = base64_encode(odd, sizeof(odd));
	EXPECT_EQ(0, base64_decode(text, &data, &len));
	EXPECT_EQ(sizeof(odd), len);
	free(data);
	free(text);
	text = base64_encode(high, sizeof(high));
	EXPECT_EQ(0, base64_decode(text, &data, &len));
	EXPECT_EQ(sizeof(high), len);
	free(data);
	free(text);
	text = base64_encode(other, sizeof(other));
	EXPECT_EQ(0, base64_decode(text, &data, &len));
	EXPECT_EQ(sizeof(other), len);
	free(data);
	free(text);
	EXPECT_NO_LEAK();
}

TEST(no_document_type_declaration)
{
	static const char *const bad[] = {
		"<!DOCTYPE PEERINVITATION>" SEEN,
		"<!DOCTYPE PEERINVITATION [<!ENTITY x \"GLOBAL\">]>" SEEN,
		"<!DOCTYPE PEERINVITATION ["
		"<!ATTLIST PEERINVITATION VERSION CDATA \"1.1\">]>"
		"<PEERINVITATION>" CLOUD GMC "</PEERINVITATION>",
		"<!DOCTYPE l [<!ENTITY a \"lol\">"
		"<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
		"<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
		"<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">"
		"<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">"
		"<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">]>"
		INVITATION("1.1", "<CLOUDNAME>&g;</CLOUDNAME>"),
		"<!DOCTYPE l [<!ENTITY % p \"<!ENTITY x 'y'>\"> %p;]>" SEEN,
		"<!DOCTYPE l [ not even well-formed",
	};
	const HRESULT hr = PEER_E_INVITATION_NOT_TRUSTED;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(hr, read_only(bad[i]));
		EXPECT_STREQ("the invitation has a document type declaration",
			     pg_hresult_text(hr));
	}
	EXPECT_NO_LEAK();
}

/* Whether somebody opened a file of the watched directory. */
static bool opened(int watch)
{
	char events[4096];

	return read(watch, events, sizeof(events)) > 0;
}

TEST(nothing_outside_is_opened)
{
	static const char *const bad[] = {
		"<!DOCTYPE PEERINVITATION SYSTEM \"@\">" SEEN,
		"<!DOCTYPE PEERINVITATION SYSTEM \"file://@\">" SEEN,
		"<!DOCTYPE PEERINVITATION PUBLIC \"-//X//Y\" \"@\">" SEEN,
		"<!DOCTYPE PEERINVITATION [<!ENTITY x SYSTEM \"@\">]>"
		INVITATION("1.1", "<CLOUDNAME>&x;</CLOUDNAME>"),
		"<!DOCTYPE PEERINVITATION [<!ENTITY % x SYSTEM \"@\"> %x;]>"
		SEEN,
		"<?xml-stylesheet href=\"@\"?><?oasis-xml-catalog "
		"catalog=\"@\"?>" SEEN,
		INVITATION("1.1", "<x:include href=\"@\" "
			   "xmlns:x=\"http://www.w3.org/2001/XInclude\"/>"),
	};
	char dir[] = "/tmp/test_xml.XXXXXX", file[64], *text;
	int watch = inotify_init1(IN_NONBLOCK), fd;
	size_t i;

	ASSERT_NE(NULL, mkdtemp(dir));
	sprintf(file, "%s/outside", dir);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_LE(0, inotify_add_watch(watch, dir, IN_OPEN | IN_ACCESS));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		text = repeat(bad[i], file, 1);
		read_only(text);
		read_membership(text);
		read_info(text);
		EXPECT_FALSE(opened(watch));
		free(text);
	}
	close(open(file, O_RDONLY));
	EXPECT_TRUE(opened(watch));
	close(watch);
	unlink(file);
	rmdir(dir);
}

/* The declaration is that of a file, of which the string was made. */
TEST(the_encoding_is_utf8)
{
	static const char *const encodings[] = {
		"UTF-8", "UTF-16", "utf-16le", "ISO-8859-1", "UCS-4",
		"EBCDIC-CP-US", "none-such",
	};
	struct invitation *invitation;
	char text[400];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(encodings); i++) {
		sprintf(text, "<?xml version=\"1.0\" encoding=\"%s\"?>"
			INVITATION("1.0", "<CLOUDNAME>\xc3\xa4</CLOUDNAME>"
				   "<SCOPE>GLOBAL</SCOPE>"
				   "<CLOUDFLAGS>0</CLOUDFLAGS>" GMC),
			encodings[i]);
		EXPECT_EQ(S_OK, invitation_read(text, &invitation)) {
			TH_LOG("%s: %s", encodings[i],
			       pg_hresult_text(PEER_E_INVITATION_NOT_TRUSTED));
			continue;
		}
		EXPECT_STREQ("\xc3\xa4", invitation->cloud.name);
		invitation_free(invitation);
	}
	EXPECT_EQ(S_OK, read_only("\xef\xbb\xbf" SEEN));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only("\xff\xfe<"));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only("\xfe\xff"));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only("\x4c\x6f\xa7\x94"));
	EXPECT_NO_LEAK();
}

TEST(deep_texts_are_refused)
{
	const char *text = INVITATION("1.1", CLOUD GMC "@");
	char *deep = repeat(text, "<a>", 10000);

	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(deep));
	free(deep);
	deep = repeat("<PEERINVITATION VERSION='1.1' @/>", "a ", 10000);
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED, read_only(deep));
	free(deep);
	EXPECT_NO_LEAK();
}

static void flip_all(struct __test_metadata *_metadata, const char *text,
		     HRESULT (*read)(const char *text))
{
	size_t i, len = strlen(text);
	char *copy = strdup(text);
	unsigned int bit;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			copy[i] = text[i] ^ 1 << bit;
			EXPECT_NE(E_UNEXPECTED, read(copy));
			EXPECT_NE(E_OUTOFMEMORY, read(copy));
		}
		copy[i] = '\0';
		EXPECT_TRUE(FAILED(read(copy)));
		copy[i] = text[i];
	}
	free(copy);
}

TEST(no_flipped_bit_hurts)
{
	flip_all(_metadata, SEEN, read_only);
	flip_all(_metadata, INVITATION("1.0", CLOUD GMC), read_only);
	flip_all(_metadata, MEMBERSHIP(NAMES CLOUD GMC), read_membership);
	flip_all(_metadata, INFO("1.0", "<IDC" DT ">MAMCAQc=</IDC>"),
		 read_info);
	flip_all(_metadata, EXPORT("<PEERNAME>a.b</PEERNAME>"
				   "<DATA" DT ">WgBnAD0APQA=</DATA>"),
		 read_export);
	EXPECT_NO_LEAK();
}

static void *read_many(void *arg)
{
	unsigned int i;

	for (i = 0; i < 200; i++)
		if (read_only(SEEN) || !FAILED(read_only("<a>")))
			return arg;
	return NULL;
}

TEST(threads_read_at_once)
{
	pthread_t threads[8];
	void *failed;
	size_t i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, read_many, threads);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		EXPECT_EQ(NULL, failed);
	}
}

#if LIBXML_VERSION >= 21200
static void count_error(void *count, const xmlError *error)
#else
static void count_error(void *count, xmlError *error)
#endif
{
	(void)error;
	++*(unsigned int *)count;
}

__attribute__((format(printf, 2, 3)))
static void count_message(void *count, const char *fmt, ...)
{
	(void)fmt;
	++*(unsigned int *)count;
}

/* A program that uses libxml2, too, hears nothing of texts that are not its. */
TEST(errors_stay_here)
{
	static const char *const bad[] = {
		"<a>", "<a b='c' b='d'/>", "<a:b/>", "<a>&none;</a>", "\x01",
		"<!DOCTYPE a>" SEEN, INVITATION("1.1", "<a xmlns='b c'/>"),
	};
	unsigned int errors = 0, messages = 0;
	size_t i;

	xmlSetStructuredErrorFunc(&errors, count_error);
	xmlFreeDoc(xmlReadMemory("<own", 4, NULL, NULL, 0));
	EXPECT_NE(0, errors);
	errors = 0;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(FAILED(read_only(bad[i])));
	EXPECT_EQ(0, errors);

	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(&messages, count_message);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(FAILED(read_only(bad[i])));
	EXPECT_EQ(0, messages);
	xmlSetGenericErrorFunc(NULL, NULL);
}

TEST_HARNESS_MAIN
