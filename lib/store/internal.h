/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the store share.
 *
 * Functions that return int return 0 or a negative errno, and leave the reason
 * to their callers, who know the path.
 */
#ifndef LIB_STORE_INTERNAL_H
#define LIB_STORE_INTERNAL_H

#include <fcntl.h>
#include <sys/stat.h>

#include "store.h"

#define STORE_DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* Names of files that a crash may leave behind begin so. */
#define STORE_TEMPORARY ".tmp-"

struct store {
	char *path;		/* for reasons, and to see if it is replaced */
	int fd;			/* the directory */
	int lock;		/* the file "lock"; -1: the lock is not held */
	int cancel;		/* whether the thread could be cancelled */
};

/* Like openat(), and again if a signal came. */
int store_openat(int at, const char *name, int flags);

/* Names of files, in their order. */
struct names {
	char **name;
	size_t n;
};

/* Where the store is; released with free(). */
HRESULT store_path(char **path);

HRESULT store_hresult(int err);

/* Note err of a file, of a directory if file is NULL, or else of the store. */
HRESULT store_fail(const struct store *store, const char *dir,
		   const char *file, int err);

/* E_INVALIDARG for names that lead elsewhere; file may be NULL. */
HRESULT store_check_names(const char *dir, const char *file);

/*
 * Whether the store, a directory or a file, is the user's and closed to all
 * others; dir and file as above.
 */
HRESULT store_check_owner(const struct store *store, const char *dir,
			  const char *file, const struct stat *st);
HRESULT store_check_dir(const struct store *store, const char *dir, int fd);

HRESULT store_open_dir(const struct store *store, const char *dir, bool create,
		       int *fd);

/* Make a directory, unless there is one, that outlives a crash. */
int store_make_dir(int at, const char *name);

int store_sync(int fd);

/*
 * Show each name but "." and ".." to cb, which may remove it; what is not 0 ends
 * it with that value.
 */
int names_each(int fd, int (*cb)(const char *name, void *arg), void *arg);

/* All of them at once: what is done with them may change the directory. */
int names_read(int fd, struct names *names);
void names_free(struct names *names);

void store_unlock(struct store *store);

#endif /* LIB_STORE_INTERNAL_H */
