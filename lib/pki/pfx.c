// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PFX (PKCS#12): a key and its certificate under a password.
 *
 * Whoever made a PFX chose how often its password is hashed, up to three times
 * or more. So each number is looked at before it is put to use, and all of them
 * together may not exceed the limit.
 */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "error.h"
#include "pfx.h"

/* How a PFX of a profile is made. */
struct strength {
	int cipher;		/* NID; OpenSSL takes a mere cipher for PBES2 */
	const char *digest;	/* of the MAC */
	int rounds;
};

/* A PFX while it is read. */
struct reading {
	const char *password;
	int64_t rounds_left;
	EVP_PKEY *key;
	struct stack_st_X509 *certs;
};

/*
 * 200,000 rounds are a third of what is advised for PBKDF2 with SHA-256, since
 * they are gone through three times, also on machines that have no instructions
 * for the hash or are emulated. Windows XP reads none but the other.
 */
static const struct strength *strength_of(const struct profile *profile)
{
	static const struct strength aes = {
		NID_aes_256_cbc, "SHA256", 200000,
	};
	static const struct strength triple_des = {
		NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "SHA1", 2000,
	};

	return profile->id == PG_PROFILE_WINDOWS ? &triple_des : &aes;
}

static PKCS12 *make(const struct strength *strength, EVP_PKEY *key, X509 *cert,
		    const char *password)
{
	const EVP_MD *digest = EVP_get_digestbyname(strength->digest);
	PKCS12 *pfx;

	pfx = PKCS12_create(password, NULL, key, cert, NULL, strength->cipher,
			    strength->cipher, strength->rounds, -1, 0);
	if (pfx && PKCS12_set_mac(pfx, password, -1, NULL, 0, strength->rounds,
				  digest))
		return pfx;
	PKCS12_free(pfx);
	return NULL;
}

HRESULT pfx_write(const struct profile *profile, EVP_PKEY *key, X509 *cert,
		  const char *password, unsigned char **der, size_t *len)
{
	PKCS12 *pfx;
	int size;

	*der = NULL;
	ERR_clear_error();
	pfx = make(strength_of(profile), key, cert, password);
	if (!pfx)
		return fail_crypto("the PFX cannot be made");
	size = i2d_PKCS12(pfx, der);
	PKCS12_free(pfx);
	if (size <= 0)
		return fail_crypto("the PFX cannot be encoded");
	ERR_clear_error();
	*len = size;
	return S_OK;
}

/* Of what OpenSSL knows only these are no fault of the PFX or the password. */
static HRESULT fail_reading(const char *what)
{
	HRESULT hr = fail_crypto(what);

	return hr == E_OUTOFMEMORY || hr == NTE_BAD_ALGID ?
	       hr : fail_as(E_INVALIDARG);
}

static HRESULT fail_algorithm(const ASN1_OBJECT *object)
{
	char name[80];

	OBJ_obj2txt(name, sizeof(name), object, 0);
	return fail(NTE_BAD_ALGID, "the PFX needs the algorithm %s", name);
}

/* No number stands for one round. */
static HRESULT take_rounds(struct reading *in, const ASN1_INTEGER *number)
{
	int64_t rounds = 1;

	if (number && !ASN1_INTEGER_get_int64(&rounds, number))
		rounds = PFX_ROUNDS_MAX + 1LL;
	ERR_clear_error();
	if (rounds < 1)
		return fail(E_INVALIDARG,
			    "the PFX hashes the password %lld times",
			    (long long)rounds);
	if (rounds > in->rounds_left)
		return fail(NTE_BAD_ALGID,
			    "the PFX hashes the password more than %d times",
			    PFX_ROUNDS_MAX);
	in->rounds_left -= rounds;
	return S_OK;
}

static HRESULT take_pbkdf2(struct reading *in, const X509_ALGOR *algorithm)
{
	PBKDF2PARAM *param;
	HRESULT hr;

	param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
					  algorithm->parameter);
	if (!param)
		return fail_reading("the PFX has no parameters of PBKDF2");
	hr = take_rounds(in, param->iter);
	PBKDF2PARAM_free(param);
	return hr;
}

/* Another function would have other costs than rounds. */
static HRESULT take_pbes2(struct reading *in, const X509_ALGOR *algorithm)
{
	PBE2PARAM *param;
	HRESULT hr;

	param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM),
					  algorithm->parameter);
	if (!param)
		return fail_reading("the PFX has no parameters of PBES2");
	if (OBJ_obj2nid(param->keyfunc->algorithm) == NID_id_pbkdf2)
		hr = take_pbkdf2(in, param->keyfunc);
	else
		hr = fail_algorithm(param->keyfunc->algorithm);
	PBE2PARAM_free(param);
	return hr;
}

static HRESULT take_pbe(struct reading *in, const X509_ALGOR *algorithm)
{
	PBEPARAM *param;
	HRESULT hr;

	param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM),
					  algorithm->parameter);
	ERR_clear_error();
	if (!param)
		return fail_algorithm(algorithm->algorithm);
	hr = take_rounds(in, param->iter);
	PBEPARAM_free(param);
	return hr;
}

/* The rounds that undoing an encryption takes. */
static HRESULT take_encryption(struct reading *in, const X509_ALGOR *algorithm)
{
	return OBJ_obj2nid(algorithm->algorithm) == NID_pbes2 ?
	       take_pbes2(in, algorithm) : take_pbe(in, algorithm);
}

/* Newer kinds of MAC have rounds elsewhere. */
static HRESULT check_mac(struct reading *in, PKCS12 *pfx)
{
	const X509_ALGOR *algorithm;
	const ASN1_INTEGER *rounds;
	HRESULT hr;

	if (!PKCS12_mac_present(pfx))
		return fail(E_INVALIDARG, "the PFX has no MAC");
	PKCS12_get0_mac(NULL, &algorithm, NULL, &rounds, pfx);
	if (!EVP_get_digestbyobj(algorithm->algorithm))
		return fail_algorithm(algorithm->algorithm);
	hr = take_rounds(in, rounds);
	if (FAILED(hr))
		return hr;
	if (!PKCS12_verify_mac(pfx, in->password, -1))
		return fail_reading("the PFX was altered, or the password is another");
	return S_OK;
}

static HRESULT take_key(struct reading *in, const PKCS8_PRIV_KEY_INFO *info)
{
	if (in->key)
		return fail(E_INVALIDARG, "the PFX has a second key");
	in->key = EVP_PKCS82PKEY(info);
	if (!in->key)
		return fail_reading("the key in the PFX is malformed");
	if (EVP_PKEY_get_base_id(in->key) != EVP_PKEY_RSA)
		return fail(NTE_BAD_ALGID, "the key in the PFX is not of RSA");
	return S_OK;
}

static HRESULT take_shrouded_key(struct reading *in, const PKCS12_SAFEBAG *bag)
{
	const X509_ALGOR *algorithm;
	PKCS8_PRIV_KEY_INFO *info;
	HRESULT hr;

	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	hr = take_encryption(in, algorithm);
	if (FAILED(hr))
		return hr;
	info = PKCS12_decrypt_skey(bag, in->password, -1);
	if (!info)
		return fail_reading("the key in the PFX cannot be decrypted");
	hr = take_key(in, info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return hr;
}

static HRESULT take_cert(struct reading *in, const PKCS12_SAFEBAG *bag)
{
	X509 *cert;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return S_OK;
	cert = PKCS12_SAFEBAG_get1_cert(bag);
	if (cert && sk_X509_push(in->certs, cert))
		return S_OK;
	X509_free(cert);
	return fail_reading("a certificate in the PFX is malformed");
}

static HRESULT take_bag(struct reading *in, const PKCS12_SAFEBAG *bag)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return take_key(in, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag:
		return take_shrouded_key(in, bag);
	case NID_certBag:
		return take_cert(in, bag);
	default:
		return S_OK;
	}
}

static HRESULT open_safe(struct reading *in, PKCS7 *safe,
			 struct stack_st_PKCS12_SAFEBAG **bags)
{
	HRESULT hr;

	*bags = NULL;
	if (PKCS7_type_is_data(safe)) {
		*bags = PKCS12_unpack_p7data(safe);
	} else if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted) {
		hr = take_encryption(in,
				     safe->d.encrypted->enc_data->algorithm);
		if (FAILED(hr))
			return hr;
		*bags = PKCS12_unpack_p7encdata(safe, in->password, -1);
	}
	return *bags ? S_OK : fail_reading("the PFX cannot be decrypted");
}

static HRESULT take_safe(struct reading *in, PKCS7 *safe)
{
	struct stack_st_PKCS12_SAFEBAG *bags;
	HRESULT hr;
	int i;

	hr = open_safe(in, safe, &bags);
	for (i = 0; SUCCEEDED(hr) && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		hr = take_bag(in, sk_PKCS12_SAFEBAG_value(bags, i));
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return hr;
}

static HRESULT take_all(struct reading *in, PKCS12 *pfx)
{
	struct stack_st_PKCS7 *safes;
	HRESULT hr;
	int i;

	hr = check_mac(in, pfx);
	if (FAILED(hr))
		return hr;
	safes = PKCS12_unpack_authsafes(pfx);
	if (!safes)
		return fail_reading("the content of the PFX is malformed");
	for (i = 0; SUCCEEDED(hr) && i < sk_PKCS7_num(safes); i++)
		hr = take_safe(in, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return hr;
}

/* The certificates of issuers may be there, too. */
static HRESULT find_cert(const struct reading *in, X509 **cert)
{
	int i;

	if (!in->key)
		return fail(E_INVALIDARG, "the PFX has no key");
	for (i = 0; i < sk_X509_num(in->certs); i++) {
		*cert = sk_X509_value(in->certs, i);
		if (!X509_check_private_key(*cert, in->key))
			continue;
		if (X509_up_ref(*cert))
			return S_OK;
	}
	*cert = NULL;
	ERR_clear_error();
	return fail(E_INVALIDARG,
		    "the PFX has no certificate that belongs to its key");
}

static PKCS12 *decode(const unsigned char *der, size_t len)
{
	const unsigned char *end = der;
	PKCS12 *pfx;

	if (len > INT_MAX)
		return NULL;
	pfx = d2i_PKCS12(NULL, &end, len);
	if (!pfx || end == der + len)
		return pfx;
	PKCS12_free(pfx);
	return NULL;
}

static HRESULT read_all(struct reading *in, const unsigned char *der,
			size_t len, X509 **cert)
{
	PKCS12 *pfx = decode(der, len);
	HRESULT hr;

	if (!pfx)
		return fail_reading("this is no PFX");
	hr = take_all(in, pfx);
	PKCS12_free(pfx);
	return FAILED(hr) ? hr : find_cert(in, cert);
}

HRESULT pfx_read(const unsigned char *der, size_t len, const char *password,
		 EVP_PKEY **key, X509 **cert)
{
	struct reading in = {
		.password = password,
		.rounds_left = PFX_ROUNDS_MAX,
		.certs = sk_X509_new_null(),
	};
	HRESULT hr;

	*key = NULL;
	*cert = NULL;
	ERR_clear_error();
	if (in.certs)
		hr = read_all(&in, der, len, cert);
	else
		hr = fail(E_OUTOFMEMORY, "no memory to read a PFX");
	if (FAILED(hr))
		EVP_PKEY_free(in.key);
	else
		*key = in.key;
	sk_X509_pop_free(in.certs, X509_free);
	ERR_clear_error();
	return hr;
}
