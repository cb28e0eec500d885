// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup invitation: make and show invitations to secured groups.
 */
#include <stdlib.h>
#include <string.h>

#include "secured.h"

static const char help[] =
"Usage: peergroup invitation create GROUP for FILE [ as IDENTITY ]\n"
"                                   [ role admin|inviting|member ]\n"
"                                   [ until TIME ] [ profile P ]\n"
"       peergroup invitation show FILE [ profile P ]\n"
"where  GROUP := { peer name | classifier, if just one membership fits }\n"
"       IDENTITY := { peer name | classifier, if just one identity has it }\n"
"       TIME := { 2031-12-31 | 2031-12-31T23:59:59Z | +12h | +30d | +1y }\n"
"       P := { default | windows }\n"
"\n"
"\"create\" prints a text that makes a member of whom FILE describes, which is what\n"
"\"identity xml\" printed for him. IDENTITY is the member who invites; without it,\n"
"the only one of the user that is a member. TIME is UTC, a day ends the\n"
"invitation as it begins, a year has 365 days; without it the membership lasts\n"
"as long as that of who invites. The role is member if none is given.\n"
"\n"
"\"show\" prints what an invitation says, which is checked, but for whether it is\n"
"valid now. FILE may be \"-\", which is stdin.\n";

static const struct {
	const char *name;
	const PEER_ROLE_ID *id;
} roles[] = {
	{ "member", &PEER_GROUP_ROLE_MEMBER },
	{ "inviting", &PEER_GROUP_ROLE_INVITING_MEMBER },
	{ "admin", &PEER_GROUP_ROLE_ADMIN },
};

/* What is asked for; until is NULL if nothing is. */
struct request {
	const wchar_t *group;
	wchar_t *guest;
	const PEER_ROLE_ID *role;
	FILETIME *until;
};

static const PEER_ROLE_ID *args_role(struct args *args,
				     const struct param *param)
{
	size_t i;

	if (!param->value)
		return &PEER_GROUP_ROLE_MEMBER;
	for (i = 0; i < ARRAY_SIZE(roles); i++)
		if (!strcmp(roles[i].name, param->value))
			return roles[i].id;
	usage_error(args, param->value,
		    "role must be admin, inviting or member");
}

/* NULL for one that is none of ours. */
const char *role_name(const PEER_ROLE_ID *id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roles); i++)
		if (!memcmp(roles[i].id, id, sizeof(*id)))
			return roles[i].name;
	return NULL;
}

static enum status invite(const struct args *args,
			  const struct request *request,
			  const struct member *member)
{
	enum status status;
	PWSTR invitation;
	HGROUP group;
	HRESULT hr;

	hr = PeerGroupOpen(member->identity, member->group, NULL, &group);
	if (SUCCEEDED(hr))
		hr = PeerGroupCreateInvitation(group, request->guest,
					       request->until, 1,
					       request->role, &invitation);
	if (FAILED(hr))
		return refused_with(hr);
	status = result_text(args, "xml", invitation);
	PeerFreeData(invitation);
	return status;
}

static enum status find_and_invite(struct args *args,
				   const struct request *request,
				   const struct param *as)
{
	enum status status = STATUS_REFUSED;
	struct member member;
	wchar_t *identity;

	if (!identity_param(args, as, &identity))
		return STATUS_REFUSED;
	if (member_find(identity, request->group, &member)) {
		if (member.group)
			status = invite(args, request, &member);
		else
			status = refused("no membership in such a group");
	}
	member_free(&member);
	free(identity);
	return status;
}

static enum status invitation_create(struct args *args)
{
	enum { FOR, AS, ROLE, UNTIL, PROFILE };
	struct param params[] = {
		[FOR] = { .keyword = "for" },
		[AS] = { .keyword = "as" },
		[ROLE] = { .keyword = "role" },
		[UNTIL] = { .keyword = "until" },
		[PROFILE] = { .keyword = "profile" },
	};
	wchar_t *group = args_wide(args, args_need(args, "GROUP"));
	struct request request = { .group = group };
	enum status status = STATUS_REFUSED;
	FILETIME until;

	args_params(args, params, ARRAY_SIZE(params));
	args_require(args, &params[FOR]);
	args_profile(args, &params[PROFILE]);
	request.role = args_role(args, &params[ROLE]);
	if (params[UNTIL].value) {
		args_until(args, &params[UNTIL], &until);
		request.until = &until;
	}
	request.guest = file_read(params[FOR].value);
	if (request.guest && session_start(args)) {
		status = find_and_invite(args, &request, &params[AS]);
		session_end();
	}
	free(request.guest);
	free(group);
	return status;
}

static enum status show(const struct args *args, const wchar_t *invitation)
{
	PEER_INVITATION_INFO *info;
	enum status status;
	HRESULT hr;

	hr = PeerGroupParseInvitation(invitation, &info);
	if (FAILED(hr))
		return refused_with(hr);
	status = invitation_print(args, info);
	PeerFreeData(info);
	return status;
}

static enum status invitation_show(struct args *args)
{
	struct param profile = { .keyword = "profile" };
	const char *path = args_need(args, "FILE");
	enum status status = STATUS_REFUSED;
	wchar_t *invitation;

	args_params(args, &profile, 1);
	args_profile(args, &profile);
	invitation = file_read(path);
	if (invitation && session_start(args)) {
		status = show(args, invitation);
		session_end();
	}
	free(invitation);
	return status;
}

static const struct command commands[] = {
	{ "show", invitation_show },
	{ "create", invitation_create },
};

const struct object object_invitation = {
	.name = "invitation",
	.help = help,
	.commands = commands,
	.n = ARRAY_SIZE(commands),
};
