// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains: which are valid, and each rule broken alone.
 */
#include <stdlib.h>
#include <string.h>

#include "pki.h"
#include <kselftest_harness.h>

#define FOREIGN "6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe"
#define V1_0 (ROLE_ADMIN | ROLE_MEMBER)

/* Valid chains */

static HRESULT check_length(size_t n, unsigned int role)
{
	struct plan plan;
	HRESULT hr;

	plan_init(&plan, PG_PROFILE_WINDOWS, n, role);
	plan_make(&plan);
	hr = plan_check(&plan);
	plan_free(&plan);
	return hr;
}

TEST(lengths)
{
	size_t n;

	for (n = 1; n < CHAIN_MAX; n++) {
		EXPECT_EQ(S_OK, check_length(n, ROLE_ADMIN));
		EXPECT_EQ(S_OK, check_length(n, ROLE_INVITING));
		EXPECT_EQ(S_OK, check_length(n, ROLE_MEMBER));
	}
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG, check_length(n, ROLE_MEMBER));
	EXPECT_STREQ("a chain has more than 25 certificates",
		     pg_hresult_text(PEER_E_CHAIN_TOO_LONG));
	EXPECT_CLEAN();
}

TEST(default_profile)
{
	struct plan plan;

	plan_init(&plan, PG_PROFILE_DEFAULT, KEYS_DEFAULT - 1, ROLE_MEMBER);
	plan_make(&plan);
	EXPECT_EQ(S_OK, plan_check(&plan));
	plan_free(&plan);
	EXPECT_CLEAN();
}

static void exchange(struct plan *plan, size_t a, size_t b)
{
	X509 *cert = plan->certs[a];

	plan->certs[a] = plan->certs[b];
	plan->certs[b] = cert;
}

static struct chain *read_plan(const struct plan *plan)
{
	static struct der der;
	struct chain *chain = NULL;

	pki_container(plan->certs, plan->n, &der);
	chain_read(der.bytes, der.len, &chain);
	return chain;
}

TEST(any_order)
{
	struct plan plan;
	struct chain *chain;
	size_t i, round;

	srand(1);
	plan_init(&plan, PG_PROFILE_WINDOWS, 8, ROLE_MEMBER);
	plan_make(&plan);
	for (round = 0; round < 100; round++) {
		for (i = plan.n - 1; i; i--)
			exchange(&plan, i, rand() % (i + 1));
		chain = read_plan(&plan);
		ASSERT_NE(NULL, chain);
		ASSERT_EQ(plan.n, chain->n);
		for (i = 0; i < plan.n; i++)
			ASSERT_STREQ(plan.names[i],
				     chain->certs[i]->subject_name);
		ASSERT_EQ(S_OK, chain_validate(chain));
		ASSERT_STREQ(plan.names[8], chain_leaf(chain)->subject_name);
		chain_free(chain);
	}
	plan_free(&plan);
	EXPECT_CLEAN();
}

/* Certificates as the library puts them together. */
TEST(chain_is_written_and_read)
{
	unsigned char *bytes;
	struct chain *chain;
	struct plan plan;
	size_t i, len;

	plan_init(&plan, PG_PROFILE_WINDOWS, 25, ROLE_MEMBER);
	plan_make(&plan);
	ASSERT_EQ(S_OK, container_write(plan.certs[0], plan.certs[1], &bytes,
					&len));
	for (i = 2; i < CHAIN_MAX; i++) {
		ASSERT_EQ(S_OK, chain_read(bytes, len, &chain));
		EXPECT_EQ(i, chain->n);
		OPENSSL_free(bytes);
		ASSERT_EQ(S_OK, chain_write(chain, plan.certs[i], &bytes,
					    &len));
		chain_free(chain);
	}
	ASSERT_EQ(S_OK, chain_read(bytes, len, &chain));
	EXPECT_EQ(S_OK, chain_validate(chain));
	OPENSSL_free(bytes);
	EXPECT_EQ(PEER_E_CHAIN_TOO_LONG,
		  chain_write(chain, plan.certs[i], &bytes, &len));
	chain_free(chain);
	plan_free(&plan);
	EXPECT_CLEAN();
}

/* Rules */

/* A chain of n memberships, changed before it is made, and after. */
struct rule {
	const char *what;
	size_t n;
	void (*before)(struct plan *plan);
	void (*after)(struct plan *plan);
	HRESULT hr;
	const char *reason;	/* without a peer name in front */
};

static void check_rule(struct __test_metadata *_metadata,
		       const struct rule *rule)
{
	struct plan plan;
	const char *text;
	HRESULT hr;
	size_t i;

	plan_init(&plan, PG_PROFILE_WINDOWS, rule->n, ROLE_MEMBER);
	if (rule->before)
		rule->before(&plan);
	plan_make(&plan);
	if (rule->after)
		rule->after(&plan);
	hr = plan_check(&plan);
	text = pg_hresult_text(hr);
	EXPECT_EQ(rule->hr, hr) TH_LOG("%s: %s", rule->what, text);
	for (i = 0; i < plan.n; i++)
		if (!strncmp(text, plan.names[i], strlen(plan.names[i])))
			text += strlen(plan.names[i]);
	if (rule->reason)
		EXPECT_STREQ(rule->reason, text) TH_LOG("%s", rule->what);
	plan_free(&plan);
}

static void check_rules(struct __test_metadata *_metadata,
			const struct rule *rules, size_t n)
{
	for (; n--; rules++)
		check_rule(_metadata, rules);
	EXPECT_CLEAN();
}

#define CHECK_RULES(rules) check_rules(_metadata, rules, ARRAY_SIZE(rules))
#define UNTRUSTED(text) .hr = PEER_E_INVITATION_NOT_TRUSTED, .reason = (text)
#define UNSIGNED .hr = NTE_BAD_SIGNATURE

static void member_issues(struct plan *plan)
{
	plan->specs[1].roles = ROLE_MEMBER;
}

static void inviting_issues(struct plan *plan)
{
	plan->specs[1].roles = ROLE_INVITING;
}

static void inviting_issues_inviting(struct plan *plan)
{
	plan->specs[1].roles = ROLE_INVITING;
	plan->specs[2].roles = ROLE_INVITING;
}

static void inviting_issues_admin(struct plan *plan)
{
	plan->specs[1].roles = ROLE_INVITING;
	plan->specs[2].roles = ROLE_ADMIN;
}

static void inviting_issues_both(struct plan *plan)
{
	plan->specs[1].roles = ROLE_INVITING;
	plan->specs[2].roles = ROLE_MEMBER | ROLE_ADMIN;
}

/* Roles are not inherited from further above. */
static void member_between(struct plan *plan)
{
	plan->specs[2].roles = ROLE_MEMBER;
}

#define MAY_NOT UNTRUSTED(" issued a role that it may not")

TEST(roles)
{
	static const struct rule rules[] = {
		{ "admin issues member", 2, .hr = S_OK },
		{ "inviting issues member", 2, inviting_issues, .hr = S_OK },
		{ "inviting issues inviting", 3, inviting_issues_inviting,
		  .hr = S_OK },
		{ "member issues", 2, member_issues, MAY_NOT },
		{ "inviting issues admin", 2, inviting_issues_admin, MAY_NOT },
		{ "inviting issues two", 2, inviting_issues_both, MAY_NOT },
		{ "member between admins", 3, member_between, MAY_NOT },
	};

	CHECK_RULES(rules);
}

/* One classifier in a list, NULL: none. */
static void put_classifier(struct plan *plan, size_t at, const char *classifier)
{
	static struct der der;

	der.len = 0;
	if (classifier)
		der_other_name(&der, OID_CLASSIFIER, V_ASN1_UTF8STRING,
			       classifier, strlen(classifier));
	der_wrap(&der, 0x30);
	ext_replace(plan->certs[at], OID_CLASSIFIERS, &der);
	plan_sign(plan, at);
}

static void other_classifier(struct plan *plan)
{
	put_classifier(plan, 2, "other");
}

static void longer_classifier(struct plan *plan)
{
	put_classifier(plan, 2, "participants");
}

static void all_classifiers(struct plan *plan)
{
	put_classifier(plan, 2, NULL);
}

/* What somebody further above has, the issuer has not. */
static void lost_classifier(struct plan *plan)
{
	put_classifier(plan, 1, "fish");
	put_classifier(plan, 2, "fish food");
	put_classifier(plan, 3, "fish");
}

static void shared_classifiers(struct plan *plan)
{
	put_classifier(plan, 1, "fish");
	put_classifier(plan, 2, "fish food");
	put_classifier(plan, 3, "fish food");
}

#define NOT_GIVEN UNTRUSTED(" gave classifiers that it has not")

TEST(classifiers)
{
	static const struct rule rules[] = {
		{ "the first is free", 2, .after = other_classifier,
		  .hr = S_OK },
		{ "delegated", 3, .after = shared_classifiers, .hr = S_OK },
		{ "lost by extension", 3, inviting_issues_inviting,
		  longer_classifier, NOT_GIVEN },
		{ "another", 2, inviting_issues, other_classifier, NOT_GIVEN },
		{ "member extends", 2, inviting_issues, longer_classifier,
		  NOT_GIVEN },
		{ "member has all", 2, inviting_issues, all_classifiers,
		  NOT_GIVEN },
		{ "inviting has all", 3, inviting_issues_inviting,
		  all_classifiers, NOT_GIVEN },
		{ "lost on the way", 3, .after = lost_classifier, NOT_GIVEN },
	};

	CHECK_RULES(rules);
}

/* Keys and signatures */

static void self_issued(struct plan *plan)
{
	plan->specs[1].roles = ROLE_ADMIN;
	plan->specs[1].issuer_key = plan->specs[1].subject_key;
}

static void signed_by_another(struct plan *plan)
{
	plan->specs[2].issuer_key = pki_key(PG_PROFILE_WINDOWS, 9);
}

static void signed_by_the_group(struct plan *plan)
{
	plan->specs[2].issuer_key = plan->specs[0].subject_key;
}

static void root_not_by_itself(struct plan *plan)
{
	plan->specs[0].issuer_key = pki_key(PG_PROFILE_WINDOWS, 9);
}

static void root_of_another_key(struct plan *plan)
{
	peername_make(pki_key(PG_PROFILE_WINDOWS, 9), "group", plan->names[0]);
}

static void member_of_another_key(struct plan *plan)
{
	peername_make(pki_key(PG_PROFILE_WINDOWS, 9), "x", plan->names[2]);
}

/* The key of a real group, in a root that others signed. */
static void stolen_group(struct plan *plan)
{
	plan->specs[0].issuer_key = pki_key(PG_PROFILE_WINDOWS, 9);
	plan->specs[1].issuer_key = pki_key(PG_PROFILE_WINDOWS, 9);
}

static void same_key(struct plan *plan)
{
	plan_key(plan, 2, PG_PROFILE_WINDOWS, 1, "member");
}

static void same_key_elsewhere(struct plan *plan)
{
	plan_key(plan, 3, PG_PROFILE_WINDOWS, 1, "other");
}

static void key_of_the_group(struct plan *plan)
{
	plan_key(plan, 2, PG_PROFILE_WINDOWS, 0, "member");
}

static void same_certificate(struct plan *plan)
{
	X509_free(plan->certs[2]);
	X509_up_ref(plan->certs[1]);
	plan->certs[2] = plan->certs[1];
}

static void other_profile(struct plan *plan)
{
	plan_key(plan, 2, PG_PROFILE_DEFAULT, 0, "member");
}

static void root_of_other_profile(struct plan *plan)
{
	plan_key(plan, 0, PG_PROFILE_DEFAULT, 0, "group");
}

#define NOT_ITS_NAME UNTRUSTED("a peer name is not that of its key")
#define CIRCLE .hr = PEER_E_CIRCULAR_CHAIN_DETECTED, \
	.reason = " is in the chain twice"
#define PROFILES UNTRUSTED("a chain has certificates of several profiles")

TEST(keys)
{
	static const struct rule rules[] = {
		{ "self-issued admin", 1, self_issued, UNSIGNED },
		{ "self-issued admin issues", 2, self_issued, UNSIGNED },
		{ "signed by a stranger", 2, signed_by_another, UNSIGNED },
		{ "signed by the group", 2, signed_by_the_group, UNSIGNED },
		{ "root not by itself", 2, root_not_by_itself, UNSIGNED },
		{ "a stolen group", 2, stolen_group, UNSIGNED },
		{ "root of another key", 2, root_of_another_key, NOT_ITS_NAME },
		{ "member of another key", 2, member_of_another_key,
		  NOT_ITS_NAME },
		{ "the same key", 2, same_key, CIRCLE },
		{ "with another classifier", 3, same_key_elsewhere, CIRCLE },
		{ "the group's key", 2, key_of_the_group, CIRCLE },
		{ "the same certificate", 2, .after = same_certificate,
		  CIRCLE },
		{ "a member of the other profile", 2, other_profile, PROFILES },
		{ "a root of the other profile", 2, root_of_other_profile,
		  PROFILES },
	};

	CHECK_RULES(rules);
}

TEST(reason_of_a_signature)
{
	char name[PEERNAME_MAX + 1], classifier[3 * CLASSIFIER_UNITS + 1] = "";
	const char *text;
	struct plan plan;
	size_t i;

	for (i = 0; i < CLASSIFIER_UNITS; i++)
		strcat(classifier, "\xe2\x82\xac");
	plan_init(&plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
	plan_key(&plan, 2, PG_PROFILE_WINDOWS, 2, classifier);
	signed_by_another(&plan);
	strcpy(name, plan.names[2]);
	plan_make(&plan);
	EXPECT_EQ(NTE_BAD_SIGNATURE, plan_check(&plan));
	plan_free(&plan);
	text = pg_hresult_text(NTE_BAD_SIGNATURE);
	EXPECT_NE(NULL, strstr(text, name));
	EXPECT_NE(NULL, strstr(text, " does not verify"));
	EXPECT_CLEAN();
}

/* Groups, and which certificates make a chain */

static void other_group_between(struct plan *plan)
{
	plan->specs[1].group_name = FOREIGN;
}

static void other_group_at_the_end(struct plan *plan)
{
	plan->specs[2].group_name = FOREIGN;
}

static void other_group_of_all(struct plan *plan)
{
	plan->specs[1].group_name = FOREIGN;
	plan->specs[2].group_name = FOREIGN;
}

static void other_group_of_the_root(struct plan *plan)
{
	ext_replace_name(plan->certs[0], OID_GROUP_NAME, FOREIGN);
	plan_sign(plan, 0);
}

static void other_group_everywhere(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		ext_replace_name(plan->certs[i], OID_GROUP_NAME, FOREIGN);
		plan_sign(plan, i);
	}
}

static void drop(struct plan *plan, size_t at, const char *oid)
{
	ext_drop(plan->certs[at], oid);
	plan_sign(plan, at);
}

static void no_group(struct plan *plan)
{
	drop(plan, 2, OID_GROUP_NAME);
}

static void no_group_between(struct plan *plan)
{
	drop(plan, 1, OID_GROUP_NAME);
}

static void root_without_group(struct plan *plan)
{
	drop(plan, 0, OID_GROUP_NAME);
}

static void no_roles(struct plan *plan)
{
	drop(plan, 2, OID_ROLES);
}

static void no_classifiers(struct plan *plan)
{
	drop(plan, 1, OID_CLASSIFIERS);
}

static void no_issuer(struct plan *plan)
{
	drop(plan, 2, OID_ISSUER_NAME);
}

static void remove_cert(struct plan *plan, size_t at)
{
	X509_free(plan->certs[at]);
	plan->n--;
	memmove(&plan->certs[at], &plan->certs[at + 1],
		(plan->n - at) * sizeof(plan->certs[0]));
}

static void no_root(struct plan *plan)
{
	remove_cert(plan, 0);
}

static void no_link(struct plan *plan)
{
	remove_cert(plan, 2);
}

static void no_first(struct plan *plan)
{
	remove_cert(plan, 1);
}

static void nothing(struct plan *plan)
{
	while (plan->n)
		remove_cert(plan, 0);
}

/* Both the second and the third are issued by the first. */
static void two_leaves(struct plan *plan)
{
	plan->specs[3].issuer_name = plan->names[1];
	plan->specs[3].issuer_key = plan->specs[1].subject_key;
}

static void two_roots(struct plan *plan)
{
	plan->specs[2].type = CERT_ROOT;
	plan->specs[2].issuer_key = NULL;
}

static void identity(struct plan *plan)
{
	plan->specs[2].type = CERT_IDENTITY;
	plan->specs[2].issuer_key = NULL;
}

/* One that a chain would be linked by. */
static void identity_with_issuer(struct plan *plan)
{
	static struct der der;

	der_set(&der, V_ASN1_OCTET_STRING, "\x03\0\0", 4);
	ext_replace(plan->certs[2], OID_CERT_TYPE, &der);
	plan_sign(plan, 2);
}

static void other_issuer(struct plan *plan)
{
	plan->specs[2].issuer_name = FOREIGN;
}

static void issuer_of_other_classifier(struct plan *plan)
{
	static char name[PEERNAME_MAX + 1];

	peername_make(plan->specs[1].subject_key, "other", name);
	plan->specs[2].issuer_name = name;
}

/* Whom a root names as its issuer is of no meaning. */
static void root_with_issuer(struct plan *plan)
{
	static struct der der;

	der_other_name(&der, OID_PEER_NAME, V_ASN1_UTF8STRING, FOREIGN,
		       strlen(FOREIGN));
	der_wrap(&der, 0x30);
	ext_add(plan->certs[0], OID_ISSUER_NAME, false, &der);
	plan_sign(plan, 0);
}

#define OTHER_GROUP UNTRUSTED("a chain is not of the group it claims")
#define SEVERAL UNTRUSTED("a chain is of several groups")
#define NO_CHAIN .hr = PEER_E_INVITATION_NOT_TRUSTED
#define LACKS UNTRUSTED("a membership lacks roles or classifiers")

TEST(groups)
{
	static const struct rule rules[] = {
		{ "between", 2, other_group_between, SEVERAL },
		{ "at the end", 2, other_group_at_the_end, OTHER_GROUP },
		{ "all members", 2, other_group_of_all, OTHER_GROUP },
		{ "the root", 2, .after = other_group_of_the_root, SEVERAL },
		{ "all", 2, .after = other_group_everywhere, OTHER_GROUP },
		{ "none", 2, .after = no_group, OTHER_GROUP },
		{ "none between", 2, .after = no_group_between, SEVERAL },
		{ "none of the root", 2, .after = root_without_group, SEVERAL },
	};

	CHECK_RULES(rules);
}

TEST(links)
{
	static const struct rule rules[] = {
		{ "no roles", 2, .after = no_roles, LACKS },
		{ "no classifiers", 2, .after = no_classifiers, LACKS },
		{ "no issuer", 2, .after = no_issuer, NO_CHAIN },
		{ "another issuer", 2, other_issuer, NO_CHAIN },
		{ "another name of the issuer", 2, issuer_of_other_classifier,
		  NO_CHAIN },
		{ "nothing", 0, .after = nothing,
		  UNTRUSTED("a chain has 0 roots instead of one") },
		{ "only a root", 0, UNTRUSTED("a chain has no membership") },
		{ "no root", 2, .after = no_root,
		  UNTRUSTED("a chain has 0 roots instead of one") },
		{ "no first", 2, .after = no_first, NO_CHAIN },
		{ "no link", 3, .after = no_link, NO_CHAIN },
		{ "two leaves", 3, two_leaves, NO_CHAIN },
		{ "two roots", 2, two_roots,
		  UNTRUSTED("a chain has 2 roots instead of one") },
		{ "an identity", 2, identity, NO_CHAIN },
		{ "an identity with an issuer", 2,
		  .after = identity_with_issuer,
		  UNTRUSTED("a certificate of a chain is no membership") },
		{ "root with issuer", 2, .after = root_with_issuer,
		  .hr = S_OK },
	};

	CHECK_RULES(rules);
}

TEST(roles_of_version_1_0)
{
	struct chain *chain;
	struct plan plan;

	plan_init(&plan, PG_PROFILE_WINDOWS, 3, ROLE_MEMBER);
	plan.specs[2].roles = ROLE_INVITING;
	plan_make(&plan);
	chain = read_plan(&plan);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(S_OK, chain_validate(chain));
	EXPECT_EQ(S_OK, chain_validate_roles(chain, V1_0 | ROLE_INVITING));
	EXPECT_EQ(PEER_E_INVITATION_NOT_TRUSTED,
		  chain_validate_roles(chain, V1_0));
	EXPECT_STREQ("a role does not exist in groups of this version",
		     pg_hresult_text(PEER_E_INVITATION_NOT_TRUSTED));
	chain_free(chain);
	plan_free(&plan);
	EXPECT_CLEAN();
}

/* Times */

static HRESULT check_time(const struct plan *plan, int64_t now)
{
	struct chain *chain = read_plan(plan);
	HRESULT hr = chain_validate_time(chain, now);

	chain_free(chain);
	return hr;
}

/* Each certificate in turn is the one whose time is shortest. */
TEST(times)
{
	struct plan plan;
	size_t i;

	for (i = 0; i < 3; i++) {
		plan_init(&plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
		plan.specs[i].from = NOW;
		plan.specs[i].until = NOW + 10;
		plan_make(&plan);
		EXPECT_EQ(S_OK, plan_check(&plan));
		EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
			  check_time(&plan, NOW - 1));
		EXPECT_STREQ("the membership is not valid yet",
			     pg_hresult_text(PEER_E_INVALID_TIME_PERIOD));
		EXPECT_EQ(S_OK, check_time(&plan, NOW));
		EXPECT_EQ(S_OK, check_time(&plan, NOW + 10));
		EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
			  check_time(&plan, NOW + 11));
		EXPECT_STREQ("the membership is not valid any more",
			     pg_hresult_text(PEER_E_INVALID_TIME_PERIOD));
		plan_free(&plan);
	}
	EXPECT_CLEAN();
}

/* A child outlives its issuer; both are never valid together. */
TEST(time_that_is_empty)
{
	int64_t from, until;
	struct chain *chain;
	struct plan plan;

	plan_init(&plan, PG_PROFILE_WINDOWS, 2, ROLE_MEMBER);
	plan.specs[1].until = NOW;
	plan.specs[2].from = NOW + 1;
	plan_make(&plan);
	chain = read_plan(&plan);
	ASSERT_NE(NULL, chain);
	chain_validity(chain, &from, &until);
	EXPECT_EQ(NOW + 1, from);
	EXPECT_EQ(NOW, until);
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD, chain_validate_time(chain, NOW));
	EXPECT_EQ(PEER_E_INVALID_TIME_PERIOD,
		  chain_validate_time(chain, NOW + 1));
	chain_free(chain);
	plan_free(&plan);
	EXPECT_CLEAN();
}

/* Identities */

static HRESULT check_cert(X509 *cert)
{
	static struct der der;
	HRESULT hr;

	pki_container(&cert, 1, &der);
	hr = pki_check_identity(der.bytes, der.len);
	X509_free(cert);
	return hr;
}

TEST(identities)
{
	EVP_PKEY *other = pki_key(PG_PROFILE_WINDOWS, 1);
	struct plan plan;
	X509 *cert;

	cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	EXPECT_EQ(S_OK, check_cert(cert));

	cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	pki_sign(cert, other, NID_sha1);
	EXPECT_EQ(NTE_BAD_SIGNATURE, check_cert(cert));

	cert = pki_identity(PG_PROFILE_WINDOWS, 0, "x");
	ext_replace_name(cert, OID_SUBJECT_NAME, FOREIGN);
	pki_sign(cert, pki_key(PG_PROFILE_WINDOWS, 0), NID_sha1);
	EXPECT_EQ(NTE_BAD_KEY, check_cert(cert));

	plan_init(&plan, PG_PROFILE_WINDOWS, 1, ROLE_MEMBER);
	plan_make(&plan);
	EXPECT_EQ(CRYPT_E_ASN1_ERROR, check_cert(plan.certs[0]));
	EXPECT_EQ(CRYPT_E_ASN1_ERROR, check_cert(plan.certs[1]));
	EXPECT_CLEAN();
}

TEST(identity_is_the_only_one)
{
	static struct der der;
	X509 *certs[2];
	size_t i;

	for (i = 0; i < 2; i++)
		certs[i] = pki_identity(PG_PROFILE_WINDOWS, i, "x");
	for (i = 0; i < 3; i++) {
		pki_container(certs, i, &der);
		EXPECT_EQ(i == 1 ? S_OK : CRYPT_E_BAD_ENCODE,
			  pki_check_identity(der.bytes, der.len));
	}
	X509_free(certs[0]);
	X509_free(certs[1]);
	EXPECT_CLEAN();
}

TEST_HARNESS_MAIN
