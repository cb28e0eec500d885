// SPDX-License-Identifier: GPL-2.0-only
/* Raw requests to the module. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "request.h"

#define MESSAGE_ROOM 65536

int request_open(void)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	const int on = 1;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on))) {
		close(fd);
		return -errno;
	}
	return fd;
}

static void take_reason(struct answer *answer, struct nlattr *attrs, int len)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_attr(attr, attrs, len, rem) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			nla_strlcpy(answer->text, attr, sizeof(answer->text));
			break;
		case NLMSGERR_ATTR_OFFS:
			answer->offset = nla_get_u32(attr);
			answer->placed = true;
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			answer->missing = nla_get_u32(attr);
			break;
		}
	}
}

/* An answer ends with an error or, if it is a dump, with its own status. */
static void take_end(struct answer *answer, struct nlmsghdr *nlh)
{
	int skip = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) :
						   sizeof(struct nlmsgerr);

	memcpy(&answer->err, nlmsg_data(nlh), sizeof(answer->err));
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		take_reason(answer, nlmsg_data(nlh) + skip,
			    nlmsg_datalen(nlh) - skip);
}

/* A number in a record, 0 if it is not there. */
static uint32_t number_in(struct nlattr *record, int type)
{
	struct nlattr *attr = nla_find(nla_data(record), nla_len(record), type);

	return attr ? nla_get_u32(attr) : 0;
}

static void take_generation(struct answer *answer, uint64_t generation)
{
	if (!answer->generations || answer->generation != generation)
		answer->generations++;
	answer->generation = generation;
}

static void take_attr(struct answer *answer, struct nlattr *attr)
{
	switch (nla_type(attr)) {
	case PEERGROUP_A_GENERATION:
		take_generation(answer, nla_get_u64(attr));
		break;
	case PEERGROUP_A_COUNT:
		answer->count = nla_get_u32(attr);
		break;
	case PEERGROUP_A_CONN:
		answer->conns++;
		if (nla_find(nla_data(attr), nla_len(attr),
			     PEERGROUP_A_CONN_STATS))
			answer->stats++;
		break;
	case PEERGROUP_A_GROUP:
		answer->group_id = number_in(attr, PEERGROUP_A_GROUP_ID);
		break;
	case PEERGROUP_A_RULE:
		answer->rules++;
		answer->rule_id = number_in(attr, PEERGROUP_A_RULE_ID);
		break;
	}
}

/* Whether that was the last message. */
static bool take_message(struct answer *answer, struct nlmsghdr *nlh)
{
	struct genlmsghdr *genl = nlmsg_data(nlh);
	struct nlattr *attr;
	int rem;

	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		answer->done = nlh->nlmsg_type == NLMSG_DONE;
		take_end(answer, nlh);
		return true;
	}
	nla_for_each_attr(attr, genlmsg_attrdata(genl, 0),
			  genlmsg_attrlen(genl, 0), rem)
		take_attr(answer, attr);
	return false;
}

static int receive(int fd, struct answer *answer)
{
	static char buf[MESSAGE_ROOM] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh;
	int len;

	for (;;) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (nlh = (void *)buf; nlmsg_ok(nlh, len);
		     nlh = nlmsg_next(nlh, &len))
			if (take_message(answer, nlh))
				return answer->err;
	}
}

int request_begin(int fd, struct nl_msg *msg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int err = 0;

	if (sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		err = -errno;
	nlmsg_free(msg);
	return err;
}

int request_end(int fd, struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->err = receive(fd, answer);
	return answer->err;
}

int request_send(int fd, struct nl_msg *msg, struct answer *answer)
{
	int err = request_begin(fd, msg);

	if (!err)
		return request_end(fd, answer);
	memset(answer, 0, sizeof(*answer));
	answer->err = err;
	return err;
}

/* The number that generic netlink gave to the family, or 0. */
static int family_id(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int id = 0;

	if (sock && !genl_connect(sock))
		id = genl_ctrl_resolve(sock, PEERGROUP_FAMILY_NAME);
	nl_socket_free(sock);
	return id > 0 ? id : 0;
}

struct nl_msg *request_new(int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_ROOM);

	if (msg)
		genlmsg_put(msg, 0, 1, family_id(), 0, NLM_F_REQUEST | flags,
			    cmd, PEERGROUP_FAMILY_VERSION);
	return msg;
}

static void put(struct nl_msg *msg, int nest, int type, const void *data,
		size_t len)
{
	struct nlattr *outer = NULL;

	if (nest)
		outer = nla_nest_start(msg, NLA_F_NESTED | nest);
	nla_put(msg, type, len, data);
	if (nest)
		nla_nest_end(msg, outer);
}

void request_put_u32(struct nl_msg *msg, int nest, int type, uint32_t value)
{
	put(msg, nest, type, &value, sizeof(value));
}

void request_put_u64(struct nl_msg *msg, int nest, int type, uint64_t value)
{
	put(msg, nest, type, &value, sizeof(value));
}
