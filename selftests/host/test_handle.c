// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of handles.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#include "../../lib/p2p/handle.h"
#include <kselftest_harness.h>

static unsigned int destroyed;

static void destroy(struct object *object)
{
	destroyed++;
	free(object);
}

static void *new_handle(enum handle_kind kind)
{
	struct object *object = malloc(sizeof(*object));
	void *handle = NULL;

	object_init(object, kind, destroy);
	handle_new(object, 0, &handle);
	return handle;
}

static bool usable(enum handle_kind kind, const void *handle)
{
	struct object *object = handle_get(kind, handle);

	if (object)
		object_put(object);
	return object;
}

TEST(kinds_are_kept_apart)
{
	void *handle = new_handle(HANDLE_GROUP);

	EXPECT_TRUE(usable(HANDLE_GROUP, handle));
	EXPECT_FALSE(usable(HANDLE_ENUM, handle));
	EXPECT_FALSE(handle_close(HANDLE_ENUM, handle));
	EXPECT_EQ(0, destroyed);
	EXPECT_TRUE(handle_close(HANDLE_GROUP, handle));
	EXPECT_EQ(1, destroyed);
}

TEST(stale_handles_stay_stale)
{
	void *old = new_handle(HANDLE_GROUP), *handle;
	unsigned int i;

	handle_close(HANDLE_GROUP, old);
	for (i = 0; i < 1000; i++) {
		handle = new_handle(HANDLE_GROUP);
		EXPECT_NE(old, handle);
		EXPECT_FALSE(usable(HANDLE_GROUP, old));
		EXPECT_FALSE(handle_close(HANDLE_GROUP, old));
		handle_close(HANDLE_GROUP, handle);
		EXPECT_FALSE(usable(HANDLE_GROUP, handle));
	}
}

TEST(a_reference_outlives_the_handle)
{
	void *handle = new_handle(HANDLE_ENUM);
	struct object *object = handle_get(HANDLE_ENUM, handle);

	ASSERT_NE(NULL, object);
	handle_close(HANDLE_ENUM, handle);
	EXPECT_EQ(0, destroyed);
	object_put(object);
	EXPECT_EQ(1, destroyed);
}

TEST(any_value_is_safe)
{
	void *handles[100], *value;
	unsigned int i;

	for (i = 0; i < 100; i++)
		handles[i] = new_handle(i % 2 ? HANDLE_GROUP : HANDLE_ENUM);
	for (i = 0; i < 50; i++)
		handle_close(i % 2 ? HANDLE_GROUP : HANDLE_ENUM, handles[i]);

	EXPECT_FALSE(usable(HANDLE_GROUP, NULL));
	EXPECT_FALSE(usable(HANDLE_GROUP, (void *)-1));
	for (i = 0; i < 10000; i++) {
		ASSERT_EQ(8, getrandom(&value, sizeof(value), 0));
		EXPECT_FALSE(usable(HANDLE_GROUP, value));
		EXPECT_FALSE(usable(HANDLE_ENUM, value));
		EXPECT_FALSE(handle_close(HANDLE_GROUP, value));
	}
	for (i = 0; i < 200; i++)
		EXPECT_FALSE(usable(HANDLE_GROUP, (void *)(uintptr_t)i));
	for (i = 50; i < 100; i++)
		EXPECT_TRUE(usable(i % 2 ? HANDLE_GROUP : HANDLE_ENUM,
				   handles[i]));
	handle_end();
	EXPECT_EQ(100, destroyed);
}

static bool is_enum(const struct object *object, const void *arg)
{
	(void)arg;
	return object->kind == HANDLE_ENUM;
}

TEST(close_those_that_match)
{
	void *group = new_handle(HANDLE_GROUP);
	void *peer_enum = new_handle(HANDLE_ENUM);

	handle_close_all(is_enum, NULL);
	EXPECT_TRUE(usable(HANDLE_GROUP, group));
	EXPECT_FALSE(usable(HANDLE_ENUM, peer_enum));
	handle_end();
	EXPECT_FALSE(usable(HANDLE_GROUP, group));
}

/* Work that the end of its epoch overtook gets no handle. */
TEST(no_handle_after_the_end)
{
	struct object object;
	uint64_t first, second;
	void *handle = NULL;

	object_init(&object, HANDLE_GROUP, destroy);
	first = handle_begin();
	handle_end();
	EXPECT_EQ(-ESHUTDOWN, handle_new(&object, first, &handle));
	second = handle_begin();
	EXPECT_EQ(-ESHUTDOWN, handle_new(&object, first, &handle));
	EXPECT_EQ(NULL, handle);
	EXPECT_EQ(0, handle_new(&object, second, &handle));
	EXPECT_TRUE(usable(HANDLE_GROUP, handle));
	atomic_fetch_add(&object.refs, 1);
	handle_end();
	EXPECT_FALSE(usable(HANDLE_GROUP, handle));
}

TEST_HARNESS_MAIN
