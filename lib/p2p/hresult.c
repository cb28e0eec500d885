// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one place where errno values become HRESULTs. The table is part of the
 * ABI: programs compare these codes.
 */
#include <errno.h>

#include "hresult.h"

HRESULT hresult_from_errno(int err)
{
	switch (err) {
	case 0:
		return S_OK;
	case -EPERM:
	case -EACCES:
		return E_ACCESSDENIED;
	case -ENOENT:
		return PEER_E_INVALID_GROUP;
	case -ESHUTDOWN:
		return PEER_E_NOT_INITIALIZED;
	case -ENOMEM:
	case -ENOSPC:
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
		return E_OUTOFMEMORY;
	case -EINVAL:
		return E_INVALIDARG;
	case -ESTALE:
		return HRESULT_FROM_WIN32(ERROR_RETRY);
	default:
		return E_UNEXPECTED;
	}
}

HRESULT hresult_of_name(int err)
{
	return err == -ENOENT ? PEER_E_NOT_FOUND : hresult_from_errno(err);
}
