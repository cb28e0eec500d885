// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding connections by socket, in the probe, and by id, for requests.
 *
 * Both indexes are hash tables of fixed size for all namespaces: growing one
 * would need memory where there is none to be had.
 */

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/rculist.h>
#include <linux/sizes.h>

#include "peergroup.h"

static unsigned int hashsize;
module_param(hashsize, uint, 0444);
MODULE_PARM_DESC(hashsize,
		 "Buckets of each index, rounded up to a power of 2 (0: one for each 64 KiB of memory)");

#define PG_INDEX_LOCKS	256
#define PG_INDEX_MIN	SZ_1K
#define PG_INDEX_MAX	SZ_16M
#define PG_INDEX_AUTO	SZ_1M

/**
 * struct pg_index - a hash table
 * @heads: chains; each protected by one of the locks, RCU
 * @locks: by the lowest bits of the bucket
 */
struct pg_index {
	struct hlist_head	*heads;
	raw_spinlock_t		locks[PG_INDEX_LOCKS];
};

static struct pg_index pg_by_sk;
static struct pg_index pg_by_id;

/* For the probe, see peergroup.h. */
struct hlist_head *pg_index_sk_heads __ro_after_init;
unsigned int pg_index_bits __ro_after_init;
atomic_t pg_index_pending = ATOMIC_INIT(0);

static raw_spinlock_t *pg_bucket_lock(struct pg_index *index, u32 bucket)
{
	return &index->locks[bucket % PG_INDEX_LOCKS];
}

static u32 pg_sk_bucket(const struct sock *sk)
{
	return hash_ptr(sk, pg_index_bits);
}

static u32 pg_id_bucket(const struct pg_net *pn, u64 id)
{
	return hash_64(id + (unsigned long)pn, pg_index_bits);
}

static void pg_index_link_sk(struct pg_conn *conn, struct hlist_head *head)
{
	hlist_add_head_rcu(&conn->by_sk, head);
	if (conn->pending)
		atomic_inc(&pg_index_pending);
}

static bool pg_index_finds(const struct hlist_head *head,
			   const struct pg_conn *conn)
{
	struct pg_conn *other;

	hlist_for_each_entry(other, head, by_sk)
		if (other->sk == conn->sk && other->group == conn->group)
			return true;
	return false;
}

/**
 * pg_index_add_sk - let the probe find a connection
 * @conn: its @sk and @group are set
 *
 * Return: false if the index has one of this socket and group already.
 */
bool pg_index_add_sk(struct pg_conn *conn)
{
	u32 bucket = pg_sk_bucket(conn->sk);
	raw_spinlock_t *lock = pg_bucket_lock(&pg_by_sk, bucket);
	struct hlist_head *head = &pg_by_sk.heads[bucket];
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(lock, flags);
	found = pg_index_finds(head, conn);
	if (!found)
		pg_index_link_sk(conn, head);
	raw_spin_unlock_irqrestore(lock, flags);
	return !found;
}

/**
 * pg_index_put_sk - likewise, and its group has not got the socket
 * @conn: the connection
 *
 * Context: Any, the probe included.
 */
void pg_index_put_sk(struct pg_conn *conn)
{
	u32 bucket = pg_sk_bucket(conn->sk);
	raw_spinlock_t *lock = pg_bucket_lock(&pg_by_sk, bucket);
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	pg_index_link_sk(conn, &pg_by_sk.heads[bucket]);
	raw_spin_unlock_irqrestore(lock, flags);
}

/**
 * pg_index_has_sk - has a group got a socket?
 * @sk: the socket
 * @group: the group; if the lock of its namespace is not held, it may have got
 *	the socket by now, or lost it
 *
 * What is in an attach request only does not count: that may still fail.
 *
 * Context: Any, the probe included; RCU read side.
 */
bool pg_index_has_sk(const struct sock *sk, const struct pg_group *group)
{
	struct pg_conn *conn;

	hlist_for_each_entry_rcu(conn, pg_index_sk_head(sk), by_sk)
		if (READ_ONCE(conn->sk) == sk && conn->group == group &&
		    READ_ONCE(conn->id))
			return true;
	return false;
}

static void pg_index_del(struct pg_index *index, u32 bucket,
			 struct hlist_node *node)
{
	raw_spinlock_t *lock = pg_bucket_lock(index, bucket);
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	hlist_del_rcu(node);
	raw_spin_unlock_irqrestore(lock, flags);
}

/**
 * pg_index_del_sk - the probe need not find a connection any longer
 * @conn: its @sk is still set
 *
 * Context: Any, the probe included.
 */
void pg_index_del_sk(struct pg_conn *conn)
{
	pg_index_del(&pg_by_sk, pg_sk_bucket(conn->sk), &conn->by_sk);
	if (conn->pending)
		atomic_dec(&pg_index_pending);
}

/**
 * pg_index_add_id - let requests find a connection
 * @conn: its @id is set
 */
void pg_index_add_id(struct pg_conn *conn)
{
	u32 bucket = pg_id_bucket(conn->group->pn, conn->id);
	raw_spinlock_t *lock = pg_bucket_lock(&pg_by_id, bucket);
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	hlist_add_head_rcu(&conn->by_id, &pg_by_id.heads[bucket]);
	raw_spin_unlock_irqrestore(lock, flags);
}

/**
 * pg_index_del_id - undo pg_index_add_id()
 * @conn: the connection
 */
void pg_index_del_id(struct pg_conn *conn)
{
	pg_index_del(&pg_by_id, pg_id_bucket(conn->group->pn, conn->id),
		     &conn->by_id);
}

/**
 * pg_index_find_id - the connection with an id
 * @pn: the namespace
 * @id: the id
 *
 * Context: RCU read side, which keeps the result; it may be dead.
 */
struct pg_conn *pg_index_find_id(const struct pg_net *pn, u64 id)
{
	struct hlist_head *head = &pg_by_id.heads[pg_id_bucket(pn, id)];
	struct pg_conn *conn;

	hlist_for_each_entry_rcu(conn, head, by_id)
		if (conn->id == id && conn->group->pn == pn)
			return conn;
	return NULL;
}

static unsigned int pg_index_size(void)
{
	unsigned long auto_size = totalram_pages() / (SZ_64K / PAGE_SIZE);

	if (hashsize)
		return clamp_t(u32, hashsize, PG_INDEX_MIN, PG_INDEX_MAX);
	return clamp_t(unsigned long, auto_size, PG_INDEX_MIN, PG_INDEX_AUTO);
}

static int pg_index_alloc(struct pg_index *index)
{
	int i;

	index->heads = kvcalloc(hashsize, sizeof(*index->heads), GFP_KERNEL);
	if (!index->heads)
		return -ENOMEM;
	for (i = 0; i < PG_INDEX_LOCKS; i++)
		raw_spin_lock_init(&index->locks[i]);
	return 0;
}

int pg_index_init(void)
{
	int err;

	hashsize = roundup_pow_of_two(pg_index_size());
	pg_index_bits = ilog2(hashsize);

	err = pg_index_alloc(&pg_by_sk);
	if (!err)
		err = pg_index_alloc(&pg_by_id);
	if (err)
		pg_index_exit();
	pg_index_sk_heads = pg_by_sk.heads;
	return err;
}

void pg_index_exit(void)
{
	kvfree(pg_by_id.heads);
	kvfree(pg_by_sk.heads);
}
