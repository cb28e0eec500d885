// SPDX-License-Identifier: GPL-2.0-only
/*
 * A store of an ordinary user, and short ways to use it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"

static bool become_user(const char *top)
{
	if (getuid())
		return true;
	return !chown(top, HOME_USER, HOME_USER) && !setgroups(0, NULL) &&
	       !setresgid(HOME_USER, HOME_USER, HOME_USER) &&
	       !setresuid(HOME_USER, HOME_USER, HOME_USER);
}

/* In memory if possible: thousands of calls of fsync() take long. */
static bool make_top(struct home *home, const char *parent)
{
	snprintf(home->top, sizeof(home->top), "%s/peergroup-XXXXXX", parent);
	return mkdtemp(home->top);
}

bool home_make(struct home *home)
{
	if (!make_top(home, "/dev/shm") && !make_top(home, "/tmp"))
		return false;
	if (!become_user(home->top))
		return false;
	snprintf(home->store, sizeof(home->store), "%s/home", home->top);
	unsetenv("HOME");
	unsetenv("XDG_DATA_HOME");
	return !setenv("PEERGROUP_HOME", home->store, 1);
}

static int open_up(const char *path, const struct stat *st, int type,
		   struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

static int delete(const char *path, const struct stat *st, int type,
		  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void home_remove(const struct home *home)
{
	nftw(home->top, open_up, 16, FTW_PHYS);
	nftw(home->top, delete, 16, FTW_PHYS | FTW_DEPTH);
}

const char *home_path(const struct home *home, const char *below)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", home->store, below);
	return path;
}

struct store *home_lock(void)
{
	struct store *store;

	if (store_open(true, &store) != S_OK)
		return NULL;
	if (store_lock(store) == S_OK)
		return store;
	store_close(store);
	return NULL;
}

HRESULT home_put(const char *dir, const char *file, const char *text)
{
	struct store *store;
	HRESULT hr;

	hr = store_open(true, &store);
	if (hr != S_OK)
		return hr;
	hr = store_lock(store);
	if (hr == S_OK)
		hr = store_write(store, dir, file, text, strlen(text));
	store_close(store);
	return hr;
}

HRESULT home_drop(const char *dir, const char *file)
{
	struct store *store;
	HRESULT hr;

	hr = store_open(true, &store);
	if (hr != S_OK)
		return hr;
	hr = store_lock(store);
	if (hr == S_OK)
		hr = store_remove(store, dir, file);
	store_close(store);
	return hr;
}

bool home_has(const char *dir, const char *file, const char *text)
{
	struct store *store;
	char *data = NULL;
	size_t len = 0;
	HRESULT hr;
	bool has;

	if (store_open(false, &store) != S_OK)
		return false;
	hr = store_read(store, dir, file, &data, &len);
	if (text)
		has = hr == S_OK && len == strlen(text) && !strcmp(data, text);
	else
		has = hr == PEER_E_NOT_FOUND;
	store_free(data, len);
	store_close(store);
	return has;
}

static unsigned int leftovers;

static int count(const char *path, const struct stat *st, int type,
		 struct FTW *ftw)
{
	(void)st;
	(void)type;
	leftovers += path[ftw->base] == '.';
	return 0;
}

unsigned int home_leftovers(const struct home *home)
{
	leftovers = 0;
	nftw(home->store, count, 16, FTW_PHYS);
	return leftovers;
}

unsigned int home_descriptors(void)
{
	unsigned int n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}
