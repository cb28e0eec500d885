// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The names in a directory, read as a whole: what is done with them may change
 * the directory.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int add(struct names *names, const char *name)
{
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

static int read_all(DIR *stream, struct names *names)
{
	const struct dirent *entry;
	int err = 0;

	while (!err) {
		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = add(names, entry->d_name);
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

int names_read(int fd, struct names *names)
{
	DIR *stream;
	int err;

	*names = (struct names){ 0 };
	err = open_stream(fd, &stream);
	if (err)
		return err;
	err = read_all(stream, names);
	closedir(stream);
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
