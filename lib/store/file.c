// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of the store.
 */
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../reason.h"
#include "internal.h"

/* Whatever is there, opening it neither waits nor leads elsewhere. */
#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define WRITE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

static HRESULT no_file(const char *dir, const char *file)
{
	return fail(PEER_E_NOT_FOUND, "%s/%s: there is no store", dir, file);
}

static HRESULT check_file(const struct store *store, const char *dir,
			  const char *file, const struct stat *st)
{
	HRESULT hr;

	if (!S_ISREG(st->st_mode))
		return fail(PEER_E_CERT_STORE_CORRUPTED,
			    "%s/%s/%s is no regular file", store->path, dir,
			    file);
	hr = store_check_owner(store, dir, file, st);
	if (FAILED(hr) || st->st_size <= STORE_FILE_MAX)
		return hr;
	return fail(PEER_E_CERT_STORE_CORRUPTED, "%s/%s/%s is too large",
		    store->path, dir, file);
}

static HRESULT open_file(const struct store *store, const char *dir,
			 const char *file, int *fd, size_t *size)
{
	struct stat st = { 0 };
	HRESULT hr;
	int at;

	hr = store_open_dir(store, dir, false, &at);
	if (FAILED(hr))
		return hr;
	*fd = store_openat(at, file, READ_FLAGS);
	close(at);
	if (*fd < 0)
		return store_fail(store, dir, file, -*fd);
	hr = fstat(*fd, &st) ? store_fail(store, dir, file, errno) :
			       check_file(store, dir, file, &st);
	if (FAILED(hr))
		close(*fd);
	*size = st.st_size;
	return hr;
}

/* Less than size if it ends before. */
static ssize_t read_all(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = TEMP_FAILURE_RETRY(read(fd, data + len, size - len));
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += n;
	}
	return len;
}

static HRESULT read_file(const struct store *store, const char *dir,
			 const char *file, char **data, size_t *len)
{
	size_t size;
	ssize_t n;
	HRESULT hr;
	int fd;

	hr = open_file(store, dir, file, &fd, &size);
	if (FAILED(hr))
		return hr;
	*data = malloc(size + 1);
	n = *data ? read_all(fd, *data, size) : -ENOMEM;
	close(fd);
	if (n < 0) {
		store_free(*data, size);
		*data = NULL;
		return store_fail(store, dir, file, -n);
	}
	(*data)[n] = '\0';
	*len = n;
	return S_OK;
}

HRESULT store_read(struct store *store, const char *dir, const char *file,
		   char **data, size_t *len)
{
	HRESULT hr = store_check_names(dir, file);

	*data = NULL;
	*len = 0;
	if (FAILED(hr))
		return hr;
	if (!store)
		return no_file(dir, file);
	return read_file(store, dir, file, data, len);
}

void store_free(char *data, size_t len)
{
	if (!data)
		return;
	OPENSSL_cleanse(data, len);
	free(data);
}

HRESULT store_check(struct store *store, const char *dir, const char *file)
{
	HRESULT hr = store_check_names(dir, file);
	size_t size;
	int fd;

	if (FAILED(hr))
		return hr;
	if (!store)
		return no_file(dir, file);
	hr = open_file(store, dir, file, &fd, &size);
	if (SUCCEEDED(hr))
		close(fd);
	return hr;
}

static HRESULT check_change(const struct store *store, const char *dir,
			    const char *file)
{
	HRESULT hr = store_check_names(dir, file);

	if (FAILED(hr))
		return hr;
	if (!store || store->lock < 0)
		return fail(E_UNEXPECTED, "%s/%s: the store is not locked",
			    dir, file);
	return S_OK;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = TEMP_FAILURE_RETRY(write(fd, data, len));
		if (n <= 0)
			return n ? -errno : -EIO;
		data += n;
		len -= n;
	}
	return 0;
}

/* A umask may have taken from the mode. */
static int fill(int fd, const char *data, size_t len)
{
	int err;

	if (fchmod(fd, 0600))
		return -errno;
	err = write_all(fd, data, len);
	return err ? err : store_sync(fd);
}

static int write_new(int at, const char *name, const char *data, size_t len)
{
	int fd = store_openat(at, name, WRITE_FLAGS), err;

	if (fd < 0)
		return fd;
	err = fill(fd, data, len);
	close(fd);
	if (err)
		unlinkat(at, name, 0);
	return err;
}

static int put(int at, const char *name, const char *file)
{
	int err;

	if (!renameat(at, name, at, file))
		return store_sync(at);
	err = -errno;
	unlinkat(at, name, 0);
	return err;
}

static int replace(int at, const char *file, const char *data, size_t len)
{
	char name[sizeof(STORE_TEMPORARY) + 16];
	uint64_t number;
	int err;

	if (TEMP_FAILURE_RETRY(getrandom(&number, sizeof(number), 0)) < 0)
		return -errno;
	snprintf(name, sizeof(name), STORE_TEMPORARY "%016" PRIx64, number);
	err = write_new(at, name, data, len);
	return err ? err : put(at, name, file);
}

static HRESULT write_file(const struct store *store, const char *dir,
			  const char *file, const char *data, size_t len)
{
	HRESULT hr;
	int at, err;

	hr = store_open_dir(store, dir, true, &at);
	if (FAILED(hr))
		return hr;
	err = replace(at, file, data, len);
	close(at);
	return err ? store_fail(store, dir, file, -err) : S_OK;
}

HRESULT store_write(struct store *store, const char *dir, const char *file,
		    const char *data, size_t len)
{
	HRESULT hr = check_change(store, dir, file);

	if (FAILED(hr))
		return hr;
	if (len > STORE_FILE_MAX)
		return fail(E_INVALIDARG, "%s/%s is too large", dir, file);
	hr = write_file(store, dir, file, data, len);
	/* It is the store that is not there any more. */
	return hr == PEER_E_NOT_FOUND ? fail_as(E_UNEXPECTED) : hr;
}

HRESULT store_remove(struct store *store, const char *dir, const char *file)
{
	HRESULT hr = store_check_names(dir, file);
	int at, err;

	if (FAILED(hr))
		return hr;
	if (!store)
		return no_file(dir, file);
	hr = check_change(store, dir, file);
	if (SUCCEEDED(hr))
		hr = store_open_dir(store, dir, false, &at);
	if (FAILED(hr))
		return hr;
	err = unlinkat(at, file, 0) ? -errno : store_sync(at);
	close(at);
	return err ? store_fail(store, dir, file, -err) : S_OK;
}
