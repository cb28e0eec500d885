/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store of an ordinary user, and short ways to use it.
 */
#ifndef SELFTESTS_HOST_HOME_H
#define SELFTESTS_HOST_HOME_H

#include "../../lib/store/store.h"

/* Root may do too much; it becomes this user. */
#define HOME_USER 65534

struct home {
	char top[32];		/* a directory that is there */
	char store[64];		/* below it; there is none yet */
};

/* Become the user, and use a new store from now on. */
bool home_make(struct home *home);
void home_remove(const struct home *home);

/* A path in the store; valid until the next one is asked for. */
const char *home_path(const struct home *home, const char *below);

/* Open the store and lock it; NULL if that fails. */
struct store *home_lock(void);

HRESULT home_put(const char *dir, const char *file, const char *text);
HRESULT home_drop(const char *dir, const char *file);

/* Whether a file is there and has this text; NULL: that there is none. */
bool home_has(const char *dir, const char *file, const char *text);

/* How many names begin with '.', anywhere in the store. */
unsigned int home_leftovers(const struct home *home);

/* Descriptors that are open. */
unsigned int home_descriptors(void);

#endif /* SELFTESTS_HOST_HOME_H */
