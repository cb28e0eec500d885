/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that die, or calls of the system that fail, at any call by which
 * the library changes files. Writes and reads are cut in halves meanwhile, so
 * that there is something between them.
 */
#ifndef SELFTESTS_HOST_CRASH_H
#define SELFTESTS_HOST_CRASH_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Kill this process right before its n-th call from now on. */
void crash_at(unsigned int n);

/*
 * Let the n-th call from now on fail; n is 0 for none, and calls are only
 * noted.
 */
void crash_fail(unsigned int n, int err);

/* Calls are as always. Returns the name of the n-th one if it came to it. */
const char *crash_end(void);

/* The names of the calls since then, with a blank after each. */
const char *crash_trace(void);

/* From now on this is the process's user. */
void crash_user(uid_t uid);

struct crash_test {
	void (*prepare)(void *arg);
	/* Dies at some call; what it returns is of interest if it does not. */
	bool (*change)(void *arg);
	/* Another process looks at what is left; dead: it did not end. */
	bool (*check)(void *arg, _Bool dead);
	void *arg;
};

/*
 * Let change() die at its first call, at its second, and so on until it ends.
 * Returns at how many, 0 if anything went wrong.
 */
unsigned int crash_everywhere(const struct crash_test *test);

int __real_openat(int at, const char *path, int flags, ...);
int __real_mkdirat(int at, const char *path, mode_t mode);
int __real_fchmodat(int at, const char *path, mode_t mode, int flags);
int __real_fchmod(int fd, mode_t mode);
int __real_ftruncate(int fd, off_t size);
int __real_flock(int fd, int operation);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __real_unlinkat(int at, const char *path, int flags);
uid_t __real_geteuid(void);

int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_mkdirat(int at, const char *path, mode_t mode);
int __wrap_fchmodat(int at, const char *path, mode_t mode, int flags);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_flock(int fd, int operation);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
int __wrap_fsync(int fd);
int __wrap_close(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_unlinkat(int at, const char *path, int flags);
uid_t __wrap_geteuid(void);

#endif /* SELFTESTS_HOST_CRASH_H */
