// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: where it is, who may use it, what it says of what is wrong, and
 * many who use it at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../lib/store/internal.h"
#include "home.h"
#include <kselftest_harness.h>

FIXTURE(home) {
	struct home home;
};

FIXTURE_SETUP(home)
{
	ASSERT_TRUE(home_make(&self->home));
}

FIXTURE_TEARDOWN(home)
{
	home_remove(&self->home);
}

static HRESULT try_open(bool create)
{
	struct store *store;
	HRESULT hr = store_open(create, &store);

	if (hr == S_OK && create && !store)
		hr = E_UNEXPECTED;
	store_close(store);
	return hr;
}

static HRESULT try_read(const char *dir, const char *file)
{
	struct store *store;
	char *data;
	size_t len;
	HRESULT hr;

	hr = store_open(false, &store);
	if (hr != S_OK)
		return hr;
	hr = store_read(store, dir, file, &data, &len);
	if (hr != store_check(store, dir, file))
		hr = S_FALSE;
	store_free(data, len);
	store_close(store);
	return hr;
}

static bool says(HRESULT hr, const char *what)
{
	return strstr(pg_hresult_text(hr), what);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode & 07777;
}

static bool is_at(const char *wanted)
{
	char *path;
	bool is;

	if (store_path(&path) != S_OK)
		return false;
	is = !strcmp(wanted, path);
	free(path);
	return is;
}

TEST_F(home, location)
{
	const struct passwd *user = getpwuid(geteuid());
	char path[512];

	EXPECT_TRUE(is_at(self->home.store));
	setenv("XDG_DATA_HOME", "/data", 1);
	setenv("HOME", "/home/me", 1);
	EXPECT_TRUE(is_at(self->home.store));
	setenv("PEERGROUP_HOME", "", 1);
	EXPECT_TRUE(is_at("/data/peergroup"));
	setenv("XDG_DATA_HOME", "data", 1);
	EXPECT_TRUE(is_at("/home/me/.local/share/peergroup"));
	setenv("XDG_DATA_HOME", "", 1);
	EXPECT_TRUE(is_at("/home/me/.local/share/peergroup"));
	setenv("HOME", "", 1);
	ASSERT_NE(NULL, user);
	snprintf(path, sizeof(path), "%s/.local/share/peergroup", user->pw_dir);
	EXPECT_TRUE(is_at(path));
	setenv("HOME", "me", 1);
	EXPECT_TRUE(is_at(path));
}

TEST_F(home, relative_location)
{
	struct store *store = (void *)self;

	setenv("PEERGROUP_HOME", "home", 1);
	EXPECT_EQ(E_INVALIDARG, store_open(true, &store));
	EXPECT_EQ(NULL, store);
	EXPECT_TRUE(says(E_INVALIDARG, "PEERGROUP_HOME"));
	EXPECT_EQ(E_INVALIDARG, try_open(false));
}

/* Parents that are missing are made, too, whatever the umask is. */
TEST_F(home, modes)
{
	static const mode_t umasks[] = { 0, 077, 0777 };
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(umasks); i++) {
		snprintf(path, sizeof(path), "%s/%u/deep//er/", self->home.top,
			 i);
		setenv("PEERGROUP_HOME", path, 1);
		umask(umasks[i]);
		ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
		EXPECT_TRUE(home_has("dir", "file", "text"));
		ASSERT_EQ(0, chdir(path));
		EXPECT_EQ(0700, mode_of("../.."));
		EXPECT_EQ(0700, mode_of(".."));
		EXPECT_EQ(0700, mode_of("."));
		EXPECT_EQ(0700, mode_of("dir"));
		EXPECT_EQ(0600, mode_of("dir/file"));
		EXPECT_EQ(0600, mode_of("lock"));
	}
}

/* A parent may be closed to readers. */
TEST_F(home, parent_without_reading)
{
	ASSERT_EQ(0, chmod(self->home.top, 0300));
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

static HRESULT never(const char *file, void *arg)
{
	(void)file;
	*(bool *)arg = true;
	return E_UNEXPECTED;
}

TEST_F(home, no_store)
{
	struct store *store = (void *)self;
	bool called = false;
	char *data;
	size_t len;

	ASSERT_EQ(S_OK, store_open(false, &store));
	ASSERT_EQ(NULL, store);
	EXPECT_EQ(PEER_E_NOT_FOUND, store_read(NULL, "dir", "file", &data,
					       &len));
	EXPECT_EQ(NULL, data);
	EXPECT_EQ(0, len);
	EXPECT_TRUE(says(PEER_E_NOT_FOUND, "dir/file"));
	EXPECT_EQ(PEER_E_NOT_FOUND, store_check(NULL, "dir", "file"));
	EXPECT_EQ(PEER_E_NOT_FOUND, store_remove(NULL, "dir", "file"));
	EXPECT_EQ(S_OK, store_list(NULL, "dir", never, &called));
	EXPECT_FALSE(called);
	store_close(NULL);
	store_free(NULL, 0);
	EXPECT_EQ(0, mode_of(self->home.store));
}

TEST_F(home, write_and_read)
{
	static char large[STORE_FILE_MAX + 1];
	static const size_t sizes[] = { 0, 1, 1000, STORE_FILE_MAX };
	struct store *store = home_lock();
	unsigned int i;
	char *data;
	size_t len;

	ASSERT_NE(NULL, store);
	for (i = 0; i < sizeof(large); i++)
		large[i] = i * 7 + i / 256;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(S_OK, store_write(store, "dir", "file", large,
					    sizes[i]));
		ASSERT_EQ(S_OK, store_read(store, "dir", "file", &data, &len));
		EXPECT_EQ(sizes[i], len);
		EXPECT_EQ(0, memcmp(large, data, len));
		EXPECT_EQ(0, data[len]);
		store_free(data, len);
	}
	EXPECT_EQ(E_INVALIDARG, store_write(store, "dir", "file", large,
					    sizeof(large)));
	EXPECT_EQ(S_OK, store_check(store, "dir", "file"));
	store_close(store);
}

TEST_F(home, change_and_remove)
{
	EXPECT_EQ(S_OK, home_put("dir", "file", "one"));
	EXPECT_EQ(S_OK, home_put("dir", "file", "two"));
	EXPECT_TRUE(home_has("dir", "file", "two"));
	EXPECT_TRUE(home_has("dir", "other", NULL));
	EXPECT_EQ(PEER_E_NOT_FOUND, try_read("dir", "other"));
	EXPECT_TRUE(says(PEER_E_NOT_FOUND, "dir/other"));
	EXPECT_EQ(PEER_E_NOT_FOUND, try_read("other", "file"));
	EXPECT_EQ(PEER_E_NOT_FOUND, home_drop("other", "file"));
	EXPECT_EQ(PEER_E_NOT_FOUND, home_drop("dir", "other"));
	EXPECT_EQ(S_OK, home_drop("dir", "file"));
	EXPECT_EQ(PEER_E_NOT_FOUND, home_drop("dir", "file"));
	EXPECT_TRUE(says(PEER_E_NOT_FOUND, "dir/file"));
	EXPECT_TRUE(home_has("dir", "file", NULL));
}

TEST_F(home, names)
{
	static const char * const bad[] = {
		"", ".", "..", ".hidden", "/", "a/b", "../file", "/etc/passwd",
	};
	struct store *store = home_lock();
	bool called = false;
	unsigned int i;
	char *data;
	size_t len;

	ASSERT_NE(NULL, store);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(E_INVALIDARG, store_read(store, bad[i], "file", &data,
						   &len));
		EXPECT_EQ(NULL, data);
		EXPECT_EQ(E_INVALIDARG, store_read(store, "dir", bad[i], &data,
						   &len));
		EXPECT_EQ(E_INVALIDARG, store_read(NULL, "dir", bad[i], &data,
						   &len));
		EXPECT_EQ(E_INVALIDARG, store_check(store, bad[i], "file"));
		EXPECT_EQ(E_INVALIDARG, store_check(store, "dir", bad[i]));
		EXPECT_EQ(E_INVALIDARG, store_write(store, bad[i], "file", "",
						    0));
		EXPECT_EQ(E_INVALIDARG, store_write(store, "dir", bad[i], "",
						    0));
		EXPECT_EQ(E_INVALIDARG, store_remove(store, bad[i], "file"));
		EXPECT_EQ(E_INVALIDARG, store_remove(store, "dir", bad[i]));
		EXPECT_EQ(E_INVALIDARG, store_list(store, bad[i], never,
						   &called));
	}
	EXPECT_FALSE(called);
	store_close(store);
}

TEST_F(home, changes_need_the_lock)
{
	struct store *store;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	ASSERT_EQ(S_OK, store_open(true, &store));
	EXPECT_EQ(E_UNEXPECTED, store_write(store, "dir", "file", "", 0));
	EXPECT_EQ(E_UNEXPECTED, store_remove(store, "dir", "file"));
	EXPECT_EQ(E_UNEXPECTED, store_write(NULL, "dir", "file", "", 0));
	store_close(store);
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

TEST_F(home, open_to_others)
{
	static const mode_t modes[] = { 0701, 0710, 0720, 0740, 0755, 0777 };
	struct store *store = (void *)self;
	unsigned int i;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		chmod(self->home.store, modes[i]);
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, store_open(false, &store));
		EXPECT_EQ(NULL, store);
		EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS, self->home.store));
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_open(true));
		chmod(self->home.store, 0700);

		chmod(home_path(&self->home, "dir"), modes[i]);
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_read("dir", "file"));
		EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS,
				 home_path(&self->home, "dir is open")));
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_put("dir", "file", "new"));
		EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_drop("dir", "file"));
		chmod(home_path(&self->home, "dir"), 0700);

		chmod(home_path(&self->home, "dir/file"), modes[i] & 0666);
		EXPECT_EQ(modes[i] & 066 ? PEER_E_NO_KEY_ACCESS : S_OK,
			  try_read("dir", "file"));
		EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS,
				 home_path(&self->home, modes[i] & 066 ?
					   "dir/file is open" : "dir")));
		chmod(home_path(&self->home, "dir/file"), 0600);
	}
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

TEST_F(home, not_readable)
{
	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	chmod(home_path(&self->home, "dir/file"), 0);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_read("dir", "file"));
	EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS, "dir/file"));
	chmod(home_path(&self->home, "dir"), 0);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_read("dir", "file"));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_put("dir", "file", "new"));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_drop("dir", "file"));
	chmod(home_path(&self->home, "lock"), 0);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_put("dir", "file", "new"));
	EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS, "/lock"));
	chmod(self->home.store, 0);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_open(false));
	EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS, self->home.store));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_open(true));
	chmod(self->home.store, 0700);
	chmod(home_path(&self->home, "dir"), 0700);
}

TEST_F(home, not_writable)
{
	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	chmod(home_path(&self->home, "dir"), 0500);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_put("dir", "file", "new"));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_drop("dir", "file"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
	chmod(self->home.store, 0500);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, home_put("new", "file", "new"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

TEST_F(home, bad_places)
{
	char path[128];

	/* Another user's, as / is; a file; below a file; not to be made. */
	setenv("PEERGROUP_HOME", "/", 1);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_open(false));
	setenv("PEERGROUP_HOME", "/etc/passwd", 1);
	EXPECT_EQ(E_UNEXPECTED, try_open(false));
	EXPECT_TRUE(says(E_UNEXPECTED, "/etc/passwd"));
	setenv("PEERGROUP_HOME", "/etc/passwd/home", 1);
	EXPECT_EQ(E_UNEXPECTED, try_open(true));
	setenv("PEERGROUP_HOME", "/etc/home/peergroup", 1);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, try_open(true));
	EXPECT_TRUE(says(PEER_E_NO_KEY_ACCESS, "/etc/home/peergroup"));

	/* A link may lead to it, but somewhere. */
	snprintf(path, sizeof(path), "%s/link", self->home.top);
	ASSERT_EQ(0, symlink(self->home.store, path));
	setenv("PEERGROUP_HOME", path, 1);
	EXPECT_EQ(S_OK, try_open(false));
	EXPECT_EQ(E_UNEXPECTED, try_open(true));
	EXPECT_TRUE(says(E_UNEXPECTED, path));
	ASSERT_EQ(0, mkdir(self->home.store, 0700));
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

static bool make_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool made;

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	made = !bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return made && !chmod(path, 0600);
}

/* None is followed, and none is waited for. */
TEST_F(home, damaged)
{
	static const char * const kinds[] = {
		"fifo", "link", "loop", "directory", "socket", "large",
	};
	char target[128];
	unsigned int i;
	FILE *large;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	ASSERT_EQ(0, chdir(home_path(&self->home, "dir")));
	snprintf(target, sizeof(target), "%s/dir/file", self->home.store);
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	ASSERT_EQ(0, symlink(target, "link"));
	ASSERT_EQ(0, symlink("loop", "loop"));
	ASSERT_EQ(0, mkdir("directory", 0700));
	ASSERT_TRUE(make_socket("socket"));
	umask(077);
	large = fopen("large", "w");
	ASSERT_NE(NULL, large);
	ASSERT_EQ(0, ftruncate(fileno(large), STORE_FILE_MAX + 1));
	fclose(large);

	alarm(10);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
			  try_read("dir", kinds[i])) TH_LOG("%s", kinds[i]);
		EXPECT_TRUE(says(PEER_E_CERT_STORE_CORRUPTED, kinds[i]));
		EXPECT_EQ(strcmp(kinds[i], "directory") ? S_OK :
			  PEER_E_CERT_STORE_CORRUPTED,
			  home_put("dir", kinds[i], kinds[i]));
	}
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, home_drop("dir", "directory"));
	EXPECT_TRUE(home_has("dir", "link", "link"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
	EXPECT_EQ(0, home_leftovers(&self->home));
}

TEST_F(home, damaged_directory)
{
	bool called = false;
	struct store *store;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	ASSERT_EQ(0, symlink("dir", home_path(&self->home, "link")));
	ASSERT_EQ(0, mkfifo(home_path(&self->home, "fifo"), 0600));
	alarm(10);
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, try_read("link", "file"));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, home_put("link", "file", ""));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, home_drop("link", "file"));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, try_read("fifo", "file"));
	ASSERT_EQ(S_OK, store_open(false, &store));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED,
		  store_list(store, "link", never, &called));
	EXPECT_FALSE(called);
	store_close(store);
	EXPECT_TRUE(home_has("dir", "file", "text"));

	/* The lock is no other file's, either. */
	ASSERT_EQ(0, unlink(home_path(&self->home, "lock")));
	ASSERT_EQ(0, symlink("dir/file", home_path(&self->home, "lock")));
	EXPECT_EQ(PEER_E_CERT_STORE_CORRUPTED, home_put("dir", "file", ""));
}

struct listing {
	char text[256];
	const char *last;	/* ends the listing */
	struct store *store;
};

static HRESULT append(const char *file, void *arg)
{
	struct listing *listing = arg;

	strcat(listing->text, file);
	strcat(listing->text, " ");
	if (listing->store)
		store_remove(listing->store, "dir", file);
	return listing->last && !strcmp(listing->last, file) ? S_FALSE : S_OK;
}

TEST_F(home, list)
{
	static const char * const files[] = { "b", "0", "a-1", "ab", "A", "a" };
	struct listing all = { .last = NULL }, some = { .last = "a" };
	struct listing empty = { .last = NULL };
	struct store *store;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		ASSERT_EQ(S_OK, home_put("dir", files[i], files[i]));
	close(creat(home_path(&self->home, "dir/.hidden"), 0600));

	store = home_lock();
	ASSERT_NE(NULL, store);
	EXPECT_EQ(S_OK, store_list(store, "none", append, &empty));
	EXPECT_STREQ("", empty.text);
	EXPECT_EQ(S_FALSE, store_list(store, "dir", append, &some));
	EXPECT_STREQ("0 A a ", some.text);
	all.store = store;
	EXPECT_EQ(S_OK, store_list(store, "dir", append, &all));
	EXPECT_STREQ("0 A a a-1 ab b ", all.text);
	EXPECT_EQ(S_OK, store_list(store, "dir", append, &empty));
	EXPECT_STREQ("", empty.text);
	store_close(store);
}

/* What a crash left goes, and nothing else does. */
TEST_F(home, left_by_a_crash)
{
	struct store *store;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	close(creat(home_path(&self->home, "dir/.tmp-0123"), 0600));
	close(creat(home_path(&self->home, "dir/.tmp-"), 0));
	close(creat(home_path(&self->home, "dir/.mine"), 0600));
	ASSERT_EQ(S_OK, store_open(false, &store));
	EXPECT_EQ(3, home_leftovers(&self->home));
	EXPECT_EQ(S_OK, store_lock(store));
	EXPECT_EQ(1, home_leftovers(&self->home));
	store_close(store);
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

TEST_F(home, removed_meanwhile)
{
	struct store *store;
	char *data;
	size_t len;

	ASSERT_EQ(S_OK, store_open(true, &store));
	ASSERT_EQ(0, rmdir(self->home.store));
	EXPECT_EQ(E_UNEXPECTED, store_lock(store));
	EXPECT_TRUE(says(E_UNEXPECTED, self->home.store));
	EXPECT_EQ(PEER_E_NOT_FOUND, store_read(store, "dir", "file", &data,
					       &len));
	store_close(store);
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
}

/* That there is none of a name is no answer to who writes it. */
TEST_F(home, removed_while_locked)
{
	struct store *store = home_lock();

	ASSERT_NE(NULL, store);
	ASSERT_EQ(S_OK, store_write(store, "dir", "file", "text", 4));
	ASSERT_EQ(0, unlink(home_path(&self->home, "dir/file")));
	ASSERT_EQ(0, rmdir(home_path(&self->home, "dir")));
	EXPECT_EQ(S_OK, store_write(store, "dir", "file", "text", 4));
	home_remove(&self->home);
	EXPECT_EQ(E_UNEXPECTED, store_write(store, "dir", "file", "text", 4));
	EXPECT_TRUE(says(E_UNEXPECTED, self->home.store));
	store_close(store);
}

TEST_F(home, replaced_meanwhile)
{
	struct store *store;
	char away[128];

	snprintf(away, sizeof(away), "%s/away", self->home.top);
	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	ASSERT_EQ(S_OK, store_open(true, &store));
	ASSERT_EQ(0, rename(self->home.store, away));
	EXPECT_EQ(E_UNEXPECTED, store_lock(store));
	ASSERT_EQ(0, mkdir(self->home.store, 0700));
	EXPECT_EQ(E_UNEXPECTED, store_lock(store));
	store_close(store);
	EXPECT_EQ(S_OK, home_put("dir", "file", "new"));
}

/* Who waits for a lock that is removed does not go on with it. */
TEST_F(home, lock_removed_meanwhile)
{
	struct store *store = home_lock();
	int told[2];
	pid_t pid;

	ASSERT_NE(NULL, store);
	store_close(store);
	ASSERT_EQ(0, pipe2(told, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		store = home_lock();
		write(told[1], "", 1);
		usleep(300000);
		unlink(home_path(&self->home, "lock"));
		store_close(store);
		_exit(0);
	}
	ASSERT_EQ(1, read(told[0], &(char){ 0 }, 1));
	ASSERT_EQ(S_OK, store_open(false, &store));
	EXPECT_EQ(E_UNEXPECTED, store_lock(store));
	store_close(store);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
}

static void limit(int resource, rlim_t value)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = value;
	setrlimit(resource, &limit);
}

/* Some of it can be written, the rest cannot. */
TEST_F(home, file_size)
{
	static char text[20000];

	memset(text, 'x', sizeof(text) - 1);
	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 10000);
	EXPECT_EQ(E_UNEXPECTED, home_put("dir", "file", text));
	EXPECT_TRUE(says(E_UNEXPECTED, "dir/file"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
	EXPECT_EQ(0, home_leftovers(&self->home));
}

TEST_F(home, few_descriptors)
{
	unsigned int used;
	HRESULT hr = S_FALSE;

	ASSERT_EQ(S_OK, home_put("dir", "file", "text"));
	for (used = home_descriptors(); used < 20; used++)
		dup(0);
	for (used = 25; used >= 20; used--) {
		limit(RLIMIT_NOFILE, used);
		hr = home_put("dir", "file", "text");
		EXPECT_TRUE(hr == S_OK || hr == E_OUTOFMEMORY);
		hr = try_read("dir", "file");
		EXPECT_TRUE(hr == S_OK || hr == E_OUTOFMEMORY);
	}
	EXPECT_EQ(E_OUTOFMEMORY, hr);
	limit(RLIMIT_NOFILE, 100);
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = write(fd, text, strlen(text)) > 0;

	close(fd);
	return written;
}

/* A user may mount in a namespace of his own only. */
static bool mount_small(const char *path)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
	prctl(PR_SET_DUMPABLE, 1);
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       write_to("/proc/self/uid_map", users) &&
	       write_to("/proc/self/setgroups", "deny") &&
	       write_to("/proc/self/gid_map", groups) &&
	       !mount("none", path, "tmpfs", 0, "size=64k,mode=0700");
}

TEST_F(home, full_disk)
{
	static char text[0x10000];
	char file[16];
	unsigned int i;
	HRESULT hr = S_OK;

	memset(text, 'x', sizeof(text) - 1);
	ASSERT_EQ(0, mkdir(self->home.store, 0700));
	ASSERT_TRUE(mount_small(self->home.store)) TH_LOG("%m");
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
	EXPECT_EQ(PEER_E_DISK_FULL, home_put("dir", "file", text));
	EXPECT_TRUE(says(PEER_E_DISK_FULL, "dir/file"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
	EXPECT_EQ(0, home_leftovers(&self->home));
	for (i = 0; hr == S_OK && i < 100; i++) {
		snprintf(file, sizeof(file), "%u", i);
		hr = home_put("dir", file, "text");
	}
	EXPECT_EQ(PEER_E_DISK_FULL, hr);
	EXPECT_EQ(S_OK, home_drop("dir", "file"));
	EXPECT_EQ(S_OK, home_put("dir", file, "text"));
	EXPECT_EQ(0, umount(self->home.store));
}

/* The C library changes the mode of what is no link by way of it. */
TEST_F(home, without_proc)
{
	ASSERT_TRUE(mount_small("/proc")) TH_LOG("%m");
	umask(077);
	EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
	EXPECT_TRUE(home_has("dir", "file", "text"));
	EXPECT_EQ(0700, mode_of(home_path(&self->home, "dir")));
	EXPECT_EQ(0, umount("/proc"));
}

#define PROCESSES 6
#define THREADS 4
#define ROUNDS 20

/* Add one to the number in a file, which is written many times in a row. */
static bool add_one(void)
{
	struct store *store = home_lock();
	unsigned long number = 0;
	char text[4000], *data;
	size_t len, used = 0;
	HRESULT hr;

	if (!store)
		return false;
	hr = store_read(store, "dir", "number", &data, &len);
	if (hr == S_OK)
		number = strtoul(data, NULL, 10);
	store_free(data, len);
	while (used < sizeof(text) - 20)
		used += sprintf(text + used, "%lu ", number + 1);
	if (hr == S_OK || hr == PEER_E_NOT_FOUND)
		hr = store_write(store, "dir", "number", text, used);
	store_close(store);
	return hr == S_OK;
}

/* Whether what is read is all of one time. */
static bool is_one_text(void)
{
	char *data, *next;
	struct store *store;
	unsigned long number;
	bool same = true;
	size_t len;
	HRESULT hr;

	if (store_open(false, &store) != S_OK)
		return false;
	hr = store_read(store, "dir", "number", &data, &len);
	if (hr == S_OK) {
		number = strtoul(data, &next, 10);
		while (same && next[1])
			same = strtoul(next, &next, 10) == number;
		same &= len > 3900;
	}
	store_free(data, len);
	store_close(store);
	return same && (hr == S_OK || hr == PEER_E_NOT_FOUND);
}

/* A file of each thread's own, which comes and goes. */
static bool come_and_go(void)
{
	char file[32];

	snprintf(file, sizeof(file), "%d", gettid());
	return home_put("dir", file, file) == S_OK &&
	       home_has("dir", file, file) &&
	       home_drop("dir", file) == S_OK && home_has("dir", file, NULL);
}

static void *work(void *arg)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		if (!add_one() || !is_one_text() || !come_and_go())
			return NULL;
	return arg;
}

static int work_in_threads(void)
{
	pthread_t threads[THREADS];
	unsigned int i, failed = 0;
	bool works;
	void *done;

	for (i = 0; i < THREADS; i++)
		failed += pthread_create(&threads[i], NULL, work, &works);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		failed += !done;
	}
	return failed;
}

TEST_F_TIMEOUT(home, many_at_once, 240)
{
	pid_t pids[PROCESSES];
	struct listing listing = { .last = NULL };
	struct store *store;
	unsigned int i;
	int status;
	char *data;
	size_t len;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			alarm(200);
			_exit(work_in_threads());
		}
	}
	for (i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(S_OK, store_open(false, &store));
	ASSERT_EQ(S_OK, store_read(store, "dir", "number", &data, &len));
	EXPECT_EQ(PROCESSES * THREADS * ROUNDS, strtoul(data, NULL, 10));
	store_free(data, len);
	EXPECT_EQ(S_OK, store_list(store, "dir", append, &listing));
	EXPECT_STREQ("number ", listing.text);
	store_close(store);
	EXPECT_EQ(0, home_leftovers(&self->home));
}

static atomic_bool stop;

static void *lock_often(void *arg)
{
	while (!atomic_load(&stop))
		if (!add_one())
			return NULL;
	return arg;
}

/* A child that cannot lock would wait for ever. */
TEST_F_TIMEOUT(home, fork_while_locked, 120)
{
	pthread_t threads[THREADS];
	unsigned int i;
	int status;
	void *done;
	pid_t pid;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, lock_often,
					    self));
	for (i = 0; i < 50; i++) {
		pid = fork();
		if (!pid) {
			alarm(60);
			_exit(!add_one());
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		EXPECT_EQ(self, done);
	}
}

static void *hold_often(void *arg)
{
	struct store *store;

	while (!atomic_load(&stop)) {
		store = home_lock();
		usleep(100000);
		store_close(store);
	}
	return arg;
}

/* Ends while a thread holds the lock and a child lives. */
static void die_with_child(int told)
{
	pthread_t thread;
	pid_t pid;

	pthread_create(&thread, NULL, hold_often, NULL);
	usleep(30000);
	pid = fork();
	if (!pid) {
		alarm(20);
		pause();
		_exit(0);
	}
	write(told, &pid, sizeof(pid));
	usleep(10000);
	kill(getpid(), SIGKILL);
}

TEST_F(home, lock_ends_with_its_process)
{
	pid_t pid, child;
	unsigned int i;
	int told[2];

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pipe2(told, O_CLOEXEC));
		pid = fork();
		if (!pid)
			die_with_child(told[1]);
		ASSERT_EQ(sizeof(child), read(told[0], &child, sizeof(child)));
		waitpid(pid, NULL, 0);
		alarm(10);
		EXPECT_EQ(S_OK, home_put("dir", "file", "text"));
		alarm(0);
		kill(child, SIGKILL);
		close(told[0]);
		close(told[1]);
	}
}

static void *hold_for_long(void *arg)
{
	struct store *store = home_lock();

	atomic_store((atomic_bool *)arg, true);
	usleep(100000);
	/* It is cancelled by now, and finishes this nevertheless. */
	store_write(store, "dir", "file", "text", 4);
	store_close(store);
	pthread_testcancel();
	return NULL;
}

TEST_F(home, cancelled)
{
	atomic_bool holds = false;
	unsigned int before = home_descriptors();
	pthread_t thread;
	void *done;

	ASSERT_EQ(0, pthread_create(&thread, NULL, hold_for_long, &holds));
	while (!atomic_load(&holds))
		sched_yield();
	ASSERT_EQ(0, pthread_cancel(thread));
	pthread_join(thread, &done);
	EXPECT_EQ(PTHREAD_CANCELED, done);
	EXPECT_EQ(before, home_descriptors());
	EXPECT_TRUE(home_has("dir", "file", "text"));
	alarm(10);
	EXPECT_EQ(S_OK, home_put("dir", "file", "new"));
}

/* A thread that has let go of the store can be cancelled again. */
TEST_F(home, cancel_state)
{
	struct store *store;
	int state;

	ASSERT_EQ(S_OK, store_open(false, &store));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	EXPECT_EQ(PTHREAD_CANCEL_ENABLE, state);
	ASSERT_EQ(S_OK, store_open(true, &store));
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	EXPECT_EQ(PTHREAD_CANCEL_DISABLE, state);
	store_close(store);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	EXPECT_EQ(PTHREAD_CANCEL_ENABLE, state);
	setenv("PEERGROUP_HOME", "bad", 1);
	EXPECT_EQ(E_INVALIDARG, store_open(true, &store));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	EXPECT_EQ(PTHREAD_CANCEL_ENABLE, state);
}

TEST_HARNESS_MAIN
