/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PEERIDENTITYINFO ([MS-PPSEC] 2.2.6.2) and PEERIDENTITYEXPORT (the SDK): the
 * texts in which identities travel. Texts are UTF-8; those written are released
 * with free(). E_INVALIDARG: malformed, of another version, or longer than
 * IDENTITY_TEXT_MAX bytes.
 */
#ifndef LIB_XML_IDENTITY_H
#define LIB_XML_IDENTITY_H

#include <stddef.h>

#include "../public.h"

#define IDENTITY_TEXT_MAX 65536

/* The content is a PKCS#7 or a bare certificate, DER; written as given. */
HRESULT identity_info_write(const unsigned char *der, size_t len, char **text);
HRESULT identity_info_read(const char *text, unsigned char **der, size_t *len);

/* The content is a PFX, DER. twice: encoded as Windows XP was seen to do. */
HRESULT identity_export_write(const char *peer_name, const unsigned char *der,
			      size_t len, bool twice, char **text);
HRESULT identity_export_read(const char *text, char **peer_name,
			     unsigned char **der, size_t *len);

#endif /* LIB_XML_IDENTITY_H */
