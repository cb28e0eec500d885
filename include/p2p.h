/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Windows Peer Grouping API on Linux: which peers is a group connected to,
 * and which come and go?
 *
 * Source-compatible with the header of the Windows SDK for the functions it
 * declares; others are not declared. A program for both systems includes this
 * header and links with -lpeergroup.
 *
 * Each rule below says where it comes from: [M] is Microsoft's documentation
 * or samples, [L] a decision of this library where these are silent or where
 * Linux differs.
 *
 * In general
 *
 * - Every function may be called from any thread at any time. [M]
 * - Handles are numbers in a table: NULL, a stale or closed one and any other
 *   value are recognized and refused. [M] A handle outlives fork() in both
 *   processes, but a child has no registrations for events. [L]
 * - Where a function fails, what it returns through pointers is NULL or 0; only
 *   PeerCreatePeerName() leaves alone what it refuses for not being NULL. [L]
 * - Checks come in this order: pointers to write to, PeerGroupStartup(), flags
 *   and other values, handles. [L]
 * - What a function hands out is one block, released with one PeerFreeData().
 *   Pointers within it are never freed on their own. [M]
 * - Strings are wchar_t, as L"" writes them. One with a surrogate or a value
 *   past U+10FFFF is no valid string. Limits are counted in UTF-16 units. Where
 *   control characters are refused, so are U+FFFE and U+FFFF. [L]
 * - All calls of a process work in one network namespace, that of the thread
 *   that calls first. [L] After the last PeerGroupShutdown() it is chosen anew.
 *
 * Identities and memberships are kept in a store, one of each user, which is
 * described in Documentation/identities.md together with all that is written
 * into certificates. [L] Peer names compare byte by byte. [M]
 *
 * Any function may return, besides the codes listed with it, [L]
 *
 *   E_OUTOFMEMORY      no memory, no descriptors, or a limit of the module
 *   E_ACCESSDENIED     the module does not permit it
 *   E_UNEXPECTED       an error nobody foresaw, such as: the module was
 *                      unloaded, or the thread is in another network namespace
 *
 * and one that uses an identity, a secured group or an invitation, [M, L]
 *
 *   PEER_E_NO_KEY_ACCESS         a file of the store, or the store itself, is
 *                                not readable, not the user's, or open to others
 *   PEER_E_CERT_STORE_CORRUPTED  such a file is damaged
 *   E_INVALIDARG                 PEERGROUP_HOME is set to no absolute path
 *   PEER_E_DISK_FULL             it cannot be written for want of room
 *   CRYPT_E_*, NTE_*             cryptography failed, see the table in
 *                                Documentation/identities.md
 *
 * pg_hresult_text() of <peergroup.h> tells in words what went wrong. A program
 * that uses OpenSSL itself finds the thread's queue of errors empty after such a
 * call, and one that uses libxml2 may find another last error; its handlers of
 * errors are not called. [L]
 *
 * Codes that Windows documents for these functions and that cannot occur here:
 *
 *   PEER_E_NO_CLOUD, PEER_E_CLOUD_NAME_AMBIGUOUS
 *                      clouds are not interpreted
 *   PEER_E_PASSWORD_DOES_NOT_MEET_POLICY
 *                      no password of a group is accepted at all
 *   PEER_E_GROUP_NOT_READY
 *                      a group has no database to wait for
 *   PEER_E_IPV6_NOT_INSTALLED
 *                      IPv4 will do
 *   ERROR_DELETE_PENDING
 *                      deletion is complete when it returns
 *   ERROR_INVALID_HANDLE, E_HANDLE
 *                      of PeerIdentityCreate() and PeerIdentityGetXML(): there
 *                      are no handles of keys
 */
#ifndef P2P_H
#define P2P_H

#include <p2pbase.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Handles and values
 */

/** A group that was created or opened. */
typedef PVOID HGROUP, *PHGROUP;

/** An enumeration. */
typedef void *HPEERENUM;
typedef HPEERENUM *PHPEERENUM;

/** A registration for events. */
typedef void *HPEEREVENT;
typedef HPEEREVENT *PHPEEREVENT;

/** A role in a group. */
typedef GUID PEER_ROLE_ID;

/** May issue every role. */
static const PEER_ROLE_ID PEER_GROUP_ROLE_ADMIN __attribute__((unused)) = {
	0x04387127, 0xaa56, 0x450a,
	{ 0x8c, 0xe5, 0x4f, 0x56, 0x5c, 0x67, 0x90, 0xf4 }
};

/** May issue nothing. */
static const PEER_ROLE_ID PEER_GROUP_ROLE_MEMBER __attribute__((unused)) = {
	0xf12dc4c7, 0x0857, 0x4ca0,
	{ 0x93, 0xfc, 0xb1, 0xbb, 0x19, 0xa3, 0xd8, 0xc2 }
};

/** May issue this role and PEER_GROUP_ROLE_MEMBER; not in groups of 1.0. */
static const PEER_ROLE_ID PEER_GROUP_ROLE_INVITING_MEMBER
__attribute__((unused)) = {
	0x4370fd89, 0xdc18, 0x4cfb,
	{ 0x8d, 0xbf, 0x98, 0x53, 0xa8, 0xa9, 0xf9, 0x05 }
};

/** The version to pass to PeerGroupStartup(): 1.1. */
#define PEER_GROUP_VERSION MAKEWORD(1, 1)

/** Types of a connection. */
typedef enum peer_connection_flags_tag {
	/** A link of the group's mesh. */
	PEER_CONNECTION_NEIGHBOR = 0x0001,
	/** A private connection of two members. */
	PEER_CONNECTION_DIRECT = 0x0002,
} PEER_CONNECTION_FLAGS;

/** What became of a connection. */
typedef enum peer_connection_status_tag {
	/** It is active: an incoming or outgoing one is up. [M] */
	PEER_CONNECTED = 1,
	/** It was active and is no more. */
	PEER_DISCONNECTED = 2,
	/** It was attached while it was connecting, and did not get there. */
	PEER_CONNECTION_FAILED = 3,
} PEER_CONNECTION_STATUS;

/** Bits of the status of a group. */
typedef enum peer_group_status_tag {
	/** It waits for connections. Not reported by this version. */
	PEER_GROUP_STATUS_LISTENING = 0x0001,
	/** At least one connection is active. */
	PEER_GROUP_STATUS_HAS_CONNECTIONS = 0x0002,
} PEER_GROUP_STATUS;

/**
 * Types of an event. Those marked with * occur in this version; a program may
 * register for all.
 */
typedef enum peer_group_event_type_tag {
	/** * The status, as of PeerGroupGetStatus(), is another one. */
	PEER_GROUP_EVENT_STATUS_CHANGED = 1,
	PEER_GROUP_EVENT_PROPERTY_CHANGED = 2,
	PEER_GROUP_EVENT_RECORD_CHANGED = 3,
	/** * Of a connection of type direct. */
	PEER_GROUP_EVENT_DIRECT_CONNECTION = 4,
	/** * Of a connection of type neighbor. */
	PEER_GROUP_EVENT_NEIGHBOR_CONNECTION = 5,
	PEER_GROUP_EVENT_INCOMING_DATA = 6,
	PEER_GROUP_EVENT_MEMBER_CHANGED = 8,
	PEER_GROUP_EVENT_CONNECTION_FAILED = 10,
	PEER_GROUP_EVENT_AUTHENTICATION_FAILED = 11,
} PEER_GROUP_EVENT_TYPE;

/** What happened to a member. */
typedef enum peer_member_change_type_tag {
	PEER_MEMBER_CONNECTED = 1,
	PEER_MEMBER_DISCONNECTED = 2,
	PEER_MEMBER_UPDATED = 3,
	PEER_MEMBER_JOINED = 4,
	PEER_MEMBER_LEFT = 5,
} PEER_MEMBER_CHANGE_TYPE;

/** What happened to a record. */
typedef enum peer_record_change_type_tag {
	PEER_RECORD_ADDED = 1,
	PEER_RECORD_UPDATED = 2,
	PEER_RECORD_DELETED = 3,
	PEER_RECORD_EXPIRED = 4,
} PEER_RECORD_CHANGE_TYPE;

/** Bits of PEER_GROUP_PROPERTIES.dwFlags. */
typedef enum peer_group_property_flags_tag {
	PEER_MEMBER_DATA_OPTIONAL = 0x0001,
	PEER_DISABLE_PRESENCE = 0x0002,
	PEER_DEFER_EXPIRATION = 0x0004,
} PEER_GROUP_PROPERTY_FLAGS;

/** Bits of PEER_GROUP_PROPERTIES.dwAuthenticationSchemes. */
typedef enum peer_group_authentication_scheme_tag {
	PEER_GROUP_GMC_AUTHENTICATION = 0x00000001,
	PEER_GROUP_PASSWORD_AUTHENTICATION = 0x00000002,
} PEER_GROUP_AUTHENTICATION_SCHEME;

/** How far a cloud of the Peer Name Resolution Protocol reaches. */
typedef enum _PNRP_SCOPE {
	PNRP_SCOPE_ANY = 0,
	PNRP_GLOBAL_SCOPE = 1,
	PNRP_SITE_LOCAL_SCOPE = 2,
	PNRP_LINK_LOCAL_SCOPE = 3,
} PNRP_SCOPE;

/** Bits of a cloud. */
typedef enum _PNRP_CLOUD_FLAGS {
	PNRP_CLOUD_NO_FLAGS = 0,
	/** Its name means nothing to other nodes. */
	PNRP_CLOUD_NAME_LOCAL = 1,
} PNRP_CLOUD_FLAGS;

/*
 * Structures
 */

/** Versions, as MAKEWORD(major, minor). */
typedef struct peer_version_data_tag {
	WORD wVersion;		/**< the one to use */
	WORD wHighestVersion;	/**< the highest the library supports */
} PEER_VERSION_DATA, *PPEER_VERSION_DATA;

/**
 * The address of a node. IPv4 is given v4-mapped, ::ffff:a.b.c.d. [L]
 */
typedef struct peer_address_tag {
	DWORD dwSize;		/**< of this structure */
	SOCKADDR_IN6 sin6;	/**< sin6_port is in network order */
} PEER_ADDRESS, *PPEER_ADDRESS;

typedef const PEER_ADDRESS *PCPEER_ADDRESS;

/** A connection; the item of PeerGroupEnumConnections(). */
typedef struct peer_connection_info_tag {
	DWORD dwSize;		/**< of this structure */
	DWORD dwFlags;		/**< one of PEER_CONNECTION_FLAGS */
	/** Unique in the network namespace, never reused. [L] */
	ULONGLONG ullConnectionId;
	/** The remote node, 0 if whoever attached the socket set none. [L] */
	ULONGLONG ullNodeId;
	/** The remote identity; its address if none was set. [L] */
	PWSTR pwzPeerId;
	/** Address and port of the remote end of the socket. [L] */
	PEER_ADDRESS address;
} PEER_CONNECTION_INFO;

/** A name; the item of PeerEnumGroups() and PeerEnumIdentities(). */
typedef struct peer_name_pair_tag {
	DWORD dwSize;		/**< of this structure */
	PWSTR pwzPeerName;	/**< of the group or identity */
	PWSTR pwzFriendlyName;	/**< for people; the peer name if none is set */
} PEER_NAME_PAIR, *PPEER_NAME_PAIR;

/**
 * Properties of a group. What only the creator knows, others read as the
 * defaults; of a plain group the module keeps the names and the comment. [L]
 */
typedef struct peer_group_properties_tag {
	/** Of this structure; 64, as before Windows Vista, will do too. [M] */
	DWORD dwSize;
	DWORD dwFlags;		/**< PEER_GROUP_PROPERTY_FLAGS */
	/** At most 255 units, or NULL, which means and reads as "Global_" [L] */
	PWSTR pwzCloud;
	PWSTR pwzClassifier;	/**< at most 149 units, or NULL [M] */
	PWSTR pwzGroupPeerName;	/**< NULL when a group is created [M] */
	/** An identity; NULL is the default one [M]; reads as the creator. */
	PWSTR pwzCreatorPeerName;
	/** At most 255 units [M]; reads as the peer name if none was set. [L] */
	PWSTR pwzFriendlyName;
	PWSTR pwzComment;	/**< at most 255 units [M]; reads as "" if none */
	/** 28800 to 315360000 s, or 0 for the most; default 2419200 [M] */
	ULONG ulMemberDataLifetime;
	ULONG ulPresenceLifetime; /**< any, in s; default 300 [M] */
	/** PEER_GROUP_GMC_AUTHENTICATION or 0; a plain group reads as 0. */
	DWORD dwAuthenticationSchemes;
	PWSTR pwzGroupPassword;	/**< NULL */
	PEER_ROLE_ID groupPasswordRole; /**< not looked at */
} PEER_GROUP_PROPERTIES, *PPEER_GROUP_PROPERTIES;

/**
 * What an invitation says. One that asks for a password instead of bringing a
 * membership has no issuer, subject, validity, roles and key: they are NULL
 * and 0. [M]
 */
typedef struct peer_invitation_info_tag {
	DWORD dwSize;		/**< of this structure */
	DWORD dwFlags;		/**< 0 */
	PWSTR pwzCloudName;
	DWORD dwScope;		/**< PNRP_SCOPE */
	DWORD dwCloudFlags;	/**< PNRP_CLOUD_FLAGS */
	PWSTR pwzGroupPeerName;
	PWSTR pwzIssuerPeerName; /**< who invites */
	PWSTR pwzSubjectPeerName; /**< who is invited */
	PWSTR pwzGroupFriendlyName;
	PWSTR pwzIssuerFriendlyName;
	PWSTR pwzSubjectFriendlyName;
	FILETIME ftValidityStart;
	FILETIME ftValidityEnd;
	ULONG cRoles;
	PEER_ROLE_ID *pRoles;
	ULONG cClassifiers;
	PWSTR *ppwzClassifiers;	/**< what the member may publish under */
	CERT_PUBLIC_KEY_INFO *pSubjectPublicKey;
	PEER_GROUP_AUTHENTICATION_SCHEME authScheme;
} PEER_INVITATION_INFO, *PPEER_INVITATION_INFO;

/** Bytes. */
typedef struct peer_data_tag {
	ULONG cbData;		/**< how many */
	PBYTE pbData;
} PEER_DATA, *PPEER_DATA;

typedef const PEER_DATA *PCPEER_DATA;

/** What to register for. */
typedef struct peer_group_event_registration_tag {
	PEER_GROUP_EVENT_TYPE eventType;
	/** Of records and data, which none are; else ignored. [M, L] */
	GUID *pType;
} PEER_GROUP_EVENT_REGISTRATION, *PPEER_GROUP_EVENT_REGISTRATION;

/** Of PEER_GROUP_EVENT_INCOMING_DATA. */
typedef struct peer_event_incoming_data_tag {
	DWORD dwSize;		/**< of this structure */
	ULONGLONG ullConnectionId;
	GUID type;
	PEER_DATA data;
} PEER_EVENT_INCOMING_DATA, *PPEER_EVENT_INCOMING_DATA;

/** Of PEER_GROUP_EVENT_RECORD_CHANGED. */
typedef struct peer_event_record_change_data_tag {
	DWORD dwSize;		/**< of this structure */
	PEER_RECORD_CHANGE_TYPE changeType;
	GUID recordId;
	GUID recordType;
} PEER_EVENT_RECORD_CHANGE_DATA, *PPEER_EVENT_RECORD_CHANGE_DATA;

/** Of PEER_GROUP_EVENT_DIRECT_CONNECTION and _NEIGHBOR_CONNECTION. */
typedef struct peer_event_connection_change_data_tag {
	DWORD dwSize;		/**< of this structure */
	PEER_CONNECTION_STATUS status;
	/** As of PEER_CONNECTION_INFO, and of pg_conn_attach(). [M, L] */
	ULONGLONG ullConnectionId;
	ULONGLONG ullNodeId;	/**< likewise */
	/** 0: nothing here makes another attempt. [M, L] */
	ULONGLONG ullNextConnectionId;
	/**
	 * With PEER_CONNECTION_FAILED why: PEER_E_CONNECTION_REFUSED if the
	 * other end refused it, else PEER_E_CONNECTION_FAILED. [M, L]
	 */
	HRESULT hrConnectionFailedReason;
} PEER_EVENT_CONNECTION_CHANGE_DATA, *PPEER_EVENT_CONNECTION_CHANGE_DATA;

/** Of PEER_GROUP_EVENT_MEMBER_CHANGED. */
typedef struct peer_event_member_change_data_tag {
	DWORD dwSize;		/**< of this structure */
	PEER_MEMBER_CHANGE_TYPE changeType;
	PWSTR pwzIdentity;
} PEER_EVENT_MEMBER_CHANGE_DATA, *PPEER_EVENT_MEMBER_CHANGE_DATA;

/** An event; its type tells which member of the union it has. */
typedef struct peer_group_event_data_tag {
	PEER_GROUP_EVENT_TYPE eventType;
	union {
		/** Bits of PEER_GROUP_STATUS: the status from now on. */
		PEER_GROUP_STATUS dwStatus;
		PEER_EVENT_INCOMING_DATA incomingData;
		PEER_EVENT_RECORD_CHANGE_DATA recordChangeData;
		PEER_EVENT_CONNECTION_CHANGE_DATA connectionChangeData;
		PEER_EVENT_MEMBER_CHANGE_DATA memberChangeData;
		/** Of PEER_GROUP_EVENT_CONNECTION_FAILED. */
		HRESULT hrConnectionFailedReason;
	};
} PEER_GROUP_EVENT_DATA, *PPEER_GROUP_EVENT_DATA;

P2P_ASSERT(sizeof(PEER_VERSION_DATA) == 4);
P2P_ASSERT(offsetof(PEER_VERSION_DATA, wHighestVersion) == 2);

P2P_ASSERT(sizeof(PEER_ADDRESS) == 32);
P2P_ASSERT(offsetof(PEER_ADDRESS, sin6) == 4);

P2P_ASSERT(sizeof(PEER_CONNECTION_INFO) == 64);
P2P_ASSERT(offsetof(PEER_CONNECTION_INFO, dwFlags) == 4);
P2P_ASSERT(offsetof(PEER_CONNECTION_INFO, ullConnectionId) == 8);
P2P_ASSERT(offsetof(PEER_CONNECTION_INFO, ullNodeId) == 16);
P2P_ASSERT(offsetof(PEER_CONNECTION_INFO, pwzPeerId) == 24);
P2P_ASSERT(offsetof(PEER_CONNECTION_INFO, address) == 32);

P2P_ASSERT(sizeof(PEER_NAME_PAIR) == 24);
P2P_ASSERT(offsetof(PEER_NAME_PAIR, pwzPeerName) == 8);
P2P_ASSERT(offsetof(PEER_NAME_PAIR, pwzFriendlyName) == 16);

P2P_ASSERT(sizeof(PEER_GROUP_PROPERTIES) == 96);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, dwFlags) == 4);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzCloud) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzClassifier) == 16);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzGroupPeerName) == 24);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzCreatorPeerName) == 32);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzFriendlyName) == 40);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzComment) == 48);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, ulMemberDataLifetime) == 56);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, ulPresenceLifetime) == 60);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes) == 64);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, pwzGroupPassword) == 72);
P2P_ASSERT(offsetof(PEER_GROUP_PROPERTIES, groupPasswordRole) == 80);

P2P_ASSERT(sizeof(PEER_INVITATION_INFO) == 136);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, dwFlags) == 4);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzCloudName) == 8);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, dwScope) == 16);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, dwCloudFlags) == 20);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzGroupPeerName) == 24);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzIssuerPeerName) == 32);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzSubjectPeerName) == 40);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzGroupFriendlyName) == 48);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzIssuerFriendlyName) == 56);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pwzSubjectFriendlyName) == 64);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, ftValidityStart) == 72);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, ftValidityEnd) == 80);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, cRoles) == 88);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pRoles) == 96);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, cClassifiers) == 104);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, ppwzClassifiers) == 112);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, pSubjectPublicKey) == 120);
P2P_ASSERT(offsetof(PEER_INVITATION_INFO, authScheme) == 128);

P2P_ASSERT(sizeof(PEER_DATA) == 16);
P2P_ASSERT(offsetof(PEER_DATA, pbData) == 8);

P2P_ASSERT(sizeof(PEER_GROUP_EVENT_REGISTRATION) == 16);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_REGISTRATION, pType) == 8);

P2P_ASSERT(sizeof(PEER_EVENT_INCOMING_DATA) == 48);
P2P_ASSERT(offsetof(PEER_EVENT_INCOMING_DATA, ullConnectionId) == 8);
P2P_ASSERT(offsetof(PEER_EVENT_INCOMING_DATA, type) == 16);
P2P_ASSERT(offsetof(PEER_EVENT_INCOMING_DATA, data) == 32);

P2P_ASSERT(sizeof(PEER_EVENT_RECORD_CHANGE_DATA) == 40);
P2P_ASSERT(offsetof(PEER_EVENT_RECORD_CHANGE_DATA, changeType) == 4);
P2P_ASSERT(offsetof(PEER_EVENT_RECORD_CHANGE_DATA, recordId) == 8);
P2P_ASSERT(offsetof(PEER_EVENT_RECORD_CHANGE_DATA, recordType) == 24);

P2P_ASSERT(sizeof(PEER_EVENT_CONNECTION_CHANGE_DATA) == 40);
P2P_ASSERT(offsetof(PEER_EVENT_CONNECTION_CHANGE_DATA, status) == 4);
P2P_ASSERT(offsetof(PEER_EVENT_CONNECTION_CHANGE_DATA, ullConnectionId) == 8);
P2P_ASSERT(offsetof(PEER_EVENT_CONNECTION_CHANGE_DATA, ullNodeId) == 16);
P2P_ASSERT(offsetof(PEER_EVENT_CONNECTION_CHANGE_DATA,
		    ullNextConnectionId) == 24);
P2P_ASSERT(offsetof(PEER_EVENT_CONNECTION_CHANGE_DATA,
		    hrConnectionFailedReason) == 32);

P2P_ASSERT(sizeof(PEER_EVENT_MEMBER_CHANGE_DATA) == 16);
P2P_ASSERT(offsetof(PEER_EVENT_MEMBER_CHANGE_DATA, changeType) == 4);
P2P_ASSERT(offsetof(PEER_EVENT_MEMBER_CHANGE_DATA, pwzIdentity) == 8);

P2P_ASSERT(sizeof(PEER_GROUP_EVENT_DATA) == 56);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, dwStatus) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, incomingData) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, recordChangeData) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, connectionChangeData) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, memberChangeData) == 8);
P2P_ASSERT(offsetof(PEER_GROUP_EVENT_DATA, hrConnectionFailedReason) == 8);

/*
 * Result codes. Those marked with * are returned by this version.
 */
/** * The queue of a registration is empty; a success. */
#define PEER_S_NO_EVENT_DATA		((HRESULT)0x00630002)
/** * The store has no room left on its disk. */
#define PEER_E_DISK_FULL		HRESULT_FROM_WIN32(ERROR_DISK_FULL)
/** * There is such an identity. */
#define PEER_E_ALREADY_EXISTS		HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS)
/** * No group or identity has this name. */
#define PEER_E_NOT_FOUND		HRESULT_FROM_WIN32(ERROR_NOT_FOUND)
#define PEER_E_IPV6_NOT_INSTALLED	((HRESULT)0x80630001)
/** * PeerGroupStartup() was not called. */
#define PEER_E_NOT_INITIALIZED		((HRESULT)0x80630002)
#define PEER_E_CANNOT_START_SERVICE	((HRESULT)0x80630003)
#define PEER_E_NOT_LICENSED		((HRESULT)0x80630004)
#define PEER_E_CONNECTION_NOT_FOUND	((HRESULT)0x80630103)
/** * In events: the attempt failed. */
#define PEER_E_CONNECTION_FAILED	((HRESULT)0x80630109)
#define PEER_E_CONNECTION_NOT_AUTHENTICATED ((HRESULT)0x8063010a)
/** * In events: the other end refused the attempt. */
#define PEER_E_CONNECTION_REFUSED	((HRESULT)0x8063010b)
#define PEER_E_CLASSIFIER_TOO_LONG	((HRESULT)0x80630201)
/** * There are as many identities as can be. */
#define PEER_E_TOO_MANY_IDENTITIES	((HRESULT)0x80630202)
/** * The key of the identity is gone, or cannot be read, or others could. */
#define PEER_E_NO_KEY_ACCESS		((HRESULT)0x80630203)
/** * The identity is a member of groups. */
#define PEER_E_GROUPS_EXIST		((HRESULT)0x80630204)
#define PEER_E_IDENTITY_NOT_FOUND	((HRESULT)0x80630401)
#define PEER_E_EVENT_HANDLE_NOT_FOUND	((HRESULT)0x80630501)
/** * The invitation is malformed or altered, or nobody entitled issued it. */
#define PEER_E_INVITATION_NOT_TRUSTED	((HRESULT)0x80630701)
/** * A chain has more than 24 memberships, or an invitation no room for it. */
#define PEER_E_CHAIN_TOO_LONG		((HRESULT)0x80630703)
/** * Before or after the time for which a membership is valid. */
#define PEER_E_INVALID_TIME_PERIOD	((HRESULT)0x80630705)
/** * An identity would issue a membership to one that it has its own from. */
#define PEER_E_CIRCULAR_CHAIN_DETECTED	((HRESULT)0x80630706)
/** * A file of the store is damaged. */
#define PEER_E_CERT_STORE_CORRUPTED	((HRESULT)0x80630801)
#define PEER_E_NO_CLOUD			((HRESULT)0x80631001)
#define PEER_E_CLOUD_NAME_AMBIGUOUS	((HRESULT)0x80631005)
/** * The own role does not permit it. */
#define PEER_E_NOT_AUTHORIZED		((HRESULT)0x80632020)
#define PEER_E_PASSWORD_DOES_NOT_MEET_POLICY ((HRESULT)0x80632021)
/** * A property is not valid or cannot be granted. */
#define PEER_E_INVALID_GROUP_PROPERTIES	((HRESULT)0x80632040)
/** * No peer name, or that of no identity of the user. */
#define PEER_E_INVALID_PEER_NAME	((HRESULT)0x80632050)
/** * The classifier is too long or not valid. */
#define PEER_E_INVALID_CLASSIFIER	((HRESULT)0x80632060)
#define PEER_E_INVALID_FRIENDLY_NAME	((HRESULT)0x80632070)
/** * This version of the API, or of an invitation, is not supported. */
#define PEER_E_UNSUPPORTED_VERSION	((HRESULT)0x80632090)
#define PEER_E_GROUP_NOT_READY		((HRESULT)0x80632091)
/** * The process has the group open. */
#define PEER_E_GROUP_IN_USE		((HRESULT)0x80632092)
/** * The handle is bad, or its group was deleted. */
#define PEER_E_INVALID_GROUP		((HRESULT)0x80632093)
#define PEER_E_NO_MEMBERS_FOUND		((HRESULT)0x80632094)
#define PEER_E_NO_MEMBER_CONNECTIONS	((HRESULT)0x80632095)
#define PEER_E_UNABLE_TO_LISTEN		((HRESULT)0x80632096)
/** * The identity behind the handle was deleted. */
#define PEER_E_IDENTITY_DELETED		((HRESULT)0x806320a0)
#define PEER_E_SERVICE_NOT_AVAILABLE	((HRESULT)0x806320a1)

/*
 * Start and end
 */

/**
 * Start the use of groups. Required before every function whose name begins
 * with PeerGroup. [M] May be called again; as many PeerGroupShutdown() end it.
 * [L]
 *
 * wVersionRequested is PEER_GROUP_VERSION or MAKEWORD(1, 0). [M] On success
 * pVersionData says that this version is used, and the highest supported one.
 *
 * S_OK
 * E_INVALIDARG                  pVersionData is NULL [L]
 * PEER_E_UNSUPPORTED_VERSION    another version [M]
 * HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL), 0x8007042c
 *                               the module peergroup is not loaded [M, for a
 *                               service that is not running]
 */
HRESULT WINAPI PeerGroupStartup(WORD wVersionRequested,
				PPEER_VERSION_DATA pVersionData);

/**
 * End the use of groups. The last one releases every handle of groups,
 * enumerations and registrations; event objects stay until PeerEventClose(),
 * blocks until PeerFreeData(). [L]
 *
 * S_OK
 * E_UNEXPECTED    PeerGroupStartup() was not called [M, L]
 */
HRESULT WINAPI PeerGroupShutdown(void);

/*
 * Identities
 *
 * An identity is a key pair of the user and a name for it. None of these
 * functions needs PeerGroupStartup(). [M] Where pwzIdentity may be NULL, that
 * is the default identity; only PeerIdentityGetDefault(), PeerGroupCreate() and
 * PeerGroupJoin() make one if there is none. [L] A string that is handed out is
 * released with PeerFreeData(). [M]
 */

/**
 * Create an identity with a new key pair, of the profile that
 * pg_set_profile() of <peergroup.h> chose; that takes some tenths of a second.
 * [M, L] *ppwzIdentity receives its peer name, which is 40 hex digits, the
 * SHA-1 of the public key, "." and pwzClassifier. [M]
 *
 * pwzClassifier, at most 149 units, and pwzFriendlyName, at most 255, may be
 * NULL [M]; without the latter the peer name is the friendly name. [M]
 * hCryptProv is 0: there are no key containers. [L]
 *
 * S_OK
 * E_INVALIDARG               ppwzIdentity is NULL, hCryptProv is not 0, a
 *                            string is too long or not valid, or the friendly
 *                            name has control characters [M, L]
 * PEER_E_INVALID_CLASSIFIER  the classifier has control characters [L]
 * PEER_E_TOO_MANY_IDENTITIES there are 1024 already [M, L]
 * PEER_E_ALREADY_EXISTS      cannot occur: a new key has no name yet
 */
HRESULT WINAPI PeerIdentityCreate(PCWSTR pwzClassifier, PCWSTR pwzFriendlyName,
				  HCRYPTPROV hCryptProv, PWSTR *ppwzIdentity);

/**
 * Delete an identity and its key for good. Its groups have to be deleted
 * before. [M]
 *
 * S_OK
 * E_INVALIDARG           pwzIdentity is NULL or no secure peer name [M]
 * PEER_E_NOT_FOUND       there is no such identity [M]
 * PEER_E_GROUPS_EXIST    it is a member of groups [M]
 */
HRESULT WINAPI PeerIdentityDelete(PCWSTR pwzIdentity);

/**
 * The friendly name of an identity.
 *
 * S_OK
 * E_INVALIDARG           ppwzFriendlyName is NULL, or pwzIdentity is no secure
 *                        peer name [M]
 * PEER_E_NOT_FOUND       there is no such identity [M]
 */
HRESULT WINAPI PeerIdentityGetFriendlyName(PCWSTR pwzIdentity,
					   PWSTR *ppwzFriendlyName);

/**
 * Change the friendly name of an identity; NULL and "" make it the peer name.
 * [M] Memberships that it has keep the former one. [L]
 *
 * S_OK
 * E_INVALIDARG           pwzIdentity is no secure peer name, or the friendly
 *                        name is too long, not valid or has control characters
 *                        [M, L]
 * PEER_E_NOT_FOUND       there is no such identity [M]
 */
HRESULT WINAPI PeerIdentitySetFriendlyName(PCWSTR pwzIdentity,
					   PCWSTR pwzFriendlyName);

/**
 * What others need of an identity in order to invite it: a text of
 * PEERIDENTITYINFO with its certificate. It holds nothing secret. [M]
 *
 * S_OK
 * E_INVALIDARG           ppwzIdentityXML is NULL, or pwzIdentity is no secure
 *                        peer name [M]
 * PEER_E_NOT_FOUND       there is no such identity [L]
 */
HRESULT WINAPI PeerIdentityGetXML(PCWSTR pwzIdentity, PWSTR *ppwzIdentityXML);

/**
 * The peer name of the user's default identity, which is made if there is none.
 * [M, L] It has no classifier then, and the user's login name as friendly name.
 * [L]
 *
 * S_OK
 * E_INVALIDARG           ppwzPeerName is NULL [M]
 * PEER_E_TOO_MANY_IDENTITIES as for PeerIdentityCreate() [L]
 * PEER_E_NOT_FOUND       cannot occur
 */
HRESULT WINAPI PeerIdentityGetDefault(PWSTR *ppwzPeerName);

/**
 * An identity as a text of PEERIDENTITYEXPORT, its key and certificate as a PFX
 * under a password [M] of at most 1024 bytes of UTF-8. [L]
 *
 * S_OK
 * E_INVALIDARG           ppwzExportXML is NULL, pwzIdentity is no secure peer
 *                        name, or the password is NULL, empty, too long or not
 *                        valid [M, L]
 * PEER_E_NOT_FOUND       there is no such identity [M]
 */
HRESULT WINAPI PeerIdentityExport(PCWSTR pwzIdentity, PCWSTR pwzPassword,
				  PWSTR *ppwzExportXML);

/**
 * Take in an exported identity; *ppwzIdentity receives its peer name.
 *
 * S_OK
 * E_INVALIDARG           a pointer is NULL, the text is malformed or what
 *                        matters of it was altered, the password is another
 *                        one [M], or the identity is of the profile windows,
 *                        which was not chosen [L]
 * PEER_E_ALREADY_EXISTS  the user has this identity [M]
 * PEER_E_TOO_MANY_IDENTITIES as for PeerIdentityCreate() [L]
 */
HRESULT WINAPI PeerIdentityImport(PCWSTR pwzImportXML, PCWSTR pwzPassword,
				  PWSTR *ppwzIdentity);

/**
 * Make a peer name of another one: with pwzIdentity its authority, without the
 * unsecured one "0"; then "." and pwzClassifier. Without pwzClassifier it is
 * pwzIdentity itself. Nothing is looked up. [M, L] *ppwzPeerName has to be
 * NULL before. [M]
 *
 * S_OK
 * E_INVALIDARG           both names are NULL, pwzIdentity is no peer name, the
 *                        classifier is too long or not valid, ppwzPeerName is
 *                        NULL, or *ppwzPeerName is not [M]
 * PEER_E_INVALID_CLASSIFIER  the classifier has control characters [L]
 */
HRESULT WINAPI PeerCreatePeerName(PCWSTR pwzIdentity, PCWSTR pwzClassifier,
				  PWSTR *ppwzPeerName);

/*
 * Groups
 *
 * A group whose name is a secure peer name, 40 hex digits, "." and a
 * classifier, is a secured one: it has a key pair of its own, and an identity
 * uses it by its membership, a chain of certificates that begins with the
 * group's own. [M] Every other group is plain: anybody may open it. [L] Which
 * connections a group has, and who may attach any, is the module's to say in
 * both cases; see Documentation/identities.md for what is protected. [L]
 */

/**
 * Create a secured group and open it. The group gets a key pair, of the profile
 * that pg_set_profile() of <peergroup.h> chose, the creator a membership as
 * administrator for 1000 years; the key of the group is forgotten thereafter.
 * [M, L] The module's group is owned by the user of the calling process.
 * Released with PeerGroupClose(), which leaves the group alone.
 *
 * With dwSize 64 the group's security is of version 1.0, which knows no
 * PEER_GROUP_ROLE_INVITING_MEMBER, else of 1.1. [L]
 *
 * Sockets become connections of the group with pg_conn_attach() of
 * <peergroup.h>, to the id that pg_group_from_handle() gives. [L]
 *
 * S_OK
 * E_INVALIDARG                     pProperties or phGroup is NULL [M]; the
 *                                  cloud or creator is no valid string, or the
 *                                  cloud is too long [L]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP_PROPERTIES  dwSize, an unknown flag, a peer name is
 *                                  set, a lifetime out of range, friendly name
 *                                  or comment is too long, not valid or has
 *                                  control characters [M, L]; a password, which
 *                                  nothing would ask for [L]; the creator is
 *                                  of another profile [L]
 * PEER_E_INVALID_CLASSIFIER        too long, not valid or has control
 *                                  characters [M]
 * PEER_E_INVALID_PEER_NAME         the creator is no identity of the user [M]
 * PEER_E_TOO_MANY_IDENTITIES       as for PeerIdentityCreate() [L]
 */
HRESULT WINAPI PeerGroupCreate(PPEER_GROUP_PROPERTIES pProperties,
			       HGROUP *phGroup);

/**
 * Open a group by its name. A plain group is opened whoever asks, whatever
 * pwzIdentity is. A secured one is opened for the identity if it is a member;
 * the module's group is made if there is none, such as after a reboot, else it
 * is used whoever owns it. Each handle is released with PeerGroupClose().
 * pwzCloud is NULL or any valid string, and means nothing. [L]
 *
 * S_OK
 * E_INVALIDARG            phGroup or pwzGroupPeerName is NULL, or a string is
 *                         not valid [M]; the group is secured and pwzIdentity
 *                         is no secure peer name [L]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_NOT_FOUND        there is no such plain group; the identity does not
 *                         exist, or is no member [L]
 * PEER_E_INVALID_TIME_PERIOD  the membership is not valid any more, or not yet
 *                         [L]
 */
HRESULT WINAPI PeerGroupOpen(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName,
			     PCWSTR pwzCloud, HGROUP *phGroup);

/**
 * Become a member of the group of an invitation, and open it. [M] The identity
 * has to be the one that was invited; the membership replaces one that it has.
 * The group is ready at once. pwzCloud, NULL or a name, replaces the cloud of
 * the invitation. [M, L]
 *
 * S_OK
 * E_INVALIDARG            phGroup or pwzInvitation is NULL, or a string is not
 *                         valid [M]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVITATION_NOT_TRUSTED  it is malformed or altered, for another
 *                         identity, not issued by somebody entitled, of the
 *                         profile windows where that was not chosen, or asks
 *                         for a password [M, L]
 * PEER_E_UNSUPPORTED_VERSION  of the invitation [M]
 * PEER_E_INVALID_TIME_PERIOD  a certificate of the chain is not valid any more,
 *                         or not yet [M]
 * PEER_E_CHAIN_TOO_LONG   more than 24 memberships [M]
 * PEER_E_CIRCULAR_CHAIN_DETECTED  an identity occurs in it twice [M]
 * PEER_E_INVALID_PEER_NAME  pwzIdentity is no identity of the user [M]
 * PEER_E_GROUP_IN_USE     this process has the group open with the same
 *                         identity [M]
 * PEER_E_NOT_FOUND        the membership was deleted at the same time [L]
 * PEER_E_TOO_MANY_IDENTITIES  as for PeerIdentityCreate() [L]
 */
HRESULT WINAPI PeerGroupJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation,
			     PCWSTR pwzCloud, HGROUP *phGroup);

/**
 * Invite an identity: a text that makes the identity which pwzIdentityInfo
 * describes (see PeerIdentityGetXML()) a member in one or more roles, from now
 * until *pftExpiration, or if that is NULL for as long as the own membership
 * is valid. [M] It begins five minutes ago, since not all clocks are right. [L]
 * It is released with PeerFreeData().
 *
 * S_OK
 * E_INVALIDARG            ppwzInvitation or pwzIdentityInfo is NULL, the latter
 *                         is malformed, of another profile than the group, or
 *                         of the profile windows where that was not chosen;
 *                         cRoles is 0, pRoles NULL, or a role none of those
 *                         above or not of the group's version [M, L]
 * NTE_*, CRYPT_E_*        the certificate in pwzIdentityInfo is malformed or
 *                         altered [M, L]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle, or a plain group [L]
 * PEER_E_NOT_AUTHORIZED   the own roles may not issue a role that is asked for
 *                         [M]
 * PEER_E_INVALID_TIME_PERIOD  the expiration is past, or later than that of the
 *                         own membership, which may be over itself [L]
 * PEER_E_CHAIN_TOO_LONG   the own membership is the 24th of its chain, or the
 *                         text would be longer than 64 KiB [M, L]
 * PEER_E_CIRCULAR_CHAIN_DETECTED  the own membership comes from the identity to
 *                         be invited, or is its own [L]
 * PEER_E_IDENTITY_DELETED the identity behind the handle was deleted [M]
 */
HRESULT WINAPI PeerGroupCreateInvitation(HGROUP hGroup, PCWSTR pwzIdentityInfo,
					 FILETIME *pftExpiration, ULONG cRoles,
					 const GUID *pRoles,
					 PWSTR *ppwzInvitation);

/**
 * What an invitation says. All is checked but whether it is valid at this time.
 * [M, L] The block is released with PeerFreeData().
 *
 * S_OK
 * E_INVALIDARG            ppInvitationInfo or pwzInvitation is NULL, or that is
 *                         no valid string [M]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVITATION_NOT_TRUSTED, PEER_E_UNSUPPORTED_VERSION [M],
 * PEER_E_CHAIN_TOO_LONG, PEER_E_CIRCULAR_CHAIN_DETECTED [L]
 *                         as for PeerGroupJoin()
 */
HRESULT WINAPI PeerGroupParseInvitation(PCWSTR pwzInvitation,
					PPEER_INVITATION_INFO *ppInvitationInfo);

/**
 * Release a handle. Group, connections, enumerations and registrations stay.
 * [M, L]
 *
 * S_OK
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle [M]
 */
HRESULT WINAPI PeerGroupClose(HGROUP hGroup);

/**
 * Delete a group. All its handles in this process become bad. [M] Its sockets
 * live on, its enumerations stay readable. [L] Of a secured group the
 * membership of pwzIdentity is deleted, and the module's group if it is the
 * caller's and no other identity of the user is a member. [L]
 *
 * S_OK
 * E_INVALIDARG            pwzGroupPeerName is NULL, or a string is not valid
 *                         [M]; the group is secured and pwzIdentity is no
 *                         secure peer name [L]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_NOT_FOUND        there is no such plain group; the identity does not
 *                         exist, or is no member [M]
 * E_ACCESSDENIED          the caller is not the owner of the plain group [M]
 */
HRESULT WINAPI PeerGroupDelete(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName);

/**
 * The properties of a group. The block is released with PeerFreeData(). [M]
 * Of a plain group pwzClassifier, pwzCloud and pwzCreatorPeerName are NULL. [L]
 *
 * S_OK
 * E_INVALIDARG            ppProperties is NULL [M]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle, or the group was deleted [M]
 */
HRESULT WINAPI PeerGroupGetProperties(HGROUP hGroup,
				      PPEER_GROUP_PROPERTIES *ppProperties);

/**
 * The status of a group: bits of PEER_GROUP_STATUS. [M] At present
 * PEER_GROUP_STATUS_HAS_CONNECTIONS if a connection of either type is active,
 * else 0. [L]
 *
 * S_OK
 * E_INVALIDARG            pdwStatus is NULL [M]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle, or the group was deleted [M]
 * PEER_E_INVALID_TIME_PERIOD, PEER_E_NO_KEY_ACCESS
 *                         as for PeerGroupEnumConnections() [L]
 */
HRESULT WINAPI PeerGroupGetStatus(HGROUP hGroup, DWORD *pdwStatus);

/*
 * Enumerations
 *
 * An enumeration is a snapshot: it never changes once it exists, also if the
 * group is closed or deleted. [M, L]
 */

/**
 * Enumerate the groups that an identity is a member of, and after them all
 * plain groups of the network namespace in order of creation; items are
 * PEER_NAME_PAIR *. [M, L] With NULL, where there is no default identity or its
 * store cannot be read, just the plain groups. [L] Needs no
 * PeerGroupStartup(). [M]
 *
 * S_OK
 * E_INVALIDARG    phPeerEnum is NULL, or pwzIdentity is no secure peer name [M]
 * PEER_E_NOT_FOUND  there is no such identity [M]
 * HRESULT_FROM_WIN32(ERROR_RETRY), 0x800704d5
 *                 as for PeerGroupEnumConnections() [L]
 */
HRESULT WINAPI PeerEnumGroups(PCWSTR pwzIdentity, HPEERENUM *phPeerEnum);

/**
 * Enumerate the user's identities; items are PEER_NAME_PAIR *. [M] Those that
 * cannot be read are left out. [L] Needs no PeerGroupStartup(). [M]
 *
 * S_OK
 * E_INVALIDARG    phPeerEnum is NULL [M]
 */
HRESULT WINAPI PeerEnumIdentities(HPEERENUM *phPeerEnum);

/**
 * Enumerate the active connections of a group; items are
 * PEER_CONNECTION_INFO *. [M] They are exactly those active at one instant,
 * in order of creation, whichever process attached them and whichever end
 * opened them. pg_enum_generation() of <peergroup.h> names the instant. [L]
 *
 * dwFlags selects types: PEER_CONNECTION_NEIGHBOR, PEER_CONNECTION_DIRECT or
 * both [M]; 0 means all. [L] A group without connections yields an empty
 * enumeration. Ended with PeerEndEnumeration().
 *
 * S_OK
 * E_INVALIDARG            phPeerEnum is NULL, or another bit in dwFlags [M, L]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle, or the group was deleted [M]
 * PEER_E_INVALID_TIME_PERIOD  the membership in a secured group is not valid
 *                         any more, or not yet [L]
 * PEER_E_NO_KEY_ACCESS    the key of the identity is gone or unreadable [M, L]
 * HRESULT_FROM_WIN32(ERROR_RETRY), 0x800704d5
 *                         connections came and went so fast, and this process
 *                         read so slowly, that every attempt was cut off [L]
 */
HRESULT WINAPI PeerGroupEnumConnections(HGROUP hGroup, DWORD dwFlags,
					HPEERENUM *phPeerEnum);

/**
 * The number of all items of an enumeration. It does not change as items are
 * taken. [M]
 *
 * S_OK
 * E_INVALIDARG    pCount is NULL, or a bad handle [M]
 */
HRESULT WINAPI PeerGetItemCount(HPEERENUM hPeerEnum, ULONG *pCount);

/**
 * Take the next items, at most *pCount of them. *pCount receives how many,
 * *pppvItems an array of that many pointers, released with one PeerFreeData().
 * [M] The array outlives the enumeration. [M] At the end, or if none are asked
 * for, S_OK with *pCount 0 and *pppvItems NULL. [M, L]
 *
 * S_OK
 * E_INVALIDARG    pCount or pppvItems is NULL, or a bad handle [M]
 * E_OUTOFMEMORY   no memory; the same items come next time [M, L]
 */
HRESULT WINAPI PeerGetNextItem(HPEERENUM hPeerEnum, ULONG *pCount,
			       PVOID **pppvItems);

/**
 * Release an enumeration. Arrays taken from it stay. [M]
 *
 * S_OK
 * E_INVALIDARG    a bad handle [M]
 */
HRESULT WINAPI PeerEndEnumeration(HPEERENUM hPeerEnum);

/*
 * Event objects
 *
 * A HANDLE is an event object, which is signalled when a registration has
 * queued an event. The functions that make and use one are not of Windows and
 * so have names of their own. [L] They stand for, in this order: CreateEvent()
 * of one that resets itself, nothing, nothing, WaitForSingleObject() and
 * CloseHandle(). They need no PeerGroupStartup().
 *
 * Behind it is an eventfd(2), whose counter is not 0 while it is signalled.
 * After a fork() both processes have a handle of one and the same object, of
 * which a wait takes a signal away from the other.
 */

/** Make an event object, not signalled. NULL: no memory, no descriptors. */
HANDLE PeerEventCreate(void);

/**
 * Make an event object of the program's own eventfd, of which it keeps a
 * duplicate. With EFD_SEMAPHORE one wait takes only one of several signals.
 * NULL: not an eventfd, no memory, no descriptors.
 */
HANDLE PeerEventFromFd(int eventfd);

/**
 * The descriptor of an event object, for poll(2) and epoll(7), readable while
 * it is signalled. It stays the object's. Who does not use PeerEventWait() but
 * read(2) to reset it, which never blocks if PeerEventCreate() made it, does so
 * before taking events. -1: a bad handle.
 */
int PeerEventFd(HANDLE hEvent);

/**
 * Wait until an event object is signalled, for at most so many milliseconds or
 * INFINITE; one thread wakes, and the object is reset.
 *
 * S_OK            it was signalled
 * S_FALSE         it was not in that time
 * E_INVALIDARG    a bad handle
 */
HRESULT PeerEventWait(HANDLE hEvent, DWORD dwMilliseconds);

/**
 * Release an event object. Registrations that it was given to are not ended. A
 * wait that is under way goes on.
 *
 * S_OK
 * E_INVALIDARG    a bad handle
 */
HRESULT PeerEventClose(HANDLE hEvent);

/*
 * Events
 *
 * They tell all that happens to a group from an instant on that is within
 * PeerGroupRegisterEvent(), each once, in the order in which it happened: who
 * enumerates afterwards may see what is told, too. [L]
 * For every connection of the group, whichever process attached it:
 * PEER_CONNECTED when it becomes active, PEER_DISCONNECTED when an active one
 * leaves the group, for whatever reason, being detached included. One that was
 * attached while it was connecting and leaves the group before it becomes
 * active is PEER_CONNECTION_FAILED. [M, L]
 *
 * When the first connection becomes active and when the last one leaves,
 * PEER_GROUP_EVENT_STATUS_CHANGED follows. [M, L] When the group is deleted or
 * the module unloaded, all its connections leave it, and nothing will come any
 * more. [L]
 *
 * Where so much happens that the kernel has to drop events, or memory is short,
 * events come late and, for connections that have come and gone meanwhile, not
 * at all; an attempt has then failed with PEER_E_CONNECTION_FAILED, whatever
 * the reason. What a program makes of the events will be right again. [L]
 *
 * One thread of the library, which is there as long as any registration is,
 * queues them; no signal is ever handled in it. [L]
 */

/**
 * Register for events of a group, of one or more types; an event comes once
 * however many entries ask for it. hEvent is signalled whenever one was queued,
 * and may be given to any number of registrations. [M, L] A registration keeps
 * a duplicate of the descriptor behind it, has a queue of its own, and ends
 * with PeerGroupUnregisterEvent(), not with the handle of the group. [L]
 *
 * It takes three descriptors and memory for all connections of the group. Its
 * queue has no limit: take the events also if only the signal matters. [L]
 *
 * S_OK
 * E_INVALIDARG            phPeerEvent or pEventRegistrations is NULL,
 *                         cEventRegistration is 0, a type is none of
 *                         PEER_GROUP_EVENT_TYPE, or hEvent is bad [M]
 * PEER_E_NOT_INITIALIZED [L]
 * PEER_E_INVALID_GROUP    a bad handle, or the group was deleted [M]; looked
 *                         at before hEvent [L]
 * PEER_E_INVALID_TIME_PERIOD, PEER_E_NO_KEY_ACCESS,
 * HRESULT_FROM_WIN32(ERROR_RETRY), 0x800704d5
 *                         as for PeerGroupEnumConnections(); what was
 *                         registered before goes on [L]
 */
HRESULT WINAPI
PeerGroupRegisterEvent(HGROUP hGroup, HANDLE hEvent, DWORD cEventRegistration,
		       PEER_GROUP_EVENT_REGISTRATION *pEventRegistrations,
		       HPEEREVENT *phPeerEvent);

/**
 * Take the oldest event of a registration. The block is released with
 * PeerFreeData(), and outlives the registration. [M, L] One signal may stand
 * for several events, and some for none: take all that there are. [M]
 *
 * S_OK
 * PEER_S_NO_EVENT_DATA    there is none; *ppEventData is NULL [M]
 * E_INVALIDARG            ppEventData is NULL, or a bad handle [M]
 * PEER_E_NOT_INITIALIZED [L]
 */
HRESULT WINAPI PeerGroupGetEventData(HPEEREVENT hPeerEvent,
				     PPEER_GROUP_EVENT_DATA *ppEventData);

/**
 * End a registration; what is queued is dropped. Once this returns, hEvent is
 * not signalled any more. [M] Other threads may be in PeerGroupGetEventData()
 * meanwhile, which refuses the handle from now on. [M]
 *
 * S_OK
 * E_INVALIDARG            a bad handle [M]
 * PEER_E_NOT_INITIALIZED [L]
 */
HRESULT WINAPI PeerGroupUnregisterEvent(HPEEREVENT hPeerEvent);

/** Release a block that a function here handed out; NULL does nothing. [M] */
VOID WINAPI PeerFreeData(LPCVOID pvData);

#ifdef __cplusplus
}
#endif

#endif /* P2P_H */
