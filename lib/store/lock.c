// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One who changes the store at a time.
 *
 * The lock of the file is for processes. It belongs to what open() made, which
 * a child made by fork() has, too: while one lived, its parent's end would not
 * let go of the lock. So threads hold a mutex meanwhile, and a fork() waits for
 * it. A child made without the handlers of pthread_atfork() soon executes
 * another program, which does not get the file.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../reason.h"
#include "internal.h"

#define LOCK_FILE "lock"
#define LOCK_FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int open_lock(int at)
{
	int fd = store_openat(at, LOCK_FILE, LOCK_FLAGS), err;

	if (fd != -ENOENT)
		return fd;
	fd = store_openat(at, LOCK_FILE, LOCK_FLAGS | O_CREAT);
	if (fd < 0 || !fchmod(fd, 0600))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* By names, since filesystems differ in how they count links. */
static bool in_place(const struct store *store, int fd)
{
	struct stat named, mine;

	if (stat(store->path, &named) || fstat(store->fd, &mine) ||
	    !is_same(&named, &mine))
		return false;
	return !fstatat(store->fd, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) &&
	       !fstat(fd, &mine) && is_same(&named, &mine);
}

static HRESULT gone(const struct store *store)
{
	return fail(E_UNEXPECTED, "%s was removed or replaced meanwhile",
		    store->path);
}

/* close() would not do if a child has it, too. */
static void let_go(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}

static HRESULT lock_file(struct store *store)
{
	int fd = open_lock(store->fd), err;

	if (fd == -ENOENT)
		return gone(store);
	if (fd < 0)
		return store_fail(store, LOCK_FILE, NULL, -fd);
	if (TEMP_FAILURE_RETRY(flock(fd, LOCK_EX))) {
		err = errno;
		close(fd);
		return store_fail(store, LOCK_FILE, NULL, err);
	}
	if (!in_place(store, fd)) {
		let_go(fd);
		return gone(store);
	}
	store->lock = fd;
	return S_OK;
}

static bool is_temporary(const char *name)
{
	return !strncmp(name, STORE_TEMPORARY, strlen(STORE_TEMPORARY));
}

static void sweep_dir(int at, const char *dir)
{
	int fd = store_openat(at, dir, STORE_DIR_FLAGS | O_NOFOLLOW);
	struct names names;
	size_t i;

	if (fd < 0)
		return;
	if (!names_read(fd, &names)) {
		for (i = 0; i < names.n; i++)
			if (is_temporary(names.name[i]))
				unlinkat(fd, names.name[i], 0);
		names_free(&names);
	}
	close(fd);
}

/*
 * Under the lock, no temporary file is anybody's. One that cannot be removed
 * is for the next to try: it harms nobody.
 */
static void sweep(const struct store *store)
{
	struct names names;
	size_t i;

	if (names_read(store->fd, &names))
		return;
	for (i = 0; i < names.n; i++)
		if (names.name[i][0] != '.' && strcmp(names.name[i], LOCK_FILE))
			sweep_dir(store->fd, names.name[i]);
	names_free(&names);
}

HRESULT store_lock(struct store *store)
{
	HRESULT hr;

	pthread_mutex_lock(&mutex);
	hr = lock_file(store);
	if (SUCCEEDED(hr))
		sweep(store);
	else
		pthread_mutex_unlock(&mutex);
	return hr;
}

void store_unlock(struct store *store)
{
	if (store->lock < 0)
		return;
	let_go(store->lock);
	store->lock = -1;
	pthread_mutex_unlock(&mutex);
}

void store_fork_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void store_fork_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}
