/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store: small files of one user, which nobody else may read or write.
 *
 * It is the directory $PEERGROUP_HOME, else $XDG_DATA_HOME/peergroup, else
 * ~/.local/share/peergroup, and holds directories one level deep. Each change
 * is one rename() or unlink() of a file: readers see it whole or not at all,
 * whatever crashes, and so need no lock. Who changes what depends on other
 * files holds the lock meanwhile.
 */
#ifndef LIB_STORE_STORE_H
#define LIB_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "../public.h"

/* Largest file, in bytes. */
#define STORE_FILE_MAX 0x20000

/*
 * A store while it is used; of one thread, which cannot be cancelled meanwhile:
 * it would take the lock along.
 */
struct store;

/*
 * Open the store and look at its owner and mode: PEER_E_NO_KEY_ACCESS if
 * others could get at the keys. With create it is made if there is none;
 * without, *store is NULL then, which all functions below but store_lock() and
 * store_write() take for an empty store. E_INVALIDARG: PEERGROUP_HOME is no
 * absolute path; E_UNEXPECTED: it leads nowhere, and cannot be made.
 */
HRESULT store_open(bool create, struct store **store);

/* Lets go of the lock, too. NULL does nothing. */
void store_close(struct store *store);

/*
 * Wait for the lock, of which a process has none twice: call this while holding
 * neither it nor any other lock that lib/p2p/fork.c takes, and do not fork().
 * Removes what a crash left behind. E_UNEXPECTED: the store is gone meanwhile.
 */
HRESULT store_lock(struct store *store);

/*
 * Names of directories and files neither begin with '.' nor contain '/', else
 * E_INVALIDARG. What a crash left behind begins with '.' and is never shown.
 */

/*
 * Both, in order to change something: to be closed also on failure. Without
 * create *store is NULL if there is none.
 */
HRESULT store_open_locked(bool create, struct store **store);

/*
 * Read a file. The block ends with a NUL that len does not count and is
 * released with store_free(). PEER_E_NOT_FOUND: there is none;
 * PEER_E_NO_KEY_ACCESS: it cannot be read, is not the user's, or others could;
 * PEER_E_CERT_STORE_CORRUPTED: it is too large, or no regular file.
 */
HRESULT store_read(struct store *store, const char *dir, const char *file,
		   char **data, size_t *len);

/* Release a block, wiped. NULL does nothing. */
void store_free(char *data, size_t len);

/* Whether a file is there, is the user's and readable; the codes as above. */
HRESULT store_check(struct store *store, const char *dir, const char *file);

/*
 * The path of a file, to be released with free(), and whether there is a file,
 * the user's and readable for him alone, else PEER_E_NO_KEY_ACCESS; that costs
 * one system call.
 */
HRESULT store_file_path(const char *dir, const char *file, char **path);
HRESULT store_check_path(const char *path);

/*
 * Write a file, in the place of one that is there. Needs the lock.
 * PEER_E_DISK_FULL: no room, or a quota is used up; E_INVALIDARG: more than
 * STORE_FILE_MAX; E_UNEXPECTED: it is not locked, or the store was removed. If
 * it fails the old file is still there, but for one case: the disk fails after
 * the change, which then may or may not outlive a crash of the machine.
 */
HRESULT store_write(struct store *store, const char *dir, const char *file,
		    const char *data, size_t len);

/* Remove a file, likewise; PEER_E_NOT_FOUND if there is none. */
HRESULT store_remove(struct store *store, const char *dir, const char *file);

/*
 * Show the name of each file of a directory to cb, in the order of their names;
 * anything but S_OK ends it with that value. cb may change the directory.
 */
HRESULT store_list(struct store *store, const char *dir,
		   HRESULT (*cb)(const char *file, void *arg), void *arg);

/* Let nobody hold the lock during a fork(). */
void store_fork_lock(void);
void store_fork_unlock(void);

#endif /* LIB_STORE_STORE_H */
