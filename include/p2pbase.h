/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The base types and HRESULT basics that <p2p.h> is written in, sized as on
 * 64-bit Windows, except WCHAR: that is wchar_t, four bytes on Linux, so that
 * L"" and the wcs*() functions work on every string.
 *
 * A program that has these types from elsewhere defines P2P_NO_BASE_TYPES
 * before it includes <p2p.h>; their sizes are asserted all the same. Macros
 * that exist already are left alone.
 */
#ifndef P2PBASE_H
#define P2PBASE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#ifdef __cplusplus
#define P2P_ASSERT(condition) static_assert(condition, #condition)
#else
#define P2P_ASSERT(condition) _Static_assert(condition, #condition)
#endif

#ifndef P2P_NO_BASE_TYPES
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef int32_t LONG;
typedef int32_t BOOL;
typedef unsigned long long ULONGLONG;
typedef uintptr_t ULONG_PTR;
typedef int32_t HRESULT;
typedef wchar_t WCHAR;
typedef WCHAR *PWSTR;
typedef const WCHAR *PCWSTR;
typedef BYTE *PBYTE;
typedef char *LPSTR;
typedef void *PVOID;
typedef void *HANDLE;
typedef const void *LPCVOID;

/** A globally unique identifier. */
typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2;
	uint16_t Data3;
	uint8_t Data4[8];
} GUID;

/** A time in UTC: units of 100 ns since the beginning of 1601. */
typedef struct _FILETIME {
	DWORD dwLowDateTime;
	DWORD dwHighDateTime;
} FILETIME;

/** A provider of cryptography, of which there are none here. */
typedef ULONG_PTR HCRYPTPROV;

/** Bytes of some encoding. */
typedef struct _CRYPTOAPI_BLOB {
	DWORD cbData;
	BYTE *pbData;
} CRYPT_OBJID_BLOB;

/** Bits. */
typedef struct _CRYPT_BIT_BLOB {
	DWORD cbData;		/**< bytes that hold them */
	BYTE *pbData;
	DWORD cUnusedBits;	/**< of the last byte */
} CRYPT_BIT_BLOB;

/** An algorithm. */
typedef struct _CRYPT_ALGORITHM_IDENTIFIER {
	LPSTR pszObjId;		/**< object identifier, such as "1.2.840" */
	CRYPT_OBJID_BLOB Parameters; /**< DER */
} CRYPT_ALGORITHM_IDENTIFIER;

/** A public key. */
typedef struct _CERT_PUBLIC_KEY_INFO {
	CRYPT_ALGORITHM_IDENTIFIER Algorithm;
	CRYPT_BIT_BLOB PublicKey;
} CERT_PUBLIC_KEY_INFO;

/** The socket address of IPv6; AF_INET6 has Linux' value. */
typedef struct sockaddr_in6 SOCKADDR_IN6;
#endif /* P2P_NO_BASE_TYPES */

P2P_ASSERT(sizeof(void *) == 8);
P2P_ASSERT(sizeof(WORD) == 2);
P2P_ASSERT(sizeof(DWORD) == 4);
P2P_ASSERT(sizeof(ULONG) == 4);
P2P_ASSERT(sizeof(ULONGLONG) == 8);
P2P_ASSERT(sizeof(HRESULT) == 4);
P2P_ASSERT(sizeof(WCHAR) == 4);
P2P_ASSERT(sizeof(HANDLE) == 8);
P2P_ASSERT(sizeof(GUID) == 16);
P2P_ASSERT(sizeof(SOCKADDR_IN6) == 28);
P2P_ASSERT(sizeof(FILETIME) == 8);
P2P_ASSERT(sizeof(HCRYPTPROV) == 8);
P2P_ASSERT(sizeof(CRYPT_OBJID_BLOB) == 16);
P2P_ASSERT(sizeof(CRYPT_BIT_BLOB) == 24);
P2P_ASSERT(sizeof(CRYPT_ALGORITHM_IDENTIFIER) == 24);
P2P_ASSERT(sizeof(CERT_PUBLIC_KEY_INFO) == 48);

#ifndef VOID
#define VOID void
#endif
#ifndef WINAPI
#define WINAPI
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
/** A time-out that never comes. */
#ifndef INFINITE
#define INFINITE 0xffffffff
#endif
#ifndef MAKEWORD
#define MAKEWORD(low, high) ((WORD)(((low) & 0xff) | ((high) & 0xff) << 8))
#endif
#ifndef LOBYTE
#define LOBYTE(word) ((BYTE)((word) & 0xff))
#endif
#ifndef HIBYTE
#define HIBYTE(word) ((BYTE)((word) >> 8 & 0xff))
#endif

#ifndef SUCCEEDED
#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#endif
#ifndef FAILED
#define FAILED(hr) ((HRESULT)(hr) < 0)
#endif
#ifndef SEVERITY_SUCCESS
#define SEVERITY_SUCCESS 0
#endif
#ifndef SEVERITY_ERROR
#define SEVERITY_ERROR 1
#endif
#ifndef FACILITY_WIN32
#define FACILITY_WIN32 7
#endif
#ifndef FACILITY_P2P
#define FACILITY_P2P 99
#endif
#ifndef MAKE_HRESULT
#define MAKE_HRESULT(severity, facility, code) \
	((HRESULT)((uint32_t)(severity) << 31 | (uint32_t)(facility) << 16 | \
		   (uint32_t)(code)))
#endif
#ifndef HRESULT_CODE
#define HRESULT_CODE(hr) ((hr) & 0xffff)
#endif
#ifndef HRESULT_FACILITY
#define HRESULT_FACILITY(hr) ((hr) >> 16 & 0x1fff)
#endif
#ifndef HRESULT_FROM_WIN32
#define HRESULT_FROM_WIN32(error) \
	((HRESULT)(error) <= 0 ? (HRESULT)(error) : \
	 MAKE_HRESULT(SEVERITY_ERROR, FACILITY_WIN32, (error) & 0xffff))
#endif

#ifndef S_OK
#define S_OK ((HRESULT)0)
#endif
#ifndef S_FALSE
#define S_FALSE ((HRESULT)1)
#endif
#ifndef E_NOTIMPL
#define E_NOTIMPL ((HRESULT)0x80004001)
#endif
#ifndef E_POINTER
#define E_POINTER ((HRESULT)0x80004003)
#endif
#ifndef E_FAIL
#define E_FAIL ((HRESULT)0x80004005)
#endif
#ifndef E_HANDLE
#define E_HANDLE ((HRESULT)0x80070006)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED ((HRESULT)0x8000ffff)
#endif
#ifndef E_ACCESSDENIED
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY ((HRESULT)0x8007000e)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif

/** Of cryptography. */
#ifndef NTE_BAD_SIGNATURE
#define NTE_BAD_SIGNATURE ((HRESULT)0x80090006)
#endif
#ifndef NTE_BAD_ALGID
#define NTE_BAD_ALGID ((HRESULT)0x80090008)
#endif
#ifndef NTE_BAD_KEY
#define NTE_BAD_KEY ((HRESULT)0x80090003)
#endif
#ifndef NTE_FAIL
#define NTE_FAIL ((HRESULT)0x80090020)
#endif
#ifndef CRYPT_E_BAD_ENCODE
#define CRYPT_E_BAD_ENCODE ((HRESULT)0x80092002)
#endif
#ifndef CRYPT_E_ASN1_ERROR
#define CRYPT_E_ASN1_ERROR ((HRESULT)0x80093100)
#endif

/** Win32 error codes that arrive as HRESULT_FROM_WIN32(). */
#ifndef ERROR_DISK_FULL
#define ERROR_DISK_FULL 112
#endif
#ifndef ERROR_ALREADY_EXISTS
#define ERROR_ALREADY_EXISTS 183
#endif
#ifndef ERROR_SERVICE_DEPENDENCY_FAIL
#define ERROR_SERVICE_DEPENDENCY_FAIL 1068
#endif
#ifndef ERROR_NOT_FOUND
#define ERROR_NOT_FOUND 1168
#endif
#ifndef ERROR_RETRY
#define ERROR_RETRY 1237
#endif

#endif /* P2PBASE_H */
