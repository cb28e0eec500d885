// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The names in a directory.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int add(const char *name, void *arg)
{
	struct names *names = arg;
	char **more = realloc(names->name, (names->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	names->name = more;
	more[names->n] = strdup(name);
	if (!more[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

static int show_all(DIR *stream, int (*cb)(const char *name, void *arg),
		    void *arg)
{
	const struct dirent *entry;
	int err = 0;

	while (!err) {
		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = cb(entry->d_name, arg);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A descriptor of its own, since a stream closes what it reads from. */
static int open_stream(int at, DIR **stream)
{
	int fd = store_openat(at, ".", STORE_DIR_FLAGS), err;

	if (fd < 0)
		return fd;
	*stream = fdopendir(fd);
	if (*stream)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

int names_each(int fd, int (*cb)(const char *name, void *arg), void *arg)
{
	DIR *stream;
	int err;

	err = open_stream(fd, &stream);
	if (err)
		return err;
	err = show_all(stream, cb, arg);
	closedir(stream);
	return err;
}

int names_read(int fd, struct names *names)
{
	int err;

	*names = (struct names){ 0 };
	err = names_each(fd, add, names);
	if (err)
		names_free(names);
	else if (names->n)
		qsort(names->name, names->n, sizeof(*names->name), compare);
	return err;
}

void names_free(struct names *names)
{
	while (names->n)
		free(names->name[--names->n]);
	free(names->name);
	names->name = NULL;
}
