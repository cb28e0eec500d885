// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what.
 *
 * Each question is asked of both the opener of the netlink socket and the
 * sender of the message: a privileged program tricked into writing to a socket
 * of somebody else gains him nothing.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "peergroup.h"

static const struct file *pg_opener(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock ? sock->file : NULL;
}

/**
 * pg_actor_init - see who is behind a message
 * @actor: is filled
 * @skb: the message, being handled in the context of its sender
 * @user_ns: the user namespace whose CAP_NET_ADMIN counts
 */
void pg_actor_init(struct pg_actor *actor, const struct sk_buff *skb,
		   struct user_namespace *user_ns)
{
	const struct file *opener = pg_opener(skb);

	actor->sender = current_euid();
	actor->sender_admin = ns_capable_noaudit(user_ns, CAP_NET_ADMIN);
	actor->opener = opener ? opener->f_cred->euid : INVALID_UID;
	actor->opener_admin = opener &&
			      file_ns_capable(opener, user_ns, CAP_NET_ADMIN);
}

/**
 * pg_actor_is_admin - have both CAP_NET_ADMIN?
 * @actor: who is behind a message
 */
bool pg_actor_is_admin(const struct pg_actor *actor)
{
	return actor->sender_admin && actor->opener_admin;
}

/**
 * pg_actor_is_one - is the sender the opener?
 * @actor: who is behind a message
 *
 * What a message does to the sender himself, such as handing over sockets of
 * his, is for him to decide: who can open a socket and have others write to it
 * must not.
 *
 * Return: true if they are the same user, or the opener may do all anyway.
 */
bool pg_actor_is_one(const struct pg_actor *actor)
{
	return actor->opener_admin || uid_eq(actor->sender, actor->opener);
}

/**
 * pg_actor_may - may both act for a user?
 * @actor: who is behind a message
 * @uid: the user
 *
 * Return: true if each is that user or has CAP_NET_ADMIN.
 */
bool pg_actor_may(const struct pg_actor *actor, kuid_t uid)
{
	return (actor->sender_admin || uid_eq(actor->sender, uid)) &&
	       (actor->opener_admin || uid_eq(actor->opener, uid));
}

/**
 * pg_account - the user whose limit a group counts for
 * @pn: the namespace of the group
 * @owner: owner of the group
 *
 * A user may have 65536 uids in a user namespace of his own; they count for
 * him, in the network namespaces that it owns and in those of the host.
 *
 * Context: The sender of the request.
 */
kuid_t pg_account(const struct pg_net *pn, kuid_t owner)
{
	const struct user_namespace *user_ns = pn->net->user_ns;

	if (user_ns == &init_user_ns)
		user_ns = current_user_ns();
	if (user_ns == &init_user_ns)
		return owner;
	while (user_ns->parent != &init_user_ns)
		user_ns = user_ns->parent;
	return user_ns->owner;
}
