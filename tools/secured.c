// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of peergroup group for secured groups, which an identity uses by
 * its membership: make one, become a member, and cease to be.
 */
#include <stdlib.h>

#include "secured.h"

/* What Windows documents, and the library, as defaults; in seconds. */
#define MEMBER_DATA_LIFETIME 2419200
#define PRESENCE_LIFETIME 300

static enum status print_group(const struct args *args, HGROUP group)
{
	PEER_GROUP_PROPERTIES *properties;
	enum status status;
	HRESULT hr;

	hr = PeerGroupGetProperties(group, &properties);
	if (FAILED(hr))
		return refused_with(hr);
	status = result_name(args, properties->pwzGroupPeerName);
	PeerFreeData(properties);
	return status;
}

static enum status create(const struct args *args,
			  PEER_GROUP_PROPERTIES *properties)
{
	enum status status;
	HGROUP group;
	HRESULT hr;

	hr = PeerGroupCreate(properties, &group);
	if (FAILED(hr))
		return refused_with(hr);
	status = print_group(args, group);
	PeerGroupClose(group);
	return status;
}

enum status group_create(struct args *args)
{
	enum { AS, LABEL, COMMENT, PROFILE };
	struct param params[] = {
		[AS] = { .keyword = "as" },
		[LABEL] = { .keyword = "label" },
		[COMMENT] = { .keyword = "comment" },
		[PROFILE] = { .keyword = "profile" },
	};
	const char *classifier = args_need(args, "CLASSIFIER");
	PEER_GROUP_PROPERTIES properties = {
		.dwSize = sizeof(properties),
		.ulMemberDataLifetime = MEMBER_DATA_LIFETIME,
		.ulPresenceLifetime = PRESENCE_LIFETIME,
		.dwAuthenticationSchemes = PEER_GROUP_GMC_AUTHENTICATION,
	};
	enum status status = STATUS_REFUSED;

	args_params(args, params, ARRAY_SIZE(params));
	args_profile(args, &params[PROFILE]);
	properties.pwzClassifier = args_wide(args, classifier);
	properties.pwzFriendlyName = args_wide(args, params[LABEL].value);
	properties.pwzComment = args_wide(args, params[COMMENT].value);
	if (session_start(args)) {
		if (identity_param(args, &params[AS],
				   &properties.pwzCreatorPeerName))
			status = create(args, &properties);
		session_end();
	}
	free(properties.pwzClassifier);
	free(properties.pwzFriendlyName);
	free(properties.pwzComment);
	free(properties.pwzCreatorPeerName);
	return status;
}

/*
 * Only whom it is for can use an invitation, so nobody has to be told. The
 * library would take, and make, the default identity.
 */
static bool invited(const wchar_t *invitation, wchar_t **identity)
{
	PEER_INVITATION_INFO *info;
	HRESULT hr;

	hr = PeerGroupParseInvitation(invitation, &info);
	if (FAILED(hr)) {
		refused_with(hr);
		return false;
	}
	*identity = NULL;
	if (!info->pwzSubjectPeerName) {
		refused("the invitation asks for a password and invites nobody");
	} else {
		*identity = wcsdup(info->pwzSubjectPeerName);
		if (!*identity)
			out_of_memory();
	}
	PeerFreeData(info);
	return *identity;
}

static enum status join(struct args *args, const struct param *as,
			const wchar_t *invitation)
{
	enum status status;
	wchar_t *identity;
	HGROUP group;
	HRESULT hr;

	if (!identity_param(args, as, &identity))
		return STATUS_REFUSED;
	if (!identity && !invited(invitation, &identity))
		return STATUS_REFUSED;
	hr = PeerGroupJoin(identity, invitation, NULL, &group);
	free(identity);
	if (FAILED(hr))
		return refused_with(hr);
	status = print_group(args, group);
	PeerGroupClose(group);
	return status;
}

enum status group_join(struct args *args)
{
	enum { AS, PROFILE };
	struct param params[] = {
		[AS] = { .keyword = "as" },
		[PROFILE] = { .keyword = "profile" },
	};
	const char *path = args_need(args, "FILE");
	enum status status = STATUS_REFUSED;
	wchar_t *invitation;

	args_params(args, params, ARRAY_SIZE(params));
	args_profile(args, &params[PROFILE]);
	invitation = file_read(path);
	if (invitation && session_start(args)) {
		status = join(args, &params[AS], invitation);
		session_end();
	}
	free(invitation);
	return status;
}

static enum status delete(struct args *args, const char *name,
			  const struct param *as)
{
	enum status status = STATUS_REFUSED;
	wchar_t *identity, *word;
	struct member member;
	HRESULT hr;

	if (!identity_param(args, as, &identity))
		return STATUS_REFUSED;
	word = args_wide(args, name);
	if (member_find(identity, word, &member)) {
		if (member.group) {
			hr = PeerGroupDelete(member.identity, member.group);
			status = FAILED(hr) ? refused_with(hr) : STATUS_DONE;
		} else {
			/* Another's, or what is left of a lost store. */
			status = group_del_plain(args, name);
		}
	}
	member_free(&member);
	free(word);
	free(identity);
	return status;
}

/* By peer name only: what else a word may name is a plain group. */
enum status group_del(struct args *args)
{
	const char *name = args_need(args, "NAME");
	struct param as = { .keyword = "as" };
	wchar_t *word = args_wide(args, name);
	enum status status = STATUS_REFUSED;
	const bool secured = is_secured(word);

	free(word);
	args_params(args, &as, 1);
	if (!secured && as.value)
		usage_error(args, name, "a plain group has no members");
	if (!secured)
		return group_del_plain(args, name);
	if (session_start(args)) {
		status = delete(args, name, &as);
		session_end();
	}
	return status;
}
