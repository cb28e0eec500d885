// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel for tests on a host without the module.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/peergroup.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

#define QUEUE_MAX 512
#define EVENTS_MAX 64
#define MESSAGE_MAX 32768

/* Numbers of multicast groups. */
#define MCGRP_NOTIFY 16
#define MCGRP_EVENTS 50

/* A datagram on its way to the library. */
struct datagram {
	size_t len;
	unsigned char bytes[MESSAGE_MAX];
	size_t filled;	/* as large as the kernel has seen buffers */
	bool truncated;
};

struct fake fake;

static struct datagram queue[QUEUE_MAX];
static unsigned int head;

/* What waits for the subscription, and its socket. */
static struct datagram events[EVENTS_MAX];
static unsigned int events_head;
static int subscription = -1;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.loaded = true;
	fake.family = 40;
	fake.per_message = 3;
	fake.netns = 1;
	head = 0;
	events_head = 0;
	subscription = -1;
}

void fake_reload(void)
{
	memset(fake.groups, 0, sizeof(fake.groups));
	fake.last_id = 0;
	fake.last_rule_id = 0;
	fake.n_rules = 0;
	fake.family++;
	fake.loaded = true;
}

struct fake_group *fake_add(const char *name, uint32_t conns)
{
	struct fake_group *group = fake.groups;

	while (group->id)
		group++;
	group->id = ++fake.last_id;
	strcpy(group->name, name);
	group->owner = geteuid();
	group->conns = conns;
	fake.generation += 1 + conns;
	return group;
}

uint64_t fake_conn_id(unsigned int i)
{
	return 0x100000001ULL + i;
}

bool fake_conn_is_ipv4(unsigned int i)
{
	return i % 2;
}

bool fake_conn_has_peer_id(unsigned int i)
{
	return i % 3 == 0;
}

uint32_t fake_conn_type(unsigned int i)
{
	return i % 4 == 3 ? PEERGROUP_CONN_TYPE_DIRECT :
			    PEERGROUP_CONN_TYPE_NEIGHBOR;
}

/*
 * Building messages
 */

static void begin(struct datagram *datagram, uint16_t type, uint16_t flags,
		  uint32_t seq)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)datagram->bytes;

	memset(datagram, 0, sizeof(*datagram));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = seq;
	nlh->nlmsg_len = NLMSG_HDRLEN;
	datagram->len = NLMSG_HDRLEN;
}

static struct datagram *start(const struct nlmsghdr *request, uint16_t type,
			      uint16_t flags)
{
	struct datagram *datagram = &queue[(head + fake.queued++) % QUEUE_MAX];

	begin(datagram, type, flags, request->nlmsg_seq);
	return datagram;
}

void fake_left_over(size_t len, uint32_t claimed)
{
	const struct nlmsghdr none = { .nlmsg_seq = 0 };
	struct datagram *datagram = start(&none, fake.family, NLM_F_MULTI);
	struct nlmsghdr *nlh = (struct nlmsghdr *)datagram->bytes;

	datagram->len = len;
	nlh->nlmsg_len = claimed;
}

static void append(struct datagram *datagram, const void *data, size_t len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)datagram->bytes;

	memcpy(datagram->bytes + datagram->len, data, len);
	datagram->len += NLMSG_ALIGN(len);
	nlh->nlmsg_len = datagram->len;
}

static void put(struct datagram *datagram, uint16_t type, const void *data,
		size_t len)
{
	const struct nlattr nla = { NLA_HDRLEN + len, type };

	append(datagram, &nla, sizeof(nla));
	if (len)
		append(datagram, data, len);
}

static void put_u16(struct datagram *datagram, uint16_t type, uint16_t value)
{
	put(datagram, type, &value, sizeof(value));
}

static void put_u32(struct datagram *datagram, uint16_t type, uint32_t value)
{
	put(datagram, type, &value, sizeof(value));
}

static void put_u64(struct datagram *datagram, uint16_t type, uint64_t value)
{
	put(datagram, type, &value, sizeof(value));
}

static void put_string(struct datagram *datagram, uint16_t type,
		       const char *text)
{
	put(datagram, type, text, strlen(text) + 1);
}

/* Begin a nest; returns where. */
static size_t nest(struct datagram *datagram, uint16_t type)
{
	const struct nlattr nla = { NLA_HDRLEN, type };
	size_t where = datagram->len;

	append(datagram, &nla, sizeof(nla));
	return where;
}

static void nest_end(struct datagram *datagram, size_t where)
{
	struct nlattr *nla = (struct nlattr *)(datagram->bytes + where);

	nla->nla_len = datagram->len - where;
}

static struct datagram *start_genl(const struct nlmsghdr *request,
				   uint16_t flags)
{
	struct datagram *datagram = start(request, request->nlmsg_type, flags);
	struct genlmsghdr genl = { .cmd = 1, .version = 1 };

	append(datagram, &genl, sizeof(genl));
	return datagram;
}

/* Where the n-th conn nest of a request has its first attribute. */
static uint32_t sock_offset(const struct nlmsghdr *request, unsigned int n)
{
	const unsigned char *base = (const unsigned char *)request;
	size_t pos = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct nlattr *nla;

	for (; pos < request->nlmsg_len; pos += NLA_ALIGN(nla->nla_len)) {
		nla = (const struct nlattr *)(base + pos);
		if ((nla->nla_type & NLA_TYPE_MASK) == PEERGROUP_A_CONN &&
		    !--n)
			return pos + NLA_HDRLEN;
	}
	return 0;
}

static void acknowledge(const struct nlmsghdr *request, int err)
{
	const char *reason = err ? fake.reason : NULL;
	struct datagram *datagram;
	struct nlmsgerr error = { .error = -err, .msg = *request };

	datagram = start(request, NLMSG_ERROR,
			 NLM_F_CAPPED | (reason ? NLM_F_ACK_TLVS : 0));
	append(datagram, &error, sizeof(error));
	if (!reason)
		return;
	put_string(datagram, NLMSGERR_ATTR_MSG, reason);
	if (fake.refuse_sock)
		put_u32(datagram, NLMSGERR_ATTR_OFFS,
			sock_offset(request, fake.refuse_sock));
}

static void done(const struct nlmsghdr *request, int err)
{
	struct datagram *datagram;
	int value = -err;

	datagram = start(request, NLMSG_DONE,
			 NLM_F_MULTI | (err ? NLM_F_ACK_TLVS : 0));
	append(datagram, &value, sizeof(value));
	if (err)
		put_string(datagram, NLMSGERR_ATTR_MSG, "too slow");
}

/*
 * Reading requests
 */

struct request {
	const struct nlmsghdr *nlh;
	uint8_t cmd;
	uint32_t group_id;
	const char *group_name;
	const char *label;
	const char *comment;
	bool has_owner;
	uint32_t owner;
	const char *family_name;
	unsigned int socks;
	struct fake_rule rule;
};

static uint32_t get_u32(const struct nlattr *nla)
{
	uint32_t value;

	memcpy(&value, nla + 1, sizeof(value));
	return value;
}

static void read_group(struct request *request, const struct nlattr *nla)
{
	switch (nla->nla_type) {
	case PEERGROUP_A_GROUP_ID:
		request->group_id = get_u32(nla);
		break;
	case PEERGROUP_A_GROUP_NAME:
		request->group_name = (const char *)(nla + 1);
		break;
	case PEERGROUP_A_GROUP_LABEL:
		request->label = (const char *)(nla + 1);
		break;
	case PEERGROUP_A_GROUP_COMMENT:
		request->comment = (const char *)(nla + 1);
		break;
	case PEERGROUP_A_GROUP_OWNER:
		request->has_owner = true;
		request->owner = get_u32(nla);
		break;
	}
}

static void read_conn(const struct nlattr *nla)
{
	switch (nla->nla_type) {
	case PEERGROUP_A_CONN_TYPE:
		fake.type = get_u32(nla);
		break;
	case PEERGROUP_A_CONN_REMOTE_IPV4:
		fake.remote_ipv4 = get_u32(nla);
		break;
	case PEERGROUP_A_CONN_REMOTE_IPV6:
		fake.has_remote_ipv6 = true;
		break;
	}
}

static void read_rule(struct request *request, const struct nlattr *nla)
{
	struct fake_rule *rule = &request->rule;

	switch (nla->nla_type) {
	case PEERGROUP_A_RULE_ID:
		rule->id = get_u32(nla);
		break;
	case PEERGROUP_A_RULE_TYPE:
		rule->type = get_u32(nla);
		break;
	case PEERGROUP_A_RULE_EXISTING:
		rule->existing = true;
		break;
	case PEERGROUP_A_RULE_KEEP:
		fake.keep = true;
		break;
	default:
		memcpy(rule->sockets + rule->len, nla, nla->nla_len);
		rule->len += NLA_ALIGN(nla->nla_len);
	}
}

static void read_nest(struct request *request, const struct nlattr *outer)
{
	const unsigned char *pos = (const unsigned char *)(outer + 1);
	const unsigned char *end = (const unsigned char *)outer +
				   outer->nla_len;
	const uint16_t type = outer->nla_type & NLA_TYPE_MASK;
	const struct nlattr *nla;

	request->socks += type == PEERGROUP_A_CONN;
	for (; pos < end; pos += NLA_ALIGN(nla->nla_len)) {
		nla = (const struct nlattr *)pos;
		if (type == PEERGROUP_A_CONN)
			read_conn(nla);
		else if (type == PEERGROUP_A_RULE)
			read_rule(request, nla);
		else
			read_group(request, nla);
	}
}

static void read_request(struct request *request, const struct nlmsghdr *nlh)
{
	const unsigned char *base = (const unsigned char *)nlh;
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	size_t pos = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct nlattr *nla;

	fake.type = 0;
	fake.remote_ipv4 = 0;
	fake.has_remote_ipv6 = false;
	fake.flags = 0;
	fake.keep = false;
	*request = (struct request){ .nlh = nlh, .cmd = genl->cmd };
	for (; pos < nlh->nlmsg_len; pos += NLA_ALIGN(nla->nla_len)) {
		nla = (const struct nlattr *)(base + pos);
		if (nla->nla_type & NLA_F_NESTED)
			read_nest(request, nla);
		else if (nlh->nlmsg_type == GENL_ID_CTRL)
			request->family_name = (const char *)(nla + 1);
		else if (nla->nla_type == PEERGROUP_A_FLAGS)
			fake.flags = get_u32(nla);
	}
}

/*
 * The family
 */

static struct fake_group *find(const struct request *request)
{
	struct fake_group *group;

	for (group = fake.groups; group < fake.groups + FAKE_GROUPS; group++)
		if (group->id && (group->id == request->group_id ||
				  (request->group_name &&
				   !strcmp(group->name, request->group_name))))
			return group;
	return NULL;
}

static uint32_t count_rules(uint32_t group_id)
{
	const struct fake_rule *rule;
	uint32_t count = 0;

	for (rule = fake.rules; rule < fake.rules + fake.n_rules; rule++)
		count += rule->group_id == group_id;
	return count;
}

static void put_group(struct datagram *datagram,
		      const struct fake_group *group)
{
	size_t where = nest(datagram, PEERGROUP_A_GROUP | NLA_F_NESTED);

	put_u32(datagram, PEERGROUP_A_GROUP_ID, group->id);
	put_string(datagram, PEERGROUP_A_GROUP_NAME, group->name);
	put_string(datagram, PEERGROUP_A_GROUP_LABEL, group->label);
	if (*group->comment)
		put_string(datagram, PEERGROUP_A_GROUP_COMMENT,
			   group->comment);
	put_u32(datagram, PEERGROUP_A_GROUP_OWNER,
		group->owner + group->not_owned);
	put_u32(datagram, PEERGROUP_A_GROUP_ACTIVE_NEIGHBOR, group->conns);
	put_u32(datagram, PEERGROUP_A_GROUP_RULES, count_rules(group->id));
	put_u64(datagram, PEERGROUP_A_GROUP_MISSED, group->missed);
	put_u32(datagram, 1000, 7);
	nest_end(datagram, where);
}

static void put_conn(struct datagram *datagram, uint32_t group_id,
		     unsigned int i, uint32_t state)
{
	static const unsigned char ipv6[16] = { 0xfe, 0x80, [15] = 1 };
	size_t where = nest(datagram, PEERGROUP_A_CONN);

	put_u64(datagram, PEERGROUP_A_CONN_ID, fake_conn_id(i));
	put_u32(datagram, PEERGROUP_A_CONN_GROUP_ID, group_id);
	if (!fake.no_type)
		put_u32(datagram, PEERGROUP_A_CONN_TYPE, fake_conn_type(i));
	put_u32(datagram, PEERGROUP_A_CONN_STATE, state);
	put_u64(datagram, PEERGROUP_A_CONN_NODE_ID, i);
	put_u16(datagram, PEERGROUP_A_CONN_REMOTE_PORT, htons(1000 + i));
	if (fake_conn_is_ipv4(i)) {
		put_u32(datagram, PEERGROUP_A_CONN_LOCAL_IPV4, htonl(1));
		put_u32(datagram, PEERGROUP_A_CONN_REMOTE_IPV4,
			htonl(0xc0000200 + i));
	} else {
		put(datagram, PEERGROUP_A_CONN_LOCAL_IPV6, ipv6, 16);
		put(datagram, PEERGROUP_A_CONN_REMOTE_IPV6, ipv6, 16);
		put_u32(datagram, PEERGROUP_A_CONN_IFINDEX, 3);
	}
	if (fake_conn_has_peer_id(i))
		put_string(datagram, PEERGROUP_A_CONN_PEER_ID, FAKE_PEER_ID);
	if (state == PEERGROUP_CONN_STATE_GONE) {
		put_u32(datagram, PEERGROUP_A_CONN_REASON,
			PEERGROUP_REASON_RESET);
		put_u32(datagram, PEERGROUP_A_CONN_ERROR, ECONNRESET);
	}
	nest_end(datagram, where);
}

static void put_rule(struct datagram *datagram, const struct fake_rule *rule)
{
	size_t where = nest(datagram, PEERGROUP_A_RULE | NLA_F_NESTED);

	put_u32(datagram, PEERGROUP_A_RULE_ID, rule->id);
	put_u32(datagram, PEERGROUP_A_RULE_GROUP_ID, rule->group_id);
	if (!fake.no_type)
		put_u32(datagram, PEERGROUP_A_RULE_TYPE, rule->type);
	append(datagram, rule->sockets, rule->len);
	if (rule->existing)
		put(datagram, PEERGROUP_A_RULE_EXISTING, NULL, 0);
	put_u64(datagram, PEERGROUP_A_RULE_GAINED, 100 + rule->id);
	put_u32(datagram, 1000, 7);
	nest_end(datagram, where);
}

static struct datagram *start_reply(const struct nlmsghdr *nlh)
{
	struct datagram *datagram = start_genl(nlh, 0);

	put_u64(datagram, PEERGROUP_A_GENERATION, fake.generation);
	return datagram;
}

static int group_new(const struct request *request)
{
	struct fake_group *group;

	if (find(request))
		return -EEXIST;
	group = fake_add(request->group_name, 0);
	if (request->label)
		strcpy(group->label, request->label);
	if (request->comment)
		strcpy(group->comment, request->comment);
	if (request->has_owner)
		group->owner = request->owner;
	return 0;
}

static void drop_rule(struct fake_rule *rule)
{
	const struct fake_rule *end = fake.rules + fake.n_rules--;

	memmove(rule, rule + 1, (end - rule - 1) * sizeof(*rule));
}

/* The rules of a group go with it. */
static void drop_rules(uint32_t group_id)
{
	unsigned int i = fake.n_rules;

	while (i--)
		if (fake.rules[i].group_id == group_id)
			drop_rule(&fake.rules[i]);
}

static void reply_group(const struct request *request)
{
	struct fake_group *group = find(request);
	struct datagram *datagram;
	int err = 0;

	if (request->cmd == PEERGROUP_CMD_GROUP_NEW) {
		err = group_new(request);
		group = find(request);
	}
	if (!group || err) {
		fake.reason = "no such group";
		acknowledge(request->nlh, err ? -err : ENOENT);
		fake.reason = NULL;
		return;
	}

	datagram = start_reply(request->nlh);
	if (!fake.no_ids)
		put_group(datagram, group);
	if (request->cmd == PEERGROUP_CMD_GROUP_DEL) {
		drop_rules(group->id);
		group->id = 0;
	}
	acknowledge(request->nlh, 0);
}

static struct fake_rule *find_rule(const struct request *request)
{
	struct fake_rule *rule;

	for (rule = fake.rules; rule < fake.rules + fake.n_rules; rule++)
		if (rule->id == request->rule.id &&
		    (!request->group_id || rule->group_id == request->group_id))
			return rule;
	return NULL;
}

static bool same_sockets(const struct fake_rule *a, const struct fake_rule *b)
{
	return a->group_id == b->group_id && a->len == b->len &&
	       !memcmp(a->sockets, b->sockets, a->len);
}

static int rule_new(struct request *request)
{
	const struct fake_group *group = find(request);
	struct fake_rule *rule = &request->rule;
	unsigned int i;

	if (!group)
		return -ENOENT;
	rule->group_id = group->id;
	for (i = 0; i < fake.n_rules; i++)
		if (same_sockets(&fake.rules[i], rule))
			return -EEXIST;
	if (fake.n_rules == FAKE_RULES)
		return -ENOSPC;
	rule->id = ++fake.last_rule_id;
	if (!rule->type)
		rule->type = PEERGROUP_CONN_TYPE_NEIGHBOR;
	fake.rules[fake.n_rules++] = *rule;
	return 0;
}

static void reply_rule(struct request *request)
{
	struct fake_rule *rule = NULL;
	struct datagram *datagram;
	int err = 0;

	if (request->cmd == PEERGROUP_CMD_RULE_NEW)
		err = rule_new(request);
	if (!err)
		rule = find_rule(request);
	if (!rule) {
		fake.reason = err == -EEXIST ? "matches the same sockets" :
					       "no such rule";
		acknowledge(request->nlh, err ? -err : ENOENT);
		fake.reason = NULL;
		return;
	}

	fake.generation += request->cmd != PEERGROUP_CMD_RULE_GET;
	datagram = start_reply(request->nlh);
	if (!fake.no_ids)
		put_rule(datagram, rule);
	if (request->cmd == PEERGROUP_CMD_RULE_DEL)
		drop_rule(rule);
	acknowledge(request->nlh, 0);
}

static void reply_conns(const struct request *request)
{
	struct datagram *datagram = start_reply(request->nlh);
	unsigned int i;
	size_t where;

	if (request->cmd == PEERGROUP_CMD_CONN_GET) {
		if (!fake.no_ids)
			put_conn(datagram, 1, 0, PEERGROUP_CONN_STATE_ACTIVE);
		acknowledge(request->nlh, 0);
		return;
	}

	for (i = 0; !fake.no_ids && i < request->socks; i++) {
		where = nest(datagram, PEERGROUP_A_CONN);
		put_u64(datagram, PEERGROUP_A_CONN_ID, fake_conn_id(i));
		put_u32(datagram, PEERGROUP_A_CONN_GROUP_ID,
			request->group_id ?: 1);
		nest_end(datagram, where);
	}
	acknowledge(request->nlh, 0);
}

/* A dump in progress. */
struct dump {
	const struct nlmsghdr *nlh;
	struct datagram *datagram;
	unsigned int messages;
	unsigned int records;	/* in this message */
	uint32_t count;
};

static struct datagram *dump_message(struct dump *dump)
{
	uint64_t generation = fake.generation;

	if (dump->datagram && dump->records < fake.per_message) {
		dump->records++;
		return dump->datagram;
	}

	dump->messages++;
	if (fake.mix && dump->messages > fake.mix)
		generation++;
	dump->datagram = start_genl(dump->nlh, NLM_F_MULTI);
	dump->datagram->truncated = fake.truncate;
	dump->datagram->filled = fake.buf_seen;
	put_u64(dump->datagram, PEERGROUP_A_GENERATION, generation);
	if (dump->messages == 1)
		put_u32(dump->datagram, PEERGROUP_A_COUNT, dump->count);
	dump->records = 1;
	return dump->datagram;
}

static bool type_matches(unsigned int i)
{
	return !fake.type || fake.type == fake_conn_type(i);
}

static bool is_pending(const struct fake_group *group, unsigned int i)
{
	return i >= group->conns - group->pending;
}

static bool is_shown(const struct fake_group *group, unsigned int i)
{
	return type_matches(i) && ((fake.flags & PEERGROUP_READ_FLAG_ALL) ||
				   !is_pending(group, i));
}

static void count_conns(struct dump *dump, const struct fake_group *group)
{
	unsigned int i;

	for (i = group->first; i < group->conns; i++)
		dump->count += is_shown(group, i);
}

static void dump_conns(struct dump *dump, const struct fake_group *group)
{
	unsigned int i, last = group->conns;

	if (fake.flags & PEERGROUP_READ_FLAG_GROUPS)
		put_group(dump_message(dump), group);
	if (fake.stale)
		last /= 2;
	for (i = group->first + fake.lose; i < last; i++)
		if (is_shown(group, i))
			put_conn(dump_message(dump), group->id, i,
				 is_pending(group, i) ?
				 PEERGROUP_CONN_STATE_PENDING :
				 PEERGROUP_CONN_STATE_ACTIVE);
	if (!dump->messages)
		dump_message(dump);
}

static void dump_all_conns(struct dump *dump)
{
	struct fake_group *group;

	for (group = fake.groups; group < fake.groups + FAKE_GROUPS; group++)
		if (group->id)
			count_conns(dump, group);
	for (group = fake.groups; group < fake.groups + FAKE_GROUPS; group++)
		if (group->id)
			dump_conns(dump, group);
	if (!dump->messages)
		dump_message(dump);
}

static void dump_groups(struct dump *dump)
{
	struct fake_group *group;

	for (group = fake.groups; group < fake.groups + FAKE_GROUPS; group++)
		dump->count += !!group->id;
	if (!dump->count)
		dump_message(dump);
	for (group = fake.groups; group < fake.groups + FAKE_GROUPS; group++)
		if (group->id)
			put_group(dump_message(dump), group);
}

static void dump_rules(struct dump *dump, uint32_t group_id)
{
	const struct fake_rule *rule, *end = fake.rules + fake.n_rules;

	dump->count = group_id ? count_rules(group_id) : fake.n_rules;
	if (!dump->count)
		dump_message(dump);
	for (rule = fake.rules + fake.lose; rule < end; rule++)
		if (!group_id || rule->group_id == group_id)
			put_rule(dump_message(dump), rule);
}

static void reply_dump(const struct request *request)
{
	struct dump dump = { .nlh = request->nlh };
	struct fake_group *group = find(request);

	fake.dumps++;
	if (request->cmd == PEERGROUP_CMD_GROUP_GET) {
		dump_groups(&dump);
	} else if (request->cmd == PEERGROUP_CMD_RULE_GET &&
		   (group || !request->group_id)) {
		dump_rules(&dump, request->group_id);
	} else if (!request->group_id) {
		dump_all_conns(&dump);
	} else if (group) {
		count_conns(&dump, group);
		dump_conns(&dump, group);
	} else {
		fake.reason = "no such group";
		acknowledge(request->nlh, ENOENT);
		fake.reason = NULL;
		return;
	}

	fake.truncate = false;
	done(request->nlh, fake.stale ? ESTALE : 0);
	if (fake.stale)
		fake.stale--;
}

static void put_mcgrp(struct datagram *datagram, const char *name, uint32_t id)
{
	size_t outer = nest(datagram, CTRL_ATTR_MCAST_GROUPS);
	size_t inner = nest(datagram, 1);

	put_string(datagram, CTRL_ATTR_MCAST_GRP_NAME, name);
	put_u32(datagram, CTRL_ATTR_MCAST_GRP_ID, id);
	nest_end(datagram, inner);
	nest_end(datagram, outer);
}

static void reply_family(const struct nlmsghdr *nlh)
{
	struct datagram *datagram;
	struct request request;
	bool nlctrl;

	read_request(&request, nlh);
	nlctrl = !strcmp(request.family_name, "nlctrl");
	if (!fake.loaded && !nlctrl) {
		acknowledge(nlh, ENOENT);
		return;
	}
	datagram = start_genl(nlh, 0);
	put_u16(datagram, CTRL_ATTR_FAMILY_ID,
		nlctrl ? GENL_ID_CTRL : fake.family);
	if (nlctrl)
		put_mcgrp(datagram, "notify", MCGRP_NOTIFY);
	else
		put_mcgrp(datagram, PEERGROUP_MCGRP_EVENTS, MCGRP_EVENTS);
	acknowledge(nlh, 0);
}

static struct datagram *start_event(uint16_t type, uint8_t cmd)
{
	struct datagram *datagram =
		&events[(events_head + fake.events++) % EVENTS_MAX];
	const struct genlmsghdr genl = { .cmd = cmd, .version = 1 };

	begin(datagram, type, 0, 0);
	append(datagram, &genl, sizeof(genl));
	return datagram;
}

void fake_group_event(uint8_t cmd, uint64_t generation,
		      const struct fake_group *group)
{
	struct datagram *datagram = start_event(fake.family, cmd);

	put_u64(datagram, PEERGROUP_A_GENERATION, generation);
	put_group(datagram, group);
}

void fake_conn_event(uint8_t cmd, uint64_t generation, uint32_t group_id,
		     unsigned int i)
{
	struct datagram *datagram = start_event(fake.family, cmd);

	put_u64(datagram, PEERGROUP_A_GENERATION, generation);
	put_conn(datagram, group_id, i,
		 cmd == PEERGROUP_CMD_CONN_PENDING_NTF ?
		 PEERGROUP_CONN_STATE_PENDING :
		 cmd == PEERGROUP_CMD_CONN_NEW_NTF ?
		 PEERGROUP_CONN_STATE_ACTIVE : PEERGROUP_CONN_STATE_GONE);
}

void fake_rule_event(uint8_t cmd, uint64_t generation,
		     const struct fake_rule *rule)
{
	struct datagram *datagram = start_event(fake.family, cmd);

	put_u64(datagram, PEERGROUP_A_GENERATION, generation);
	put_rule(datagram, rule);
}

void fake_end_event(uint16_t family)
{
	put_u16(start_event(GENL_ID_CTRL, CTRL_CMD_DELFAMILY),
		CTRL_ATTR_FAMILY_ID, family);
}

void fake_bad_event(void)
{
	struct datagram *datagram = start_event(fake.family, 1);
	struct nlmsghdr *nlh = (struct nlmsghdr *)datagram->bytes;

	nlh->nlmsg_len = datagram->len + 1;
}

/* The errno of the fault that is due for this command, 0 for none. */
static int take_refusal(uint8_t cmd)
{
	int refuse = fake.refuse;

	if (!refuse || (fake.refuse_cmd && fake.refuse_cmd != cmd))
		return 0;
	if (fake.refuse_after) {
		fake.refuse_after--;
		return 0;
	}
	if (fake.refuse_always)
		return refuse;
	fake.refuse = 0;
	fake.refuse_cmd = 0;
	return refuse;
}

static void reply_request(const struct nlmsghdr *nlh)
{
	struct request request;
	int refuse;

	read_request(&request, nlh);
	refuse = take_refusal(request.cmd);
	if (refuse)
		acknowledge(nlh, refuse);
	else if ((nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		reply_dump(&request);
	else if (request.cmd < PEERGROUP_CMD_CONN_NEW)
		reply_group(&request);
	else if (request.cmd < PEERGROUP_CMD_RULE_NEW)
		reply_conns(&request);
	else
		reply_rule(&request);
}

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t to_len);
ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t to_len)
{
	const struct nlmsghdr *nlh = buf;

	(void)flags;
	(void)to;
	(void)to_len;
	/* Its number is another socket's now. */
	if (fd == subscription)
		subscription = -1;
	fake.requests++;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		reply_family(nlh);
	else if (fake.loaded && nlh->nlmsg_type == fake.family)
		reply_request(nlh);
	else
		acknowledge(nlh, ENOENT);
	return len;
}

/* Only asked for the namespace. */
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd;
	(void)level;
	(void)name;
	memcpy(value, &fake.netns, *len);
	return 0;
}

int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP) {
		subscription = fd;
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_RCVBUFFORCE) {
		errno = EPERM;
		return -1;
	}
	if (level == SOL_SOCKET && name == SO_RCVBUF) {
		memcpy(&fake.rcvbuf, value, sizeof(fake.rcvbuf));
		return 0;
	}
	return __real_setsockopt(fd, level, name, value, len);
}

/* What arrives of a datagram. */
static ssize_t deliver(struct msghdr *msg, const struct datagram *datagram,
		       bool truncated)
{
	struct sockaddr_nl *from = msg->msg_name;
	size_t len = datagram->len;

	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	msg->msg_flags = 0;
	if (truncated || len > msg->msg_iov->iov_len) {
		len = len < msg->msg_iov->iov_len ? len / 2 :
						    msg->msg_iov->iov_len;
		msg->msg_flags = MSG_TRUNC;
	}
	memcpy(msg->msg_iov->iov_base, datagram->bytes, len);
	return len;
}

static ssize_t nothing(int *err)
{
	errno = *err ? *err : EAGAIN;
	*err = 0;
	return -1;
}

static ssize_t receive_event(struct msghdr *msg)
{
	const struct datagram *datagram = &events[events_head];

	if (fake.fail_event || !fake.events)
		return nothing(&fake.fail_event);
	events_head = (events_head + 1) % EVENTS_MAX;
	fake.events--;
	return deliver(msg, datagram, datagram->truncated);
}

time_t __real_time(time_t *now);
time_t __wrap_time(time_t *now);
time_t __wrap_time(time_t *now)
{
	time_t later = __real_time(NULL) + fake.later;

	if (fake.meanwhile_at && !--fake.meanwhile_at)
		fake.meanwhile();
	if (now)
		*now = later;
	return later;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	const struct datagram *datagram = &queue[head];

	(void)flags;
	if (fd == subscription)
		return receive_event(msg);

	fake.buf_size = msg->msg_iov->iov_len;
	if (fake.buf_seen < fake.buf_size)
		fake.buf_seen = fake.buf_size;
	if (fake.fail_receive || !fake.queued)
		return nothing(&fake.fail_receive);
	head = (head + 1) % QUEUE_MAX;
	fake.queued--;
	return deliver(msg, datagram, datagram->truncated ||
				      datagram->filled > fake.buf_size);
}
