/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What invitations and memberships have in common.
 */
#ifndef LIB_XML_CLOUD_H
#define LIB_XML_CLOUD_H

#include "../peername.h"
#include "../reason.h"
#include "invitation.h"
#include "xml.h"

/* Limits in UTF-16 units, as documented. */
#define CLOUD_NAME_UNITS 255
#define COMMENT_UNITS 255

enum security_version version_read(struct xml *xml);

/* Begin to write a text of this version. */
void version_write(struct xml *xml, const struct xml_kind *kind,
		   enum security_version version);

/* CLOUDNAME, SCOPE and CLOUDFLAGS. */
void cloud_read(struct xml *xml, struct cloud *cloud);
void cloud_write(struct xml *xml, const struct cloud *cloud);

#endif /* LIB_XML_CLOUD_H */
