// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is in a directory of the store.
 */
#include <unistd.h>

#include "internal.h"

static HRESULT show(const struct names *names,
		    HRESULT (*cb)(const char *file, void *arg), void *arg)
{
	HRESULT hr = S_OK;
	size_t i;

	for (i = 0; hr == S_OK && i < names->n; i++)
		if (names->name[i][0] != '.')
			hr = cb(names->name[i], arg);
	return hr;
}

HRESULT store_list(struct store *store, const char *dir,
		   HRESULT (*cb)(const char *file, void *arg), void *arg)
{
	HRESULT hr = store_check_names(dir, NULL);
	struct names names;
	int fd, err;

	if (FAILED(hr) || !store)
		return hr;
	hr = store_open_dir(store, dir, false, &fd);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;
	if (FAILED(hr))
		return hr;
	err = names_read(fd, &names);
	close(fd);
	if (err)
		return store_fail(store, dir, NULL, -err);
	hr = show(&names, cb, arg);
	names_free(&names);
	return hr;
}
