// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identities, by the functions that programs call. None of them needs the
 * kernel, or PeerGroupStartup().
 */
#include <p2p.h>
#include <peergroup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../own_store.h"
#include <kselftest_harness.h>

#define NOBODY 65534
#define JUNK ((PWSTR)0x5a5a5a5a)

/* Nobody has this one. */
#define STRANGER L"6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe"

FIXTURE(identity) {
	PWSTR name;
	PWSTR text;
};

FIXTURE_SETUP(identity)
{
	self->name = NULL;
	self->text = NULL;
}

FIXTURE_TEARDOWN(identity)
{
	PeerFreeData(self->name);
	PeerFreeData(self->text);
}

static PWSTR make(PCWSTR classifier, PCWSTR friendly)
{
	PWSTR name = NULL;

	return PeerIdentityCreate(classifier, friendly, 0, &name) ? NULL : name;
}

static bool friendly_is(PCWSTR name, PCWSTR expected)
{
	PWSTR friendly;
	bool same;

	if (PeerIdentityGetFriendlyName(name, &friendly))
		return false;
	same = !wcscmp(friendly, expected);
	PeerFreeData(friendly);
	return same;
}

/* The number of identities, and whether one of them is this. */
static ULONG identities(PCWSTR name, bool *there)
{
	HPEERENUM list;
	ULONG i, n = 0;
	PVOID *items;

	*there = false;
	if (PeerEnumIdentities(&list) || PeerGetItemCount(list, &n) ||
	    PeerGetNextItem(list, &n, &items))
		return ~0U;
	for (i = 0; i < n; i++) {
		const PEER_NAME_PAIR *pair = items[i];

		if (pair->dwSize == sizeof(*pair) &&
		    !wcscmp(pair->pwzPeerName, name))
			*there = true;
	}
	PeerFreeData(items);
	PeerEndEnumeration(list);
	return n;
}

/* The one file of the only identity of a store. */
static void only_file(char *path, size_t size)
{
	char command[256];
	FILE *list;

	snprintf(command, sizeof(command), "echo %s/identities/*",
		 getenv("PEERGROUP_HOME"));
	list = popen(command, "r");
	if (!fgets(path, size, list))
		path[0] = '\0';
	path[strcspn(path, "\n")] = '\0';
	pclose(list);
}

TEST_F(identity, life)
{
	bool there;

	own_store_use("life");
	self->name = make(L"user.1", L"User One");
	ASSERT_NE(NULL, self->name);
	EXPECT_EQ(40, wcsspn(self->name, L"0123456789abcdef"));
	EXPECT_EQ(0, wcscmp(L".user.1", self->name + 40));
	EXPECT_TRUE(friendly_is(self->name, L"User One"));
	EXPECT_EQ(1, identities(self->name, &there));
	EXPECT_TRUE(there);

	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(self->name, L"Other"));
	EXPECT_TRUE(friendly_is(self->name, L"Other"));
	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(self->name, NULL));
	EXPECT_TRUE(friendly_is(self->name, self->name));
	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(self->name, L"Other"));
	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(self->name, L""));
	EXPECT_TRUE(friendly_is(self->name, self->name));

	EXPECT_EQ(S_OK, PeerIdentityDelete(self->name));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityDelete(self->name));
	EXPECT_EQ(0, identities(self->name, &there));
}

TEST_F(identity, longest_names)
{
	wchar_t classifier[151], friendly[257];

	wmemset(classifier, 0xfffd, 150);
	wmemset(friendly, 0xfffd, 256);
	classifier[149] = L'\0';
	friendly[255] = L'\0';
	self->name = make(classifier, friendly);
	ASSERT_NE(NULL, self->name);
	EXPECT_EQ(190, wcslen(self->name));
	EXPECT_TRUE(friendly_is(self->name, friendly));

	/* Two units in one character. */
	friendly[254] = 0x1f600;
	EXPECT_EQ(E_INVALIDARG,
		  PeerIdentitySetFriendlyName(self->name, friendly));
	friendly[253] = 0x1f600;
	friendly[254] = L'\0';
	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(self->name, friendly));
	EXPECT_TRUE(friendly_is(self->name, friendly));

	classifier[149] = L'x';
	classifier[150] = L'\0';
	self->text = JUNK;
	EXPECT_EQ(E_INVALIDARG,
		  PeerIdentityCreate(classifier, NULL, 0, &self->text));
	EXPECT_EQ(NULL, self->text);
}

TEST_F(identity, create_refuses)
{
	static const wchar_t *const control[] = {
		L"\n", L"a\x7f", L"\x85", L"\xfffe", L"\xffff",
	};
	static const wchar_t *const invalid[] = {
		L"\xd800", L"a\xdfff", L"\x110000",
	};
	size_t i;

	EXPECT_EQ(E_INVALIDARG, PeerIdentityCreate(L"x", NULL, 0, NULL));
	self->text = JUNK;
	EXPECT_EQ(E_INVALIDARG, PeerIdentityCreate(L"x", NULL, 1, &self->text));
	EXPECT_EQ(NULL, self->text);
	for (i = 0; i < ARRAY_SIZE(control); i++) {
		EXPECT_EQ(PEER_E_INVALID_CLASSIFIER,
			  PeerIdentityCreate(control[i], NULL, 0, &self->text));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityCreate(NULL, control[i], 0, &self->text));
	}
	for (i = 0; i < ARRAY_SIZE(invalid); i++) {
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityCreate(invalid[i], NULL, 0, &self->text));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityCreate(NULL, invalid[i], 0, &self->text));
	}
}

TEST_F(identity, names_are_checked)
{
	static const wchar_t *const bad[] = {
		L"", L"x", L"0.x", L"6520C005f63fc1864b7d8f3cabebd4916ae7f33d.x",
		L"6520c005f63fc1864b7d8f3cabebd4916ae7f33d", L"\xd800",
	};
	size_t i;

	EXPECT_EQ(E_INVALIDARG, PeerIdentityDelete(NULL));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(E_INVALIDARG, PeerIdentityDelete(bad[i]));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityGetFriendlyName(bad[i], &self->text));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentitySetFriendlyName(bad[i], L"x"));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityGetXML(bad[i], &self->text));
		EXPECT_EQ(E_INVALIDARG,
			  PeerIdentityExport(bad[i], L"x", &self->text));
	}
}

TEST_F(identity, not_found)
{
	self->text = JUNK;
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityDelete(STRANGER));
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerIdentityGetFriendlyName(STRANGER, &self->text));
	EXPECT_EQ(NULL, self->text);
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentitySetFriendlyName(STRANGER, L"x"));
	self->text = JUNK;
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityGetXML(STRANGER, &self->text));
	EXPECT_EQ(NULL, self->text);
	self->text = JUNK;
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerIdentityExport(STRANGER, L"x", &self->text));
	EXPECT_EQ(NULL, self->text);
	EXPECT_NE(NULL, strstr(pg_hresult_text(PEER_E_NOT_FOUND), "JohnDoe"));
}

/* Only those functions make the default identity that are to. */
TEST_F(identity, default_is_made_once)
{
	PWSTR again;
	bool there;

	own_store_use("default");
	EXPECT_EQ(PEER_E_NOT_FOUND,
		  PeerIdentityGetFriendlyName(NULL, &self->text));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentitySetFriendlyName(NULL, L"x"));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityGetXML(NULL, &self->text));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityExport(NULL, L"x", &self->text));
	EXPECT_EQ(0, identities(L"", &there));
	/* Not even the store itself. */
	EXPECT_NE(0, access(getenv("PEERGROUP_HOME"), F_OK));

	EXPECT_EQ(E_INVALIDARG, PeerIdentityGetDefault(NULL));
	ASSERT_EQ(S_OK, PeerIdentityGetDefault(&self->name));
	ASSERT_EQ(S_OK, PeerIdentityGetDefault(&again));
	EXPECT_EQ(0, wcscmp(self->name, again));
	PeerFreeData(again);
	EXPECT_EQ(1, identities(self->name, &there));
	EXPECT_TRUE(there);
	EXPECT_EQ(S_OK, PeerIdentitySetFriendlyName(NULL, L"me"));
	EXPECT_TRUE(friendly_is(NULL, L"me"));

	/* Once it is deleted, another one takes its place. */
	ASSERT_EQ(S_OK, PeerIdentityDelete(self->name));
	EXPECT_EQ(PEER_E_NOT_FOUND, PeerIdentityGetXML(NULL, &self->text));
	ASSERT_EQ(S_OK, PeerIdentityGetDefault(&again));
	EXPECT_NE(0, wcscmp(self->name, again));
	PeerFreeData(again);
}

TEST_F(identity, peer_names)
{
	static const struct {
		const wchar_t *identity, *classifier, *expected;
	} good[] = {
		{ NULL, L"MyUnsecuredPeerName", L"0.MyUnsecuredPeerName" },
		{ NULL, L"JohnDoe.Games", L"0.JohnDoe.Games" },
		{ NULL, L"", L"0." },
		{ L"0.a", L"b", L"0.b" },
		{ L"0.a", NULL, L"0.a" },
		{ STRANGER, NULL, STRANGER },
		{ STRANGER, L"x",
		  L"6520c005f63fc1864b7d8f3cabebd4916ae7f33d.x" },
		{ STRANGER, L"",
		  L"6520c005f63fc1864b7d8f3cabebd4916ae7f33d." },
	};
	wchar_t longest[151];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ASSERT_EQ(S_OK, PeerCreatePeerName(good[i].identity,
						   good[i].classifier,
						   &self->text));
		EXPECT_EQ(0, wcscmp(good[i].expected, self->text));
		PeerFreeData(self->text);
		self->text = NULL;
	}
	EXPECT_EQ(E_INVALIDARG, PeerCreatePeerName(NULL, NULL, &self->text));
	EXPECT_EQ(E_INVALIDARG, PeerCreatePeerName(NULL, L"x", NULL));
	EXPECT_EQ(E_INVALIDARG, PeerCreatePeerName(L"x", L"y", &self->text));
	EXPECT_EQ(PEER_E_INVALID_CLASSIFIER,
		  PeerCreatePeerName(NULL, L"\n", &self->text));
	wmemset(longest, L'x', 150);
	longest[150] = L'\0';
	EXPECT_EQ(E_INVALIDARG, PeerCreatePeerName(NULL, longest, &self->text));
	longest[149] = L'\0';
	EXPECT_EQ(S_OK, PeerCreatePeerName(NULL, longest, &self->text));
	/* What it points to would be lost. */
	EXPECT_EQ(E_INVALIDARG, PeerCreatePeerName(NULL, L"x", &self->text));
}

TEST_F(identity, export_and_import)
{
	PWSTR again = JUNK;
	bool there;

	own_store_use("export");
	self->name = make(L"traveller", L"T");
	ASSERT_NE(NULL, self->name);
	EXPECT_EQ(E_INVALIDARG,
		  PeerIdentityExport(self->name, NULL, &self->text));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityExport(self->name, L"",
						   &self->text));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityExport(self->name, L"x", NULL));
	ASSERT_EQ(S_OK, PeerIdentityExport(self->name, L"p\u00e4ss",
					   &self->text));
	EXPECT_EQ(PEER_E_ALREADY_EXISTS,
		  PeerIdentityImport(self->text, L"p\u00e4ss", &again));
	EXPECT_EQ(NULL, again);

	own_store_use("import");
	EXPECT_EQ(E_INVALIDARG,
		  PeerIdentityImport(self->text, L"pass", &again));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(self->text, NULL, &again));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(NULL, L"x", &again));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(L"", L"x", &again));
	EXPECT_EQ(0, identities(L"", &there));
	ASSERT_EQ(S_OK, PeerIdentityImport(self->text, L"p\u00e4ss", &again));
	EXPECT_EQ(0, wcscmp(self->name, again));
	PeerFreeData(again);
	EXPECT_TRUE(friendly_is(self->name, L"T"));
}

/* The name outside the encrypted part is as good as signed. */
TEST_F(identity, altered_export)
{
	PWSTR again = JUNK, at;

	self->name = make(L"victim", NULL);
	ASSERT_EQ(S_OK, PeerIdentityExport(self->name, L"x", &self->text));
	own_store_use("altered");
	at = wcsstr(self->text, L"victim");
	ASSERT_NE(NULL, at);
	*at = L'V';
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(self->text, L"x", &again));
	EXPECT_EQ(NULL, again);
	*at = L'v';
	at = wcsstr(self->text, L"</DATA>");
	ASSERT_NE(NULL, at);
	at[-100] = at[-100] == L'A' ? L'B' : L'A';
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(self->text, L"x", &again));
}

/* Weak keys come in only where they were asked for. */
TEST_F(identity, profile_of_import)
{
	PWSTR again;

	own_store_use("weak");
	ASSERT_EQ(0, pg_set_profile(PG_PROFILE_WINDOWS));
	self->name = make(L"weak", NULL);
	ASSERT_EQ(S_OK, PeerIdentityExport(self->name, L"x", &self->text));
	own_store_use("strong");
	ASSERT_EQ(0, pg_set_profile(PG_PROFILE_DEFAULT));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityImport(self->text, L"x", &again));
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_INVALIDARG), "windows"));
	ASSERT_EQ(0, pg_set_profile(PG_PROFILE_WINDOWS));
	EXPECT_EQ(S_OK, PeerIdentityImport(self->text, L"x", &again));
	PeerFreeData(again);
	EXPECT_EQ(-EINVAL, pg_set_profile(0));
	EXPECT_EQ(-EINVAL, pg_set_profile(3));
}

TEST_F(identity, too_many)
{
	char path[256];
	int i;

	own_store_use("many");
	self->name = make(NULL, NULL);
	ASSERT_NE(NULL, self->name);
	for (i = 1; i < 1024; i++) {
		snprintf(path, sizeof(path), "%s/identities/%d",
			 getenv("PEERGROUP_HOME"), i);
		ASSERT_EQ(0, mknod(path, S_IFREG | 0600, 0));
	}
	EXPECT_EQ(PEER_E_TOO_MANY_IDENTITIES,
		  PeerIdentityCreate(NULL, NULL, 0, &self->text));
	EXPECT_EQ(PEER_E_TOO_MANY_IDENTITIES,
		  PeerIdentityGetDefault(&self->text));
	unlink(path);
	EXPECT_EQ(S_OK, PeerIdentityGetDefault(&self->text));
}

static HRESULT friendly_of(PCWSTR name)
{
	PWSTR friendly;
	HRESULT hr = PeerIdentityGetFriendlyName(name, &friendly);

	PeerFreeData(friendly);
	return hr;
}

TEST_F(identity, keys_that_others_can_read)
{
	char path[256];
	bool there;

	own_store_use("open");
	self->name = make(L"open", NULL);
	only_file(path, sizeof(path));
	ASSERT_EQ(0, chmod(path, 0640));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, friendly_of(self->name));
	EXPECT_NE(NULL, strstr(pg_hresult_text(PEER_E_NO_KEY_ACCESS),
			       strrchr(path, '/')));
	EXPECT_EQ(0, identities(self->name, &there));
	ASSERT_EQ(0, chmod(path, 0600));
	EXPECT_EQ(S_OK, friendly_of(self->name));
	ASSERT_EQ(0, chmod(getenv("PEERGROUP_HOME"), 0701));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, friendly_of(self->name));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, PeerIdentityDelete(self->name));
	ASSERT_EQ(0, chmod(getenv("PEERGROUP_HOME"), 0700));
	EXPECT_EQ(S_OK, friendly_of(self->name));
}

TEST_F(identity, keys_that_cannot_be_read)
{
	char path[256];
	int status;
	pid_t pid;

	own_store_use("closed");
	if (geteuid() == 0) {
		ASSERT_EQ(0, chmod(own_store_root(), 0711));
		ASSERT_EQ(0, mkdir(getenv("PEERGROUP_HOME"), 0700));
		ASSERT_EQ(0, chown(getenv("PEERGROUP_HOME"), NOBODY, NOBODY));
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(99);
		self->name = make(L"closed", NULL);
		only_file(path, sizeof(path));
		EXPECT_EQ(0, chmod(path, 0));
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, friendly_of(self->name));
		_exit(_metadata->exit_code ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* As with sudo: what would be made there would not be its owner's. */
TEST_F(identity, home_of_another)
{
	char home[256], local[300];

	if (geteuid())
		SKIP(return, "only root can give a directory away");
	snprintf(home, sizeof(home), "%s/another", own_store_root());
	snprintf(local, sizeof(local), "%s/.local", home);
	ASSERT_EQ(0, mkdir(home, 0700));
	ASSERT_EQ(0, chown(home, NOBODY, NOBODY));
	unsetenv("PEERGROUP_HOME");
	unsetenv("XDG_DATA_HOME");
	setenv("HOME", home, 1);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS,
		  PeerIdentityCreate(NULL, NULL, 0, &self->text));
	EXPECT_NE(0, access(local, F_OK));
	/* What was asked for by name is made. */
	snprintf(local, sizeof(local), "%s/chosen", home);
	setenv("PEERGROUP_HOME", local, 1);
	EXPECT_EQ(S_OK, PeerIdentityCreate(NULL, NULL, 0, &self->text));
	PeerFreeData(self->text);
	unsetenv("PEERGROUP_HOME");
	snprintf(local, sizeof(local), "%s/.local", home);
	ASSERT_EQ(0, chown(home, 0, 0));
	EXPECT_EQ(S_OK, PeerIdentityCreate(NULL, NULL, 0, &self->text));
	EXPECT_EQ(0, access(local, F_OK));
}

/* Nothing else is lost, and what is left of the file is not touched. */
TEST_F(identity, damaged_file)
{
	struct stat before, after;
	char path[256];
	bool there;
	PWSTR other;

	own_store_use("damaged");
	self->name = make(L"damaged", NULL);
	only_file(path, sizeof(path));
	ASSERT_EQ(0, truncate(path, 1000));
	ASSERT_EQ(0, stat(path, &before));
	other = make(L"other", NULL);

	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, friendly_of(self->name));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
		  PeerIdentitySetFriendlyName(self->name, L"x"));
	EXPECT_EQ(1, identities(other, &there));
	EXPECT_TRUE(there);
	EXPECT_EQ(S_OK, friendly_of(other));
	ASSERT_EQ(0, stat(path, &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	EXPECT_EQ(1000, after.st_size);
	/* It can be got rid of. */
	EXPECT_EQ(S_OK, PeerIdentityDelete(self->name));
	PeerFreeData(other);
}

/* Each octet of a file: what was altered is found out, or means the same. */
TEST_F(identity, altered_file)
{
	unsigned char octet;
	char path[256];
	long at, size;
	HRESULT hr;
	FILE *file;

	own_store_use("octets");
	self->name = make(L"octets", L"friend");
	only_file(path, sizeof(path));
	file = fopen(path, "r+");
	ASSERT_NE(NULL, file);
	setbuf(file, NULL);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	for (at = 0; at < size; at++) {
		fseek(file, at, SEEK_SET);
		octet = fgetc(file);
		fseek(file, at, SEEK_SET);
		fputc(octet ^ 1, file);
		hr = friendly_of(self->name);
		EXPECT_TRUE(hr == PEER_E_CERT_STORE_CORRUPTED ||
			    friendly_is(self->name, L"friend"));
		fseek(file, at, SEEK_SET);
		fputc(octet, file);
	}
	fclose(file);
	EXPECT_EQ(S_OK, friendly_of(self->name));
}

/* Who can be seen can be used. */
TEST_F(identity, copied_file)
{
	char path[256], command[600];
	bool there;

	own_store_use("copied");
	self->name = make(L"copied", NULL);
	only_file(path, sizeof(path));
	snprintf(command, sizeof(command), "cp -p %s %s.old", path, path);
	ASSERT_EQ(0, system(command));
	EXPECT_EQ(1, identities(self->name, &there));
	EXPECT_TRUE(there);
}

/* The file of one identity in the place of another one's. */
TEST_F(identity, exchanged_files)
{
	char first[256], second[256];
	PWSTR other;

	own_store_use("exchanged");
	self->name = make(L"same", NULL);
	only_file(first, sizeof(first));
	own_store_use("exchanged2");
	other = make(L"same", NULL);
	only_file(second, sizeof(second));
	ASSERT_EQ(0, rename(first, second));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, friendly_of(other));
	PeerFreeData(other);
}

#define PROCESSES 200

/* Tells the default identity, which all make at once, through a pipe. */
static bool come_and_go(int fd)
{
	PWSTR name = make(L"mayfly", L"mayfly"), chosen;
	bool done;

	done = name && friendly_is(name, L"mayfly") &&
	       PeerIdentityGetDefault(&chosen) == S_OK &&
	       write(fd, chosen, 41 * sizeof(*chosen)) > 0 &&
	       PeerIdentitySetFriendlyName(name, L"other") == S_OK &&
	       friendly_is(name, L"other") &&
	       PeerIdentityDelete(name) == S_OK &&
	       friendly_of(name) == PEER_E_NOT_FOUND;
	return done;
}

TEST_F_TIMEOUT(identity, many_processes, 240)
{
	wchar_t first[41], chosen[41];
	int i, status, fds[2];
	bool there;

	own_store_use("processes");
	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!come_and_go(fds[1]));
	}
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(sizeof(first), read(fds[0], first, sizeof(first)));
	for (i = 1; i < PROCESSES; i++) {
		ASSERT_EQ(sizeof(chosen), read(fds[0], chosen, sizeof(chosen)));
		EXPECT_EQ(0, memcmp(first, chosen, sizeof(first)));
	}
	first[40] = L'.';
	ASSERT_EQ(S_OK, PeerIdentityGetDefault(&self->name));
	EXPECT_EQ(0, wcsncmp(self->name, first, 41));
	EXPECT_EQ(1, identities(self->name, &there));
	EXPECT_TRUE(there);
}

TEST_F(identity, texts)
{
	static const struct {
		HRESULT hr;
		const char *text;
	} known[] = {
		{ S_OK, "success" },
		{ PEER_E_GROUPS_EXIST, "the identity is still a member of groups" },
		{ (HRESULT)0x80631005, "error 0x80631005" },
	};
	size_t i;

	EXPECT_EQ(E_INVALIDARG, PeerIdentityGetDefault(NULL));
	EXPECT_STREQ("an argument is not valid", pg_hresult_text(E_INVALIDARG));
	EXPECT_EQ(E_INVALIDARG, PeerIdentityDelete(L"x"));
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_INVALIDARG), "hex digits"));
	for (i = 0; i < ARRAY_SIZE(known); i++)
		EXPECT_STREQ(known[i].text, pg_hresult_text(known[i].hr));
	/* What was said of an earlier call is forgotten with the next one. */
	EXPECT_EQ(E_INVALIDARG, PeerIdentityGetDefault(NULL));
	EXPECT_STREQ("an argument is not valid", pg_hresult_text(E_INVALIDARG));
}

TEST_HARNESS_MAIN
