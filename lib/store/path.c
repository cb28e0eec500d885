// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of the store by their paths, for a look at one that costs next to
 * nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../reason.h"
#include "internal.h"

HRESULT store_file_path(const char *dir, const char *file, char **path)
{
	HRESULT hr;
	size_t size;
	char *home;

	hr = store_path(&home);
	if (FAILED(hr))
		return hr;
	size = strlen(home) + strlen(dir) + strlen(file) + sizeof("//");
	*path = malloc(size);
	if (*path)
		snprintf(*path, size, "%s/%s/%s", home, dir, file);
	free(home);
	return *path ? S_OK : E_OUTOFMEMORY;
}

/* A mode that lets its owner read it is as good as reading it. */
HRESULT store_check_path(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat))
		return fail_errno(PEER_E_NO_KEY_ACCESS, errno, "%s", path);
	if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid() ||
	    (stat.st_mode & 0477) != 0400)
		return fail(PEER_E_NO_KEY_ACCESS,
			    "%s is not readable for its owner alone", path);
	return S_OK;
}
