// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that die, or calls of the system that fail, at any call by which
 * the library changes files.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"

static struct {
	bool on;
	bool deadly;
	unsigned int countdown;
	const char *came;	/* the call at which it came to 0 */
	int err;
	char trace[4096];
} plan;

static uid_t user;
static bool disguised;

static void begin(bool deadly, unsigned int n, int err)
{
	memset(&plan, 0, sizeof(plan));
	plan.deadly = deadly;
	plan.countdown = n;
	plan.err = err;
	plan.on = true;
}

void crash_at(unsigned int n)
{
	begin(true, n, 0);
}

void crash_fail(unsigned int n, int err)
{
	begin(false, n, err);
}

const char *crash_end(void)
{
	plan.on = false;
	return plan.came;
}

const char *crash_trace(void)
{
	return plan.trace;
}

void crash_user(uid_t uid)
{
	user = uid;
	disguised = true;
}

static void note(const char *call)
{
	size_t used = strlen(plan.trace);

	snprintf(plan.trace + used, sizeof(plan.trace) - used, "%s ", call);
}

/* Whether this call has to fail. */
static bool step(const char *call)
{
	if (!plan.on)
		return false;
	note(call);
	if (!plan.countdown || --plan.countdown)
		return false;
	plan.came = call;
	if (plan.deadly)
		kill(getpid(), SIGKILL);
	errno = plan.err;
	return true;
}

static size_t part(size_t n)
{
	return plan.on && n > 1 ? n / 2 : n;
}

int __wrap_openat(int at, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return step("openat") ? -1 : __real_openat(at, path, flags, mode);
}

int __wrap_mkdirat(int at, const char *path, mode_t mode)
{
	return step("mkdirat") ? -1 : __real_mkdirat(at, path, mode);
}

int __wrap_fchmodat(int at, const char *path, mode_t mode, int flags)
{
	return step("fchmodat") ? -1 : __real_fchmodat(at, path, mode, flags);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return step("fchmod") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return step("ftruncate") ? -1 : __real_ftruncate(fd, size);
}

int __wrap_flock(int fd, int operation)
{
	return step("flock") ? -1 : __real_flock(fd, operation);
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	return step("read") ? -1 : __real_read(fd, buf, part(n));
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	return step("write") ? -1 : __real_write(fd, buf, part(n));
}

int __wrap_fsync(int fd)
{
	return step("fsync") ? -1 : __real_fsync(fd);
}

/* Even one that fails closes the file. */
int __wrap_close(int fd)
{
	bool failed = step("close");
	int err = errno, ret = __real_close(fd);

	if (failed)
		errno = err;
	return failed ? -1 : ret;
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return step("renameat") ? -1 : __real_renameat(from, old, to, new);
}

int __wrap_unlinkat(int at, const char *path, int flags)
{
	return step("unlinkat") ? -1 : __real_unlinkat(at, path, flags);
}

uid_t __wrap_geteuid(void)
{
	return disguised ? user : __real_geteuid();
}

/* Whether it died; *failed if it ended badly. */
static bool change_in_child(const struct crash_test *test, unsigned int n,
			    bool *failed)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		crash_at(n);
		_exit(!test->change(test->arg));
	}
	*failed = pid < 0 || waitpid(pid, &status, 0) != pid;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	*failed |= status != 0;
	return false;
}

unsigned int crash_everywhere(const struct crash_test *test)
{
	bool dead = true, failed = false;
	unsigned int n;

	for (n = 0; dead && !failed; n++) {
		test->prepare(test->arg);
		dead = change_in_child(test, n + 1, &failed);
		failed |= !test->check(test->arg, dead);
		if (failed)
			fprintf(stderr, "# failed after a crash at call %u\n",
				n + 1);
	}
	return failed ? 0 : n - 1;
}
