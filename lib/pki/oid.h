/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Object identifiers of extensions and of what is in them.
 */
#ifndef LIB_PKI_OID_H
#define LIB_PKI_OID_H

#define ARC "1.3.6.1.4.1.311.44."

#define OID_CERT_TYPE	ARC "0.1"
#define OID_PEER_NAME	ARC "0.2"	/* in otherName */
#define OID_CLASSIFIER	ARC "0.3"	/* likewise */
#define OID_CERT_VERSION ARC "0.4"
#define OID_IDENTITY_FLAGS ARC "2.2"
#define OID_GROUP_NAME	ARC "3.1"
#define OID_GROUP_FLAGS	ARC "3.2"
#define OID_ROLES	ARC "3.3"
#define OID_PEER_AUTH	ARC "3.4"	/* a usage */
#define OID_CLASSIFIERS	ARC "3.5"

/* Windows has the older ones of the alternative names. */
#define OID_SUBJECT_NAME "2.5.29.7"
#define OID_ISSUER_NAME	"2.5.29.8"
#define OID_SUBJECT_ALT	"2.5.29.17"
#define OID_ISSUER_ALT	"2.5.29.18"
#define OID_ISSUER_KEY	"2.5.29.35"
#define OID_USAGE	"2.5.29.37"

#endif /* LIB_PKI_OID_H */
