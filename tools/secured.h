/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that are clients of <p2p.h> share: identities, secured groups
 * and invitations.
 *
 * What returns bool, and not whether something is so, has reported why before
 * it returns false.
 */
#ifndef PEERGROUP_TOOL_SECURED_H
#define PEERGROUP_TOOL_SECURED_H

#include "p2p.h"
#include "tool.h"

/* session.c: begin, fail and end. */

void args_profile(struct args *args, const struct param *param);
bool session_start(const struct args *args);
void session_end(void);
enum status refused_with(HRESULT hr);
enum status out_of_memory(void);

/* wide.c: strings of the library. Copies are freed. */

wchar_t *args_wide(struct args *args, const char *word);
wchar_t *wide_from(const char *text);
char *wide_to(const wchar_t *wide);

/* find.c: what a word names. */

/* The user's identities, or the groups of one; freed in every case. */
struct pairs {
	PEER_NAME_PAIR **items;
	ULONG n;
};

struct member {
	wchar_t *identity;
	wchar_t *group;
};

bool pairs_of_identities(struct pairs *pairs);
void pairs_free(struct pairs *pairs);
bool is_secured(const wchar_t *name);
bool identity_find(const wchar_t *word, wchar_t **identity);
bool identity_param(struct args *args, const struct param *param,
		    wchar_t **identity);
bool member_find(const wchar_t *identity, const wchar_t *word,
		 struct member *member);
void member_free(struct member *member);

/* filetime.c: times. */

/* Room for any of them as text. */
#define FILETIME_SIZE 48

void args_until(struct args *args, const struct param *param, FILETIME *time);
void filetime_format(FILETIME time, char *out);

/* file.c: files with texts. */

wchar_t *file_read(const char *path);
bool file_create(const char *path, const char *text);

/* password.c */

#define PASSWORD_MAX 1023	/* bytes */

struct password {
	wchar_t text[PASSWORD_MAX + 1];
};

bool password_get(const struct param *file, bool twice,
		  struct password *password);

/* result.c: what a command made, alone or as an object. */

enum status result_name(const struct args *args, const wchar_t *name);
enum status result_text(const struct args *args, const char *key,
			const wchar_t *text);

/* sheet.c: one record with its fields, as lines or as an object. */

struct sheet {
	const struct args *args;
	struct json object;
	bool failed;
};

/* The i-th of some texts, to be freed; NULL without memory. */
typedef char *(*sheet_item)(const void *from, size_t i);

void sheet_start(struct sheet *sheet, const struct args *args);
void sheet_text(struct sheet *sheet, const char *key, const char *value);
void sheet_wide(struct sheet *sheet, const char *key, const wchar_t *value);
void sheet_list(struct sheet *sheet, const char *key, size_t n,
		sheet_item item, const void *from);
enum status sheet_end(struct sheet *sheet);

/* invitation.c */

const char *role_name(const PEER_ROLE_ID *id);

/* invitation_print.c */

enum status invitation_print(const struct args *args,
			     const PEER_INVITATION_INFO *info);

/* secured.c: commands of groups. */

enum status group_create(struct args *args);
enum status group_join(struct args *args);
enum status group_del(struct args *args);

/* group.c: the module's group alone. */

enum status group_del_plain(const struct args *args, const char *name);

#endif /* PEERGROUP_TOOL_SECURED_H */
