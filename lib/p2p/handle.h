/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles: numbers that callers hold for objects. They are looked up and never
 * dereferenced, so that any value is safe to pass.
 */
#ifndef LIB_P2P_HANDLE_H
#define LIB_P2P_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>

enum handle_kind {
	HANDLE_GROUP = 1,
	HANDLE_ENUM,
};

/* The base of an object; the last reference destroys it. */
struct object {
	enum handle_kind kind;
	atomic_uint refs;
	void (*destroy)(struct object *object);
};

/* One reference, the caller's. */
void object_init(struct object *object, enum handle_kind kind,
		 void (*destroy)(struct object *object));

void object_put(struct object *object);

/* A handle that takes over the caller's reference; NULL: no memory. */
void *handle_new(struct object *object);

/* The object behind a handle, with a reference; NULL if it is a bad one. */
struct object *handle_get(enum handle_kind kind, const void *handle);

/* Drop a handle; false if it is a bad one. */
bool handle_close(enum handle_kind kind, const void *handle);

/* Drop the handles of all objects that match; all of them if match is NULL. */
void handle_close_all(bool (*match)(const struct object *object,
				    const void *arg),
		      const void *arg);

#endif /* LIB_P2P_HANDLE_H */
