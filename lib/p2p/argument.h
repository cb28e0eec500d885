/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arguments that programs pass and strings that they get.
 */
#ifndef LIB_P2P_ARGUMENT_H
#define LIB_P2P_ARGUMENT_H

#include "../peername.h"
#include "../public.h"

/* The secure peer name of an identity. E_INVALIDARG: it is none. */
HRESULT argument_identity(PCWSTR wide, char name[PEERNAME_MAX + 1]);

/* A friendly name; "" for NULL. E_INVALIDARG: it is none. */
HRESULT argument_friendly(PCWSTR wide, char friendly[FRIENDLY_MAX + 1]);

/*
 * A classifier; "" for NULL. E_INVALIDARG: it is too long or no valid string;
 * PEER_E_INVALID_CLASSIFIER: it has control characters.
 */
HRESULT argument_classifier(PCWSTR wide,
			    char classifier[3 * CLASSIFIER_UNITS + 1]);

/* A string of any length, to be released with free(). E_INVALIDARG. */
HRESULT argument_text(PCWSTR wide, char **text);

/* Hand out a string. */
HRESULT hand_out_text(const char *text, PWSTR *wide);

#endif /* LIB_P2P_ARGUMENT_H */
