/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel for tests on a host without the module: sendto() and recvmsg() of
 * the library end up here (ld --wrap). It answers as the module does, and on
 * request as no module should.
 */
#ifndef HOST_FAKE_H
#define HOST_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_GROUPS 4
#define FAKE_RULES 32
#define FAKE_PEER_ID "peer \xe2\x82\xac"	/* every third connection */

struct fake_group {
	uint32_t id;
	char name[512];
	char label[768];
	char comment[768];
	uint32_t conns;
	uint32_t first;		/* the first of them that is left */
	uint32_t pending;	/* so many of them at the end are */
	uint32_t owner;
	uint64_t missed;
	bool not_owned;		/* by the user of the test */
};

/* A rule, and what it says about sockets, as attributes of the request. */
struct fake_rule {
	uint32_t id;
	uint32_t group_id;
	uint32_t type;
	bool existing;
	size_t len;
	unsigned char sockets[256];
};

extern struct fake {
	bool loaded;
	uint16_t family;
	uint64_t generation;
	uint32_t last_id;
	struct fake_group groups[FAKE_GROUPS];	/* id 0: none */
	uint32_t last_rule_id;
	unsigned int n_rules;
	struct fake_rule rules[FAKE_RULES];	/* by id */
	unsigned int per_message;	/* records of a dump */

	/* Faults; 0: none. */
	int refuse;		/* errno for the next request of the family */
	uint8_t refuse_cmd;	/* the next one of this command; 0: any */
	unsigned int refuse_after;	/* so many of them pass before */
	bool refuse_always;	/* and all from then on do not */
	const char *reason;	/* its words */
	uint32_t refuse_sock;	/* its place: this socket, counted from 1 */
	unsigned int stale;	/* dumps to cut off half way */
	unsigned int lose;	/* records to leave out of a dump */
	unsigned int mix;	/* another generation from this message on */
	uint64_t netns;		/* where new sockets are */
	int fail_receive;	/* errno of the next recvmsg() */
	bool truncate;		/* the next message of a dump is too long */
	bool no_ids;		/* replies say nothing */
	bool no_type;		/* nor do connections of their type */
	int fail_event;		/* errno of the next recvmsg() of events */
	long later;		/* seconds that time() is ahead */
	/* What happens when time() is called for the nth time from now. */
	void (*meanwhile)(void);
	unsigned int meanwhile_at;	/* n; 0: never */

	/* What happened. */
	unsigned int requests;
	unsigned int dumps;
	unsigned int queued;	/* messages nobody received yet */
	size_t buf_size;	/* of the last recvmsg() */
	size_t buf_seen;	/* of any; messages of a dump fill it */
	uint32_t remote_ipv4;	/* filter of the last dump */
	uint32_t type;
	bool has_remote_ipv6;
	uint32_t flags;
	bool keep;		/* of the last request */
	unsigned int events;	/* queued, not received yet */
	int rcvbuf;		/* of the subscription */
} fake;

/* Start anew with the module loaded and no groups. */
void fake_reset(void);

/* As rmmod and insmod do: groups are gone, the family has another number. */
void fake_reload(void);

/* A group of the fake kernel that has connections. */
struct fake_group *fake_add(const char *name, uint32_t conns);

/* A datagram of an earlier request; its message claims another length. */
void fake_left_over(size_t len, uint32_t claimed);

/*
 * Events, each in a datagram of its own: about a group, about its connection i,
 * about a rule, or of the end of the family. What a dump shows is the test's to
 * change.
 */
void fake_group_event(uint8_t cmd, uint64_t generation,
		      const struct fake_group *group);
void fake_conn_event(uint8_t cmd, uint64_t generation, uint32_t group_id,
		     unsigned int i);
void fake_rule_event(uint8_t cmd, uint64_t generation,
		     const struct fake_rule *rule);
void fake_end_event(uint16_t family);
/* A datagram of events that claims to be longer than it is. */
void fake_bad_event(void);

/* What connection i of any group has. */
uint64_t fake_conn_id(unsigned int i);
bool fake_conn_is_ipv4(unsigned int i);
bool fake_conn_has_peer_id(unsigned int i);
uint32_t fake_conn_type(unsigned int i);

#endif /* HOST_FAKE_H */
