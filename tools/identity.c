// SPDX-License-Identifier: GPL-2.0-only
/*
 * peergroup identity: make, delete, show and move identities.
 */
#include <stdlib.h>
#include <string.h>

#include "secured.h"

static const char help[] =
"Usage: peergroup identity add NAME [ label TEXT ] [ profile P ]\n"
"       peergroup identity del IDENTITY\n"
"       peergroup identity [ show ]\n"
"       peergroup identity xml [ IDENTITY ]\n"
"       peergroup identity export IDENTITY FILE [ password-file FILE ]\n"
"                                 [ profile P ]\n"
"       peergroup identity import FILE [ password-file FILE ] [ profile P ]\n"
"where  IDENTITY := { peer name | classifier, if just one identity has it }\n"
"       P := { default | windows }\n"
"\n"
"An identity is a key pair of the user. \"add\" and \"import\" print its peer name,\n"
"40 digits of the key, \".\" and the classifier, which is NAME. \"xml\" prints what\n"
"others need to invite it, which holds no secret; without IDENTITY that of the\n"
"default one.\n"
"\n"
"\"export\" makes FILE, with the key under a password; FILE must not exist. The\n"
"password is the first line of the password-file, else it is asked for. FILE may\n"
"be \"-\", which is stdin or stdout.\n"
"\n"
"The profile windows is weak; it is for groups with members on Windows.\n";

static enum status identity_add(struct args *args)
{
	enum { LABEL, PROFILE };
	struct param params[] = {
		[LABEL] = { .keyword = "label" },
		[PROFILE] = { .keyword = "profile" },
	};
	const char *name = args_need(args, "NAME");
	wchar_t *classifier, *label;
	enum status status;
	PWSTR peer_name;
	HRESULT hr;

	args_params(args, params, ARRAY_SIZE(params));
	args_profile(args, &params[PROFILE]);
	if (!params[LABEL].value)
		params[LABEL].value = name;
	classifier = args_wide(args, name);
	label = args_wide(args, params[LABEL].value);

	hr = PeerIdentityCreate(classifier, label, 0, &peer_name);
	if (FAILED(hr)) {
		status = refused_with(hr);
	} else {
		status = result_name(args, peer_name);
		PeerFreeData(peer_name);
	}
	free(classifier);
	free(label);
	return status;
}

static enum status identity_del(struct args *args)
{
	wchar_t *word = args_wide(args, args_need(args, "IDENTITY"));
	enum status status = STATUS_REFUSED;
	wchar_t *identity;
	HRESULT hr;

	args_end(args);
	if (identity_find(word, &identity)) {
		hr = PeerIdentityDelete(identity);
		status = FAILED(hr) ? refused_with(hr) : STATUS_DONE;
		free(identity);
	}
	free(word);
	return status;
}

static void add_row(struct output *out, const char *name, const char *label)
{
	table_text(&out->table, name);
	table_text(&out->table, label);
}

/* The keys of an identity; as for a group, new ones come at the end. */
static void add_object(struct output *out, const char *name, const char *label)
{
	struct json json;

	json_start(&json);
	json_string(&json, "name", name);
	json_string(&json, "label", label);
	json_append(&out->array, &json);
}

static bool show(struct output *out, const PEER_NAME_PAIR *pair)
{
	char *name = wide_to(pair->pwzPeerName);
	char *label = wide_to(pair->pwzFriendlyName);
	const bool done = name && label;

	if (done && out->args->json)
		add_object(out, name, label);
	else if (done)
		add_row(out, name, label);
	else
		out_of_memory();
	free(name);
	free(label);
	return done;
}

static enum status identity_show(struct args *args)
{
	static const char *const heads[] = { "NAME", "LABEL" };
	struct pairs pairs;
	struct output out;
	bool done;
	ULONG i;

	args_end(args);
	output_start(&out, args, heads, ARRAY_SIZE(heads));
	done = pairs_of_identities(&pairs);
	for (i = 0; done && i < pairs.n; i++)
		done = show(&out, pairs.items[i]);
	if (done)
		done = output_print(&out) == STATUS_DONE;
	output_free(&out);
	pairs_free(&pairs);
	return done ? STATUS_DONE : STATUS_REFUSED;
}

static enum status identity_xml(struct args *args)
{
	struct param word = { .value = args_word(args) };
	enum status status;
	wchar_t *identity;
	PWSTR xml;
	HRESULT hr;

	args_end(args);
	if (!identity_param(args, &word, &identity))
		return STATUS_REFUSED;
	hr = PeerIdentityGetXML(identity, &xml);
	if (FAILED(hr)) {
		status = refused_with(hr);
	} else {
		status = result_text(args, "xml", xml);
		PeerFreeData(xml);
	}
	free(identity);
	return status;
}

static enum status write_export(const struct args *args, const char *path,
				const wchar_t *wide)
{
	bool done = false;
	char *text;

	if (!strcmp(path, "-"))
		return result_text(args, "xml", wide);
	text = wide_to(wide);
	if (text)
		done = file_create(path, text);
	else
		out_of_memory();
	free(text);
	return done ? STATUS_DONE : STATUS_REFUSED;
}

static enum status export_to(const struct args *args, const char *path,
			     const wchar_t *identity,
			     const struct param *password_file)
{
	enum status status = STATUS_REFUSED;
	struct password password;
	PWSTR xml = NULL;
	HRESULT hr;

	if (password_get(password_file, true, &password)) {
		hr = PeerIdentityExport(identity, password.text, &xml);
		status = FAILED(hr) ? refused_with(hr) :
				      write_export(args, path, xml);
	}
	explicit_bzero(&password, sizeof(password));
	PeerFreeData(xml);
	return status;
}

static enum status identity_export(struct args *args)
{
	enum { PASSWORD_FILE, PROFILE };
	struct param params[] = {
		[PASSWORD_FILE] = { .keyword = "password-file" },
		[PROFILE] = { .keyword = "profile" },
	};
	enum status status = STATUS_REFUSED;
	wchar_t *word, *identity;
	const char *path;

	word = args_wide(args, args_need(args, "IDENTITY"));
	path = args_need(args, "FILE");
	args_params(args, params, ARRAY_SIZE(params));
	args_profile(args, &params[PROFILE]);
	if (identity_find(word, &identity)) {
		status = export_to(args, path, identity,
				   &params[PASSWORD_FILE]);
		free(identity);
	}
	free(word);
	return status;
}

static enum status import_text(const struct args *args, const wchar_t *xml,
			       const struct param *password_file)
{
	enum status status = STATUS_REFUSED;
	struct password password;
	PWSTR peer_name = NULL;
	HRESULT hr;

	if (password_get(password_file, false, &password)) {
		hr = PeerIdentityImport(xml, password.text, &peer_name);
		status = FAILED(hr) ? refused_with(hr) :
				      result_name(args, peer_name);
	}
	explicit_bzero(&password, sizeof(password));
	PeerFreeData(peer_name);
	return status;
}

static enum status identity_import(struct args *args)
{
	enum { PASSWORD_FILE, PROFILE };
	struct param params[] = {
		[PASSWORD_FILE] = { .keyword = "password-file" },
		[PROFILE] = { .keyword = "profile" },
	};
	const char *path = args_need(args, "FILE"), *other;
	enum status status;
	wchar_t *xml;

	args_params(args, params, ARRAY_SIZE(params));
	args_profile(args, &params[PROFILE]);
	other = params[PASSWORD_FILE].value;
	if (other && !strcmp(path, "-") && !strcmp(other, "-"))
		usage_error(args, other, "stdin cannot be both files");
	xml = file_read(path);
	if (!xml)
		return STATUS_REFUSED;
	status = import_text(args, xml, &params[PASSWORD_FILE]);
	free(xml);
	return status;
}

static const struct command commands[] = {
	{ "show", identity_show },
	{ "add", identity_add },
	{ "del", identity_del },
	{ "xml", identity_xml },
	{ "export", identity_export },
	{ "import", identity_import },
};

const struct object object_identity = {
	.name = "identity",
	.help = help,
	.commands = commands,
	.n = ARRAY_SIZE(commands),
};
