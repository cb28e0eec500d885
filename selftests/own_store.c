// SPDX-License-Identifier: GPL-2.0-only
/*
 * A store of the test program's own, in a directory that goes with it, and keys
 * that are quickly made.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_store.h"

static char root[32];
static pid_t owner;

const char *own_store_root(void)
{
	return root;
}

void own_store_use(const char *name)
{
	char path[sizeof(root) + 64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	setenv("PEERGROUP_HOME", path, 1);
}

static __attribute__((constructor)) void own_store_make(void)
{
	owner = getpid();
	strcpy(root, "/tmp/peergroup-test-XXXXXX");
	if (!mkdtemp(root)) {
		perror(root);
		_exit(1);
	}
	own_store_use("own");
	setenv("PEERGROUP_PROFILE", "windows", 1);
}

static int remove_one(const char *path, const struct stat *stat, int type,
		      struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static __attribute__((destructor)) void own_store_remove(void)
{
	if (getpid() == owner)
		nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
