// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store when a process dies at any call, when any call fails, and when
 * there is no memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../lib/reason.h"
#include "alloc.h"
#include "crash.h"
#include "home.h"
#include <kselftest_harness.h>

#define OLD "the old text, of which nothing may be missing"
#define NEW "the new text, which takes its place, and is longer than that"

FIXTURE(change) {
	struct home home;
	const FIXTURE_VARIANT(change) *variant;
};

FIXTURE_VARIANT(change) {
	const char *beside;	/* another file in the directory */
	const char *before;	/* what the file had; NULL: it was not there */
	const char *after;
};

FIXTURE_VARIANT_ADD(change, first_of_all) {
	.after = NEW,
};

FIXTURE_VARIANT_ADD(change, new_file) {
	.beside = OLD,
	.after = NEW,
};

FIXTURE_VARIANT_ADD(change, replace) {
	.beside = OLD,
	.before = OLD,
	.after = NEW,
};

FIXTURE_VARIANT_ADD(change, remove) {
	.beside = OLD,
	.before = OLD,
};

FIXTURE_SETUP(change)
{
	ASSERT_TRUE(home_make(&self->home));
	self->variant = variant;
}

FIXTURE_TEARDOWN(change)
{
	home_remove(&self->home);
}

static void prepare(void *arg)
{
	const FIXTURE_DATA(change) *self = arg;

	home_remove(&self->home);
	mkdir(self->home.top, 0700);
	if (self->variant->beside)
		home_put("dir", "beside", self->variant->beside);
	if (self->variant->before)
		home_put("dir", "file", self->variant->before);
}

static HRESULT change(const FIXTURE_DATA(change) *self)
{
	return self->variant->after ?
	       home_put("dir", "file", self->variant->after) :
	       home_drop("dir", "file");
}

static bool change_well(void *arg)
{
	return change(arg) == S_OK;
}

static bool count(unsigned int *n)
{
	++*n;
	return true;
}

static HRESULT count_file(const char *file, void *arg)
{
	return !strcmp(file, "beside") || !strcmp(file, "file") ?
	       !count(arg) : E_UNEXPECTED;
}

static bool shows(unsigned int wanted)
{
	struct store *store;
	unsigned int n = 0;
	HRESULT hr;

	if (store_open(false, &store) != S_OK)
		return false;
	hr = store_list(store, "dir", count_file, &n);
	store_close(store);
	return hr == S_OK && n == wanted;
}

/* All is as before the change, or all is as after it. */
static bool is_whole(const FIXTURE_DATA(change) *self, bool changed)
{
	const char *text = changed ? self->variant->after :
				     self->variant->before;

	return home_has("dir", "beside", self->variant->beside) &&
	       home_has("dir", "file", text) &&
	       shows(!!self->variant->beside + !!text);
}

/* Whoever comes next finds a store that works, and leaves it clean. */
static bool goes_on(const FIXTURE_DATA(change) *self)
{
	return home_put("dir", "file", "next") == S_OK &&
	       home_has("dir", "file", "next") &&
	       home_has("dir", "beside", self->variant->beside) &&
	       !home_leftovers(&self->home) &&
	       home_drop("dir", "file") == S_OK;
}

static bool check(void *arg, _Bool dead)
{
	return (is_whole(arg, true) || (dead && is_whole(arg, false))) &&
	       goes_on(arg);
}

TEST_F(change, dies)
{
	struct crash_test test = { prepare, change_well, check, self };
	unsigned int n = crash_everywhere(&test);

	TH_LOG("%u calls", n);
	EXPECT_LT(variant->after ? 15 : 8, n);
}

TEST_F(change, dies_under_a_umask)
{
	struct crash_test test = { prepare, change_well, check, self };

	umask(0);
	EXPECT_NE(0, crash_everywhere(&test));
	umask(077);
	EXPECT_NE(0, crash_everywhere(&test));
}

static bool has_come(const char *call)
{
	return strstr(crash_trace(), call);
}

/*
 * Only the last sync may report that a change is made and may not last. What
 * comes later, or is done for tidiness only, does not fail the change.
 */
static bool is_told_well(const FIXTURE_DATA(change) *self, HRESULT hr,
			 HRESULT wanted)
{
	bool late = self->variant->after ? has_come("renameat fsync") :
					   has_come("unlinkat fsync");

	if (hr == S_OK)
		return is_whole(self, true);
	if (hr != wanted)
		return false;
	return is_whole(self, false) || (late && is_whole(self, true));
}

static HRESULT wanted_hr(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
		return PEER_E_DISK_FULL;
	case EACCES:
	case EPERM:
	case EROFS:
		return PEER_E_NO_KEY_ACCESS;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return E_OUTOFMEMORY;
	default:
		return E_UNEXPECTED;
	}
}

/* Returns whether there was such a call. */
static bool fail_once(struct __test_metadata *_metadata,
		      FIXTURE_DATA(change) *self, unsigned int n, int err)
{
	unsigned int descriptors;
	char reason[512];
	HRESULT hr;
	bool failed;
	long live;

	prepare(self);
	descriptors = home_descriptors();
	live = alloc_live();
	crash_fail(n, err);
	hr = change(self);
	failed = crash_end();
	snprintf(reason, sizeof(reason), "%s", pg_hresult_text(hr));
	EXPECT_EQ(descriptors, home_descriptors());
	EXPECT_EQ(live, alloc_live());
	EXPECT_TRUE(is_told_well(self, hr, wanted_hr(err))) {
		TH_LOG("0x%x after %s: %s", hr, strerrorname_np(err),
		       crash_trace());
	}
	if (hr != S_OK)
		EXPECT_NE(NULL, strstr(reason, strerror(err)));
	EXPECT_EQ(0, home_leftovers(&self->home)) {
		TH_LOG("left over after %s: %s", strerrorname_np(err),
		       crash_trace());
	}
	EXPECT_TRUE(goes_on(self));
	return failed;
}

TEST_F(change, fails)
{
	static const int errors[] = {
		EIO, ENOSPC, EDQUOT, EACCES, EPERM, ENOMEM, EMFILE, ENFILE,
		EROFS,
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		n = 1;
		while (fail_once(_metadata, self, n, errors[i]))
			n++;
		EXPECT_LT(variant->after ? 15 : 8, n);
	}
}

/* Without memory it is refused, or done, as a whole. */
TEST_F(change, no_memory)
{
	unsigned int n = 0;
	bool failed = true;
	HRESULT hr;
	long live;

	while (failed) {
		prepare(self);
		live = alloc_live();
		alloc_fail(++n);
		hr = change(self);
		failed = alloc_failed();
		alloc_fail(0);
		EXPECT_EQ(live, alloc_live());
		EXPECT_TRUE(is_told_well(self, hr, E_OUTOFMEMORY));
		EXPECT_TRUE(goes_on(self));
	}
	EXPECT_LT(2, n);
}

/* What is renamed is on the disk before, and the name of it after. */
TEST_F(change, order)
{
	const char *call;

	prepare(self);
	crash_fail(0, 0);
	ASSERT_EQ(S_OK, change(self));
	crash_end();
	if (!variant->after) {
		EXPECT_TRUE(has_come("unlinkat fsync close"));
		return;
	}
	EXPECT_TRUE(has_come("openat fchmod write"));
	EXPECT_TRUE(has_come("write fsync close renameat fsync close"));
	if (variant->beside)
		return;
	/* Each new directory, that of the store and one in it. */
	call = strstr(crash_trace(), "mkdirat fchmodat openat fsync");
	ASSERT_NE(NULL, call);
	EXPECT_NE(NULL, strstr(call + 1, "mkdirat fchmodat openat fsync"));
}

FIXTURE(reader) {
	struct home home;
};

FIXTURE_SETUP(reader)
{
	ASSERT_TRUE(home_make(&self->home));
	ASSERT_EQ(S_OK, home_put("dir", "file", OLD));
	ASSERT_EQ(S_OK, home_put("dir", "other", OLD));
}

FIXTURE_TEARDOWN(reader)
{
	home_remove(&self->home);
}

static HRESULT show_file(const char *file, void *arg)
{
	(void)file;
	++*(unsigned int *)arg;
	return S_OK;
}

static HRESULT use(struct __test_metadata *_metadata, struct store *store)
{
	char *data = (char *)"";
	unsigned int n = 0;
	size_t len = 1;
	HRESULT hr;

	hr = store_read(store, "dir", "file", &data, &len);
	if (hr == S_OK) {
		EXPECT_STREQ(OLD, data);
		EXPECT_EQ(strlen(OLD), len);
	} else {
		EXPECT_EQ(NULL, data);
		EXPECT_EQ(0, len);
	}
	store_free(data, len);
	if (hr == S_OK)
		hr = store_check(store, "dir", "file");
	if (hr == S_OK) {
		hr = store_list(store, "dir", show_file, &n);
		EXPECT_EQ(hr == S_OK ? 2 : 0, n);
	}
	return hr;
}

static HRESULT look(struct __test_metadata *_metadata)
{
	struct store *store = (void *)_metadata;
	HRESULT hr;

	hr = store_open(false, &store);
	if (hr != S_OK) {
		EXPECT_EQ(NULL, store);
		return hr;
	}
	hr = use(_metadata, store);
	store_close(store);
	return hr;
}

static bool look_once(struct __test_metadata *_metadata, unsigned int n,
		      int err)
{
	unsigned int descriptors = home_descriptors();
	HRESULT hr;
	bool failed;

	crash_fail(n, err);
	hr = look(_metadata);
	failed = crash_end();
	if (hr != S_OK)
		EXPECT_EQ(wanted_hr(err), hr);
	EXPECT_EQ(descriptors, home_descriptors());
	EXPECT_EQ(0, alloc_live());
	return failed;
}

TEST_F(reader, fails)
{
	static const int errors[] = { EIO, EACCES, ENOMEM, EMFILE };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		n = 1;
		while (look_once(_metadata, n, errors[i]))
			n++;
		EXPECT_LT(10, n);
	}
}

TEST_F(reader, no_memory)
{
	unsigned int n = 0;
	bool failed = true;
	HRESULT hr;

	while (failed) {
		alloc_fail(++n);
		hr = look(_metadata);
		failed = alloc_failed();
		alloc_fail(0);
		EXPECT_EQ(failed ? E_OUTOFMEMORY : S_OK, hr);
		EXPECT_EQ(0, alloc_live());
	}
	EXPECT_LT(5, n);
}

static bool is_made_again(const char *call)
{
	static const char * const again[] = {
		"openat", "read", "write", "fsync", "flock",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(again); i++)
		if (!strcmp(call, again[i]))
			return true;
	return false;
}

/* What a signal may interrupt is made again. */
TEST_F(reader, interrupted)
{
	const char *failed = "none";
	bool done, has;
	unsigned int n;

	for (n = 1; failed; n++) {
		crash_fail(n, EINTR);
		done = home_put("dir", "file", NEW) == S_OK;
		has = home_has("dir", "file", NEW);
		failed = crash_end();
		if (failed && is_made_again(failed)) {
			EXPECT_TRUE(done) TH_LOG("%s: %s", failed,
						 crash_trace());
			EXPECT_TRUE(has);
		}
	}
	EXPECT_LT(20, n);
}

TEST_F(reader, of_another_user)
{
	struct store *store = (void *)self, *mine;
	char *data;
	size_t len;

	ASSERT_EQ(S_OK, store_open(false, &mine));
	crash_user(geteuid() + 1);
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, store_open(false, &store));
	EXPECT_EQ(NULL, store);
	EXPECT_NE(NULL, strstr(pg_hresult_text(PEER_E_NO_KEY_ACCESS),
			       self->home.store));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, store_open(true, &store));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS,
		  store_read(mine, "dir", "file", &data, &len));
	EXPECT_EQ(PEER_E_NO_KEY_ACCESS, store_check(mine, "dir", "file"));
	store_close(mine);
}

/* No environment tells where the store is, and nor does the list of users. */
TEST_F(reader, of_no_user)
{
	struct store *store = (void *)self;

	unsetenv("PEERGROUP_HOME");
	crash_user(0xfffffff0);
	EXPECT_EQ(E_UNEXPECTED, store_open(true, &store));
	EXPECT_EQ(NULL, store);
	EXPECT_NE(NULL, strstr(pg_hresult_text(E_UNEXPECTED), "4294967280"));
}

TEST_HARNESS_MAIN
