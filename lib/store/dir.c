// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Directories of the store, and what can be wrong with them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../reason.h"
#include "internal.h"

HRESULT store_hresult(int err)
{
	switch (err) {
	case ENOENT:
		return PEER_E_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return PEER_E_NO_KEY_ACCESS;
	case ENOSPC:
	case EDQUOT:
		return PEER_E_DISK_FULL;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return E_OUTOFMEMORY;
	default:
		return E_UNEXPECTED;
	}
}

/* What open() and others say of a file that is none of ours. */
static bool is_wrong_type(int err)
{
	return err == ELOOP || err == ENOTDIR || err == EISDIR ||
	       err == ENXIO || err == ENODEV;
}

HRESULT store_fail(const struct store *store, const char *dir,
		   const char *file, int err)
{
	HRESULT hr = store_hresult(err);

	if (dir && is_wrong_type(err))
		hr = PEER_E_CERT_STORE_CORRUPTED;
	return fail_errno(hr, err, "%s%s%s%s%s", store->path, dir ? "/" : "",
			  dir ? dir : "", file ? "/" : "", file ? file : "");
}

static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

HRESULT store_check_names(const char *dir, const char *file)
{
	if (!is_name(dir))
		return fail(E_INVALIDARG, "no name for a directory: %s", dir);
	if (file && !is_name(file))
		return fail(E_INVALIDARG, "no name for a file: %s", file);
	return S_OK;
}

static HRESULT refuse(const struct store *store, const char *dir,
		      const char *file, const char *why)
{
	return fail(PEER_E_NO_KEY_ACCESS, "%s%s%s%s%s %s", store->path,
		    dir ? "/" : "", dir ?: "", file ? "/" : "", file ?: "",
		    why);
}

HRESULT store_check_owner(const struct store *store, const char *dir,
			  const char *file, const struct stat *st)
{
	char why[64];

	if (st->st_uid != geteuid())
		snprintf(why, sizeof(why), "belongs to user %u", st->st_uid);
	else if (st->st_mode & 077)
		snprintf(why, sizeof(why), "is open to others: mode %04o",
			 st->st_mode & 07777);
	else
		return S_OK;
	return refuse(store, dir, file, why);
}

HRESULT store_check_dir(const struct store *store, const char *dir, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return store_fail(store, dir, NULL, errno);
	return store_check_owner(store, dir, NULL, &st);
}

int store_openat(int at, const char *name, int flags)
{
	int fd = TEMP_FAILURE_RETRY(openat(at, name, flags, 0600));

	return fd < 0 ? -errno : fd;
}

int store_sync(int fd)
{
	/* Not every filesystem can sync a directory. */
	if (TEMP_FAILURE_RETRY(fsync(fd)) && errno != EINVAL)
		return -errno;
	return 0;
}

/* Again by openat(), since at may be O_PATH. */
static int sync_parent(int at)
{
	int fd, err;

	fd = store_openat(at, ".", STORE_DIR_FLAGS);
	/* A directory may be closed to readers and still take new names. */
	if (fd < 0)
		return fd == -EACCES ? 0 : fd;
	err = store_sync(fd);
	close(fd);
	return err;
}

/*
 * By name, since a umask may have closed it to its owner, too. Without /proc the
 * C library cannot; who uses the directory looks at its mode anyway.
 */
int store_make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0700))
		return errno == EEXIST ? 0 : -errno;
	if (fchmodat(at, name, 0700, AT_SYMLINK_NOFOLLOW) &&
	    errno != EOPNOTSUPP)
		return -errno;
	return sync_parent(at);
}

static int open_dir(int at, const char *dir, bool create)
{
	int fd, err;

	fd = store_openat(at, dir, STORE_DIR_FLAGS | O_NOFOLLOW);
	if (fd != -ENOENT || !create)
		return fd;
	err = store_make_dir(at, dir);
	return err ? err : store_openat(at, dir, STORE_DIR_FLAGS | O_NOFOLLOW);
}

HRESULT store_open_dir(const struct store *store, const char *dir, bool create,
		       int *fd)
{
	HRESULT hr;

	*fd = open_dir(store->fd, dir, create);
	if (*fd < 0)
		return store_fail(store, dir, NULL, -*fd);
	hr = store_check_dir(store, dir, *fd);
	if (FAILED(hr))
		close(*fd);
	return hr;
}
