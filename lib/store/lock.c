// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One who changes the store at a time.
 *
 * The lock of the file is for processes. It belongs to what open() made, which
 * a child made by fork() has, too: while one lived, its parent's end would not
 * let go of the lock. So threads hold a mutex meanwhile, and a fork() waits for
 * it. A child made without the handlers of pthread_atfork() soon executes
 * another program, which does not get the file.
 *
 * Who wants the mutex queues at the turn: threads that take it again and again
 * cannot keep a fork() from it.
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

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
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

static int sweep_file(const char *name, void *arg)
{
	const int *dir = arg;

	if (is_temporary(name))
		unlinkat(*dir, name, 0);
	return 0;
}

static int sweep_dir(const char *name, void *arg)
{
	const struct store *store = arg;
	int fd;

	if (name[0] == '.' || !strcmp(name, LOCK_FILE))
		return 0;
	fd = store_openat(store->fd, name, STORE_DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	names_each(fd, sweep_file, &fd);
	close(fd);
	return 0;
}

/*
 * Under the lock, no temporary file is anybody's. One that cannot be removed
 * is for the next to try: it harms nobody.
 */
static void sweep(struct store *store)
{
	names_each(store->fd, sweep_dir, store);
}

HRESULT store_lock(struct store *store)
{
	HRESULT hr;

	pthread_mutex_lock(&turn);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&turn);
	hr = lock_file(store);
	if (SUCCEEDED(hr))
		sweep(store);
	else
		pthread_mutex_unlock(&mutex);
	return hr;
}

HRESULT store_open_locked(bool create, struct store **store)
{
	HRESULT hr = store_open(create, store);

	if (SUCCEEDED(hr) && *store)
		hr = store_lock(*store);
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
	pthread_mutex_lock(&turn);
	pthread_mutex_lock(&mutex);
}

void store_fork_unlock(void)
{
	pthread_mutex_unlock(&mutex);
	pthread_mutex_unlock(&turn);
}
