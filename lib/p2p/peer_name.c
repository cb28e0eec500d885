// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerCreatePeerName().
 */
#include <stdio.h>

#include "../reason.h"
#include "../utf8.h"
#include "argument.h"

static HRESULT base_argument(PCWSTR wide, char name[PEERNAME_MAX + 1])
{
	if (!wide) {
		sprintf(name, "0.");
		return S_OK;
	}
	if (utf8_from_wide(wide, name, PEERNAME_MAX + 1) < 0 ||
	    !peername_valid(name))
		return fail(E_INVALIDARG, "a name is no peer name");
	return S_OK;
}

HRESULT WINAPI PeerCreatePeerName(PCWSTR pwzIdentity, PCWSTR pwzClassifier,
				  PWSTR *ppwzPeerName)
{
	char base[PEERNAME_MAX + 1], name[PEERNAME_MAX + 1];
	char classifier[3 * CLASSIFIER_UNITS + 1];
	HRESULT hr;

	reason_clear();
	if (!ppwzPeerName || *ppwzPeerName)
		return E_INVALIDARG;
	if (!pwzIdentity && !pwzClassifier)
		return E_INVALIDARG;

	hr = base_argument(pwzIdentity, base);
	if (SUCCEEDED(hr))
		hr = argument_classifier(pwzClassifier, classifier);
	if (FAILED(hr))
		return hr;
	if (!pwzClassifier)
		return hand_out_text(base, ppwzPeerName);
	sprintf(name, "%.*s.%s",
		(int)(peername_classifier(base) - base - 1), base, classifier);
	return hand_out_text(name, ppwzPeerName);
}
