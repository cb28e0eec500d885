// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where the store is, its beginning and its end.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../p2p/cancel.h"
#include "../reason.h"
#include "internal.h"

#define BELOW_HOME "/.local/share/peergroup"

/* A directory on the way may be closed to readers. */
#define WAY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* No entry of a user is larger. */
#define PASSWD_MAX 0x100000

static bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static HRESULT join(const char *parent, const char *below, char **path)
{
	size_t size = strlen(parent) + strlen(below) + 1;

	*path = malloc(size);
	if (!*path)
		return fail(E_OUTOFMEMORY, "no memory for a path");
	snprintf(*path, size, "%s%s", parent, below);
	return S_OK;
}

static HRESULT no_home(int err)
{
	HRESULT hr = store_hresult(err);

	return fail(hr == E_OUTOFMEMORY ? hr : E_UNEXPECTED,
		    "user %u has no home directory", geteuid());
}

static HRESULT path_of_user(char **path)
{
	struct passwd entry, *found;
	size_t size = 1024;
	char *buf = NULL;
	HRESULT hr;
	int err;

	do {
		free(buf);
		size *= 2;
		buf = malloc(size);
		if (!buf)
			return no_home(ENOMEM);
		err = getpwuid_r(geteuid(), &entry, buf, size, &found);
	} while (err == ERANGE && size < PASSWD_MAX);

	if (!found || !is_absolute(found->pw_dir))
		hr = no_home(err);
	else
		hr = join(found->pw_dir, BELOW_HOME, path);
	free(buf);
	return hr;
}

/* What the user has chosen by name; NULL: nothing. */
static const char *chosen(void)
{
	const char *home = secure_getenv("PEERGROUP_HOME");

	return home && home[0] ? home : NULL;
}

HRESULT store_path(char **path)
{
	const char *home = chosen();

	*path = NULL;
	if (is_absolute(home))
		return join(home, "", path);
	if (home)
		return fail(E_INVALIDARG,
			    "PEERGROUP_HOME is not an absolute path: %s", home);

	/* Its specification says to ignore it if it is relative. */
	home = secure_getenv("XDG_DATA_HOME");
	if (is_absolute(home))
		return join(home, "/peergroup", path);
	home = secure_getenv("HOME");
	if (is_absolute(home))
		return join(home, BELOW_HOME, path);
	return path_of_user(path);
}

/*
 * In another user's directory nothing is made unasked: a $HOME that is not that
 * of the process's user would get directories that its owner could not use.
 */
static int check_parent(int at)
{
	struct stat stat;

	if (chosen())
		return 0;
	if (fstat(at, &stat))
		return -errno;
	return stat.st_uid == geteuid() || !stat.st_uid ? 0 : -EACCES;
}

static int descend(int at, const char *name)
{
	int fd = store_openat(at, name, WAY_FLAGS), err;

	if (fd != -ENOENT)
		return fd;
	err = check_parent(at);
	if (!err)
		err = store_make_dir(at, name);
	return err ? err : store_openat(at, name, WAY_FLAGS);
}

static int make_path(const char *path)
{
	char *copy = strdup(path), *name, *rest;
	int at, next;

	if (!copy)
		return -ENOMEM;
	at = descend(AT_FDCWD, "/");
	name = strtok_r(copy, "/", &rest);
	while (at >= 0 && name) {
		next = descend(at, name);
		close(at);
		at = next;
		name = strtok_r(NULL, "/", &rest);
	}
	free(copy);
	if (at < 0)
		return at;
	close(at);
	return 0;
}

static int open_or_make(const char *path, bool create)
{
	int fd = store_openat(AT_FDCWD, path, STORE_DIR_FLAGS), err;

	if (fd != -ENOENT || !create)
		return fd;
	err = make_path(path);
	return err ? err : store_openat(AT_FDCWD, path, STORE_DIR_FLAGS);
}

static HRESULT open_home(struct store *store, bool create)
{
	store->fd = open_or_make(store->path, create);
	if (store->fd == -ENOENT && !create)
		return S_OK;
	/* Such as a link that leads nowhere; nobody asked for a name. */
	if (store->fd == -ENOENT)
		return fail_errno(E_UNEXPECTED, ENOENT, "%s", store->path);
	if (store->fd < 0)
		return store_fail(store, NULL, NULL, -store->fd);
	return store_check_dir(store, NULL, store->fd);
}

HRESULT store_open(bool create, struct store **store)
{
	struct store *new = calloc(1, sizeof(*new));
	HRESULT hr;

	*store = NULL;
	if (!new)
		return fail(E_OUTOFMEMORY, "no memory for the store");

	new->cancel = cancel_disable();
	new->fd = -1;
	new->lock = -1;
	hr = store_path(&new->path);
	if (SUCCEEDED(hr))
		hr = open_home(new, create);
	if (FAILED(hr) || new->fd < 0)
		store_close(new);
	else
		*store = new;
	return hr;
}

void store_close(struct store *store)
{
	int cancel;

	if (!store)
		return;
	cancel = store->cancel;
	store_unlock(store);
	if (store->fd >= 0)
		close(store->fd);
	free(store->path);
	free(store);
	cancel_restore(cancel);
}
