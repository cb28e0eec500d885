// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Arguments that programs pass and strings that they get.
 */
#include <errno.h>

#include "../reason.h"
#include "../utf8.h"
#include "argument.h"
#include "hresult.h"

HRESULT argument_identity(PCWSTR wide, char name[PEERNAME_MAX + 1])
{
	if (!wide || utf8_from_wide(wide, name, PEERNAME_MAX + 1) < 0 ||
	    !peername_secure(name))
		return fail(E_INVALIDARG,
			    "the name of an identity is 40 hex digits, a dot and a classifier");
	return S_OK;
}

static bool fits(PCWSTR wide, size_t max)
{
	return !wide || wide_utf16_len(wide) <= max;
}

HRESULT argument_friendly(PCWSTR wide, char friendly[FRIENDLY_MAX + 1])
{
	if (!wide_valid(wide))
		return fail(E_INVALIDARG, "a friendly name is no valid string");
	if (!fits(wide, FRIENDLY_UNITS))
		return fail(E_INVALIDARG,
			    "a friendly name has at most %d characters",
			    FRIENDLY_UNITS);
	if (wide && wide_has_control(wide))
		return fail(E_INVALIDARG,
			    "a friendly name has no control characters");
	utf8_from_wide(wide ?: L"", friendly, FRIENDLY_MAX + 1);
	return S_OK;
}

HRESULT argument_classifier(PCWSTR wide,
			    char classifier[3 * CLASSIFIER_UNITS + 1])
{
	if (!wide_valid(wide))
		return fail(E_INVALIDARG, "a classifier is no valid string");
	if (!fits(wide, CLASSIFIER_UNITS))
		return fail(E_INVALIDARG,
			    "a classifier has at most %d characters",
			    CLASSIFIER_UNITS);
	if (wide && wide_has_control(wide))
		return fail(PEER_E_INVALID_CLASSIFIER,
			    "a classifier has no control characters");
	utf8_from_wide(wide ?: L"", classifier, 3 * CLASSIFIER_UNITS + 1);
	return S_OK;
}

HRESULT argument_text(PCWSTR wide, char **text)
{
	int err = wide ? utf8_dup(wide, text) : -EINVAL;

	if (err == -ENOMEM)
		return E_OUTOFMEMORY;
	if (err)
		return fail(E_INVALIDARG, "a string is missing or not valid");
	return S_OK;
}

HRESULT hand_out_text(const char *text, PWSTR *wide)
{
	return hresult_from_errno(wide_dup(text, wide));
}
