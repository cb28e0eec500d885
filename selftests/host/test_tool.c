// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool against the fake kernel: rules, and above all what restoring them
 * makes of what there is, also when it fails anywhere on the way.
 */
#include <errno.h>
#include <linux/peergroup.h>
#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tools/secured.h"
#include "../../tools/setup.h"
#undef ARRAY_SIZE
#include "alloc.h"
#include "fake.h"
#include <kselftest_harness.h>

/* Where the end of the tool leads. */
static jmp_buf ended;
static bool may_end;

noreturn void __real_exit(int status);
noreturn void __wrap_exit(int status);
noreturn void __wrap_exit(int status)
{
	if (may_end)
		longjmp(ended, 1 + status);
	__real_exit(status);
}

noreturn void __wrap_finish(enum status status);
noreturn void __wrap_finish(enum status status)
{
	__wrap_exit(status);
}

/* What only secured groups need. */
enum status group_create(struct args *args)
{
	(void)args;
	return STATUS_REFUSED;
}

enum status group_join(struct args *args)
{
	return group_create(args);
}

enum status group_del(struct args *args)
{
	return group_create(args);
}

enum status out_of_memory(void)
{
	return refused_by(NULL, -ENOMEM);
}

static const struct object *const objects[] = {
	&object_group, &object_rule, &object_save, &object_restore,
};

static int run_words(char **words, bool json)
{
	struct args args = { .json = json, .next = words };
	const char *object = args_word(&args), *command;
	size_t i, k = 0;

	for (i = 0; strcmp(objects[i]->name, object);)
		i++;
	args.object = object;
	args.help = objects[i]->help;
	if (objects[i]->run)
		return objects[i]->run(&args);
	command = args_word(&args);
	while (strcmp(objects[i]->commands[k].name, command))
		k++;
	return objects[i]->commands[k].run(&args);
}

/* What the tool said. */
static char *out, *err;

/* Run the tool with a command as one would type it; returns its exit status. */
static int run(const char *command, bool json)
{
	FILE *const real_out = stdout, *const real_err = stderr;
	size_t out_len, err_len;
	char text[4096], *words[64];
	int status;

	free(out);
	free(err);
	stdout = open_memstream(&out, &out_len);
	stderr = open_memstream(&err, &err_len);
	strcpy(text, command);
	quote_split(text, words);
	may_end = true;
	status = setjmp(ended);
	status = status ? status - 1 : run_words(words, json);
	may_end = false;
	fclose(stdout);
	fclose(stderr);
	stdout = real_out;
	stderr = real_err;
	return status;
}

static int tool(const char *command)
{
	return run(command, false);
}

/* Restore a file that says this. */
static int restore(const char *text)
{
	int fd = memfd_create("stdin", 0);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    lseek(fd, 0, SEEK_SET) || dup2(fd, STDIN_FILENO))
		return -1;
	close(fd);
	return tool("restore");
}

/* All that there is, without what save begins with. */
static const char *saved(void)
{
	const char *end;

	if (tool("save"))
		return err;
	end = strchr(out, '\n');
	return end ? end + 1 : out;
}

FIXTURE(tool) {
	char file[512];
};

FIXTURE_SETUP(tool)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	fake_reset();
	fake_add("first", 0);
}

FIXTURE_TEARDOWN(tool)
{
	EXPECT_EQ(0, fake.queued);
}

/* The rules of the first group in short, their local ports, one digit each. */
static unsigned int ports(void)
{
	unsigned int ports = 0, port;
	const char *pos, *end;
	char *text;

	text = strdup(saved());
	for (pos = text; (pos = strstr(pos, "rule add first lport ")); pos = end) {
		port = strtoul(pos + strlen("rule add first lport "),
			       (char **)&end, 10);
		ports = 10 * ports + port;
	}
	free(text);
	return ports;
}

/* Likewise their ids. */
static unsigned int ids(void)
{
	unsigned int i, ids = 0;

	for (i = 0; i < fake.n_rules; i++)
		if (fake.rules[i].group_id == fake.groups[0].id)
			ids = 10 * ids + fake.rules[i].id;
	return ids;
}

/* Commands that add a rule for each digit to the first group. */
static const char *rules(struct _test_data_tool *self, const char *digits)
{
	size_t used = 0;

	*self->file = '\0';
	for (; *digits; digits++)
		used += sprintf(self->file + used, "rule add first lport %c\n",
				*digits);
	return self->file;
}

TEST_F(tool, rule_add)
{
	static const char table[] =
"ID  GROUP  TYPE      LPORT  RPORT    LOCAL          REMOTE     DIR  UID  EXISTING\n"
"1   first  neighbor  -      -        -              -          -    -    -\n"
"2   first  direct    8333   1-65535  10.0.0.0/8     0.0.0.0/0  -    7    yes\n"
"3   first  neighbor  -      -        2001:db8::/32  ::1/128    out  0    -\n";

	EXPECT_EQ(0, tool("rule add first"));
	EXPECT_STREQ("", out);
	EXPECT_STREQ("", err);
	EXPECT_EQ(0, tool("rule add first existing uid 7 type direct rport "
			  "1-65535 local ::ffff:10.0.0.0/104 remote "
			  "0.0.0.0/0 lport 8333"));
	EXPECT_EQ(0, tool("rule add first dir out uid root local "
			  "2001:DB8:0::/32 remote ::1"));
	EXPECT_EQ(0, tool("rule show first"));
	EXPECT_STREQ(table, out);
	EXPECT_EQ(2, tool("rule add none lport 1"));
	EXPECT_STREQ("peergroup: no such group\n", err);
	EXPECT_EQ(2, tool("rule add first type direct"));
	EXPECT_STREQ("peergroup: matches the same sockets\n", err);
}

TEST_F(tool, rule_add_wrong)
{
	static const struct {
		const char *words;
		const char *said;
	} table[] = {
		{ "lport 0", "\"0\": lport must be a port" },
		{ "lport ''", "\"\": lport must be a port" },
		{ "lport 1-", "\"1-\": lport must be a port" },
		{ "lport -1", "\"-1\": lport must be a port" },
		{ "lport 2-1", "\"2-1\": lport must be a port" },
		{ "lport 1-2-3", "\"1-2-3\": lport must be a port" },
		{ "lport 1x", "\"1x\": lport must be a port" },
		{ "lport +1", "\"+1\": lport must be a port" },
		{ "lport 65536", "\"65536\": lport must be a port" },
		{ "rport 1-65536", "\"1-65536\": rport must be a port" },
		{ "rport 18446744073709551617", "rport must be a port" },
		{ "lport 1 lport 1", "\"lport\": given twice" },
		{ "local 10.0.0", "local must be an IPv4 or IPv6 address" },
		{ "local 10.0.0.0/", "local must be an IPv4 or IPv6 address" },
		{ "local 10.0.0.0/33", "local must be an IPv4 or IPv6" },
		{ "local ::/129", "local must be an IPv4 or IPv6 address" },
		{ "local ::/1/1", "local must be an IPv4 or IPv6 address" },
		{ "remote '::/ 1'", "remote must be an IPv4 or IPv6 address" },
		{ "remote fe80::%eth0", "remote must be an IPv4 or IPv6" },
		{ "remote 10.0.0.1/31",
		  "\"10.0.0.1/31\": remote has bits behind the prefix, which is 10.0.0.0/31" },
		{ "remote 2001:db8::1/32", "which is 2001:db8::/32" },
		{ "local 10.0.0.0/8 remote ::1",
		  "\"::1\": remote is IPv4 and local IPv6, or the reverse" },
		{ "dir both", "\"both\": dir must be in or out" },
		{ "type x", "\"x\": type must be neighbor or direct" },
		{ "uid nobody-such", "there is no such user" },
		{ "uid 4294967295", "from 0 to 4294967294" },
		{ "existing dir in", "\"existing\": does not go with dir" },
		{ "existing existing", "\"existing\": given twice" },
		{ "port 1", "\"port\": unknown word" },
	};
	char command[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		sprintf(command, "rule add first %s", table[i].words);
		EXPECT_EQ(1, tool(command)) {
			TH_LOG("%s", command);
		}
		EXPECT_NE(NULL, strstr(err, table[i].said)) {
			TH_LOG("%s: %s", command, err);
		}
		EXPECT_EQ(strlen(err) - 1, strcspn(err, "\n"));
	}
	EXPECT_EQ(1, tool("rule add"));
	EXPECT_EQ(0, fake.requests);
}

TEST_F(tool, rule_json)
{
	static const char objects[] =
"[{\"id\":1,\"group\":\"first\",\"type\":\"neighbor\",\"existing\":false,\"gained\":101},"
"{\"id\":2,\"group\":\"first\",\"type\":\"direct\",\"local-port-min\":1,\"local-port-max\":2,"
"\"remote-port-min\":3,\"remote-port-max\":3,\"local\":\"10.0.0.0/8\","
"\"remote\":\"192.0.2.1/32\",\"direction\":\"in\",\"uid\":7,\"existing\":false,"
"\"gained\":102}]\n";

	tool("rule add first");
	tool("rule add first lport 1-2 rport 3 local 10.0.0.0/8 remote 192.0.2.1 "
	     "dir in uid 7 type direct");
	EXPECT_EQ(0, run("rule show", true));
	EXPECT_STREQ(objects, out);
	fake.groups[0].missed = 3;
	EXPECT_EQ(0, run("group show", true));
	EXPECT_NE(NULL, strstr(out, ",\"rules\":2,\"missed\":3,\"missed-lost\":0,"
			       "\"refused\":0}]"));
}

TEST_F(tool, rule_show)
{
	fake_add("second", 0);
	EXPECT_EQ(0, tool("rule show"));
	EXPECT_STREQ("", out);
	tool("rule add second lport 1");
	tool("rule add first lport 1");
	EXPECT_EQ(0, tool("rule show second"));
	EXPECT_NE(NULL, strstr(out, "1   second "));
	EXPECT_EQ(NULL, strstr(out, "first"));
	EXPECT_EQ(2, tool("rule show third"));
	EXPECT_STREQ("peergroup: no such group\n", err);
	EXPECT_EQ(1, tool("rule show first second"));
	fake.stale = 2;
	EXPECT_EQ(0, tool("rule show"));
	EXPECT_NE(NULL, strstr(out, "2   first "));
}

/* Of a group that came while they were listed, such as none ever does. */
TEST_F(tool, rules_of_no_group)
{
	tool("rule add first lport 1");
	fake.rules[0].group_id = 99;
	EXPECT_EQ(2, tool("rule show"));
	EXPECT_EQ(2, tool("save"));
	EXPECT_STREQ("", out);
	EXPECT_STREQ("peergroup: Resource temporarily unavailable\n", err);
}

TEST_F(tool, rule_del)
{
	restore(rules(self, "1234"));
	fake_add("second", 0);
	EXPECT_EQ(0, tool("rule del first id 2 keep"));
	EXPECT_STREQ("", out);
	EXPECT_TRUE(fake.keep);
	EXPECT_EQ(134, ids());
	EXPECT_EQ(2, tool("rule del second id 3"));
	EXPECT_STREQ("peergroup: no such rule\n", err);
	EXPECT_EQ(1, tool("rule del first id 0"));
	EXPECT_EQ(1, tool("rule del first id"));
	EXPECT_EQ(1, tool("rule del"));
	EXPECT_EQ(2, tool("rule del third"));

	tool("rule add second lport 1");
	/* The last one first. */
	fake.refuse = EPERM;
	fake.refuse_cmd = PEERGROUP_CMD_RULE_DEL;
	fake.refuse_after = 1;
	EXPECT_EQ(2, tool("rule del first"));
	EXPECT_EQ(13, ids());
	EXPECT_EQ(0, tool("rule del first"));
	EXPECT_FALSE(fake.keep);
	EXPECT_EQ(0, ids());
	EXPECT_EQ(1, fake.n_rules);
	EXPECT_EQ(0, tool("rule del first"));
}

/* Texts that a shell, or this, could take for something else. */
static const char *const texts[] = {
	"", "plain", "a b", " ", "\t", "'", "''", "\"", "\\", "\\\\n", "#",
	"#x", "x#", "$HOME", "`id`", "*", "~", "!", "-", "-j", "--", "help",
	"a'b\"c\\d", "\xc3\xa9\xe6\x9d\xb1\xe4\xba\xac", "{a,b}", "a;b|c&d>e",
	"=", "a=b", "[x]", "(x)", "?", "%", "@", "^", "it's \"a\" \\test\\'",
};

TEST_F(tool, quoting_and_back)
{
	char line[4096], *words[ARRAY_SIZE(texts) + 1];
	FILE *const real = stdout;
	size_t i, len;
	char *quoted;

	stdout = open_memstream(&quoted, &len);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		quote_print(texts[i]);
		putchar(' ');
	}
	fclose(stdout);
	stdout = real;

	strcpy(line, quoted);
	ASSERT_EQ(NULL, quote_split(line, words));
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		EXPECT_STREQ(texts[i], words[i]);
	EXPECT_EQ(NULL, words[i]);
	free(quoted);
}

TEST_F(tool, quoting_is_that_of_the_shell)
{
	FILE *const real = stdout;
	char line[256] = "", *got = NULL;
	size_t i, size = 0;
	ssize_t len;
	FILE *shell;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		stdout = fmemopen(line, sizeof(line), "w");
		fputs("printf '%s' ", stdout);
		quote_print(texts[i]);
		fclose(stdout);
		stdout = real;
		shell = popen(line, "r");
		len = getdelim(&got, &size, 0, shell);
		pclose(shell);
		EXPECT_STREQ(texts[i], len > 0 ? got : "");
	}
	free(got);
}

TEST_F(tool, splitting)
{
	static const struct {
		const char *line;
		const char *refusal;
		const char *words[4];
	} table[] = {
		{ "", NULL, { NULL } },
		{ " \t ", NULL, { NULL } },
		{ "# x", NULL, { NULL } },
		{ " # x 'y", NULL, { NULL } },
		{ "a#b #c", NULL, { "a#b" } },
		{ "a b", NULL, { "a", "b" } },
		{ "\ta  b\t", NULL, { "a", "b" } },
		{ "'a b'c\"d e\"", NULL, { "a bcd e" } },
		{ "'a\\b' \"a\\b\\\"\\$\\`\\\\\"", NULL,
		  { "a\\b", "a\\b\"$`\\" } },
		{ "a\\ b \\# \\'", NULL, { "a b", "#", "'" } },
		{ "'' \"\"", NULL, { "", "" } },
		{ "'", "a quote is not closed", { NULL } },
		{ "a 'b", "a quote is not closed", { NULL } },
		{ "\"a\\\"", "a quote is not closed", { NULL } },
		{ "a\\", "a backslash is the last character", { NULL } },
		{ "\"\\", "a quote is not closed", { NULL } },
	};
	const char *refusal;
	size_t i, k, len;
	char **words;
	char *line;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		/* Just as large as they have to be. */
		len = strlen(table[i].line);
		line = strdup(table[i].line);
		words = malloc((len / 2 + 2) * sizeof(*words));
		refusal = quote_split(line, words);
		EXPECT_STREQ(table[i].refusal ?: "", refusal ?: "");
		for (k = 0; !refusal && table[i].words[k]; k++)
			EXPECT_STREQ(table[i].words[k], words[k]);
		if (!refusal)
			EXPECT_EQ(NULL, words[k]);
		free(words);
		free(line);
	}
}

TEST_F(tool, splitting_noise)
{
	static const char some[] = "ab '\"\\#\t$";
	char line[32], *words[18];
	unsigned int i;
	size_t k, len;

	srandom(1);
	for (i = 0; i < 200000; i++) {
		len = random() % 31;
		for (k = 0; k < len; k++)
			line[k] = some[random() % (sizeof(some) - 1)];
		line[len] = '\0';
		quote_split(line, words);
	}
}

/* All there is, and restored elsewhere the same again, and then nothing. */
TEST_F(tool, save_and_restore)
{
	static const char text[] =
		"group add first owner 7 label first\n"
		"rule add first lport 8333 type direct existing\n"
		"rule add first lport 1-2 rport 3 local 10.0.0.0/8 remote 192.0.2.1/32 dir in uid 7 type neighbor\n"
		"group add -- -j owner 8 label 'it'\\''s \"x\" \\' comment '#'\n"
		"rule add -- -j type neighbor\n"
		"group add -- help owner 9 comment -j\n"
		"rule add -- help local ::/0 dir out type neighbor\n";
	uint64_t generation;

	fake.groups[0].owner = 7;
	strcpy(fake.groups[0].label, "first");
	EXPECT_STREQ("group add first owner 7 label first\n", saved());
	EXPECT_EQ(0, restore(text));
	EXPECT_STREQ("", out);
	EXPECT_STREQ("", err);
	EXPECT_STREQ(text, saved());

	fake_reload();
	EXPECT_EQ(0, restore(text));
	EXPECT_STREQ(text, saved());
	generation = fake.generation;
	EXPECT_EQ(0, restore(text));
	EXPECT_EQ(generation, fake.generation);
	EXPECT_STREQ(text, saved());
}

TEST_F(tool, save_without_anything)
{
	fake.groups[0].id = 0;
	EXPECT_EQ(0, tool("save"));
	EXPECT_STREQ("# Groups and rules, for \"peergroup restore\"\n", out);
	EXPECT_EQ(0, restore(""));
	EXPECT_EQ(0, restore("\n# only this"));
	EXPECT_EQ(1, tool("save me too"));
	EXPECT_EQ(1, run("save", true));
	fake.stale = 3;
	EXPECT_EQ(0, tool("save"));
}

TEST_F(tool, save_one)
{
	EXPECT_EQ(0, restore("group add second\nrule add second lport 1\n"
			     "rule add first lport 2"));
	EXPECT_EQ(0, tool("save second"));
	EXPECT_NE(NULL, strstr(out, "\ngroup add second "));
	EXPECT_NE(NULL, strstr(out, "\nrule add second lport 1"));
	EXPECT_EQ(NULL, strstr(out, "first"));
	EXPECT_EQ(2, tool("save third"));
	EXPECT_STREQ("peergroup: no such group\n", err);
}

/* Which rules stay, and which ids tell that they do. */
TEST_F(tool, order)
{
	static const struct {
		const char *before;
		const char *wanted;
		unsigned int ids;
	} table[] = {
		{ "123", "123", 123 },
		{ "123", "1234", 1234 },
		{ "123", "13", 13 },
		{ "123", "23", 23 },
		{ "123", "", 0 },
		{ "", "12", 12 },
		{ "123", "132", 134 },
		{ "123", "213", 245 },
		{ "123", "321", 345 },
		{ "123", "4123", 4567 },
		{ "123", "1423", 1456 },
		{ "1234", "1345", 1345 },
		{ "123", "45", 45 },
	};
	char text[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fake_reset();
		fake_add("first", 0);
		fake_add("other", 0);
		EXPECT_EQ(0, restore(rules(self, table[i].before)));
		sprintf(text, "group add first\n%s",
			rules(self, table[i].wanted));
		EXPECT_EQ(0, restore(text)) {
			TH_LOG("%s", err);
		}
		EXPECT_EQ(strtoul(table[i].wanted, NULL, 10), ports());
		EXPECT_EQ(table[i].ids, ids()) {
			TH_LOG("%s to %s", table[i].before, table[i].wanted);
		}
	}
}

/* A rule for the same sockets that does something else with them. */
TEST_F(tool, same_sockets)
{
	restore("rule add first lport 1\nrule add first lport 2 existing");
	EXPECT_EQ(0, restore("rule add first lport 1 type direct\n"
			     "rule add first lport 2 existing"));
	EXPECT_EQ(12, ports());
	EXPECT_EQ(34, ids());
	EXPECT_EQ(0, restore("rule add first lport 1 type direct\n"
			     "rule add first lport 2"));
	EXPECT_EQ(35, ids());
	EXPECT_FALSE(fake.rules[1].existing);
}

TEST_F(tool, groups_that_are_not_named)
{
	fake_add("second", 0);
	tool("rule add second lport 7");
	EXPECT_EQ(0, restore(rules(self, "12")));
	EXPECT_EQ(12, ports());
	EXPECT_EQ(3, fake.n_rules);
	/* Named, and without rules. */
	EXPECT_EQ(0, restore("group add second"));
	EXPECT_EQ(2, fake.n_rules);
	EXPECT_EQ(12, ports());
}

TEST_F(tool, wrong_lines)
{
	static const struct {
		const char *text;
		const char *said;
	} table[] = {
		{ "frob", "1: \"frob\": only \"group add\" and \"rule add\"" },
		{ "\n#\ngroup", "3: \"group\": only \"group add\"" },
		{ "group del first", "1: \"group\": only \"group add\"" },
		{ "rule\tshow", "1: \"rule\": only \"group add\"" },
		{ "group add", "1: NAME is missing" },
		{ "rule add", "1: GROUP is missing" },
		{ "group add ''", "1: a group has a name" },
		{ "group add x owner nobody-such", "there is no such user" },
		{ "group add x label", "1: \"label\": needs a value" },
		{ "group add x y", "1: \"y\": unknown word" },
		{ "group add help", "1: \"help\": needs -- before it" },
		{ "group add x\ngroup add -j", "2: \"-j\": needs -- before" },
		{ "-j group add x", "1: \"-j\": needs -- before it" },
		{ "help", "1: \"help\": needs -- before it" },
		{ "group add x\ngroup add x", "2: \"x\": line 1 names this" },
		{ "rule add first\ngroup add first",
		  "2: \"first\": line 1 names this group already" },
		{ "rule add first lport 0", "1: \"0\": lport must be a port" },
		{ "rule add first dir in existing", "does not go with dir" },
		{ "rule add first lport 1\n\nrule add first type direct lport 1-1 existing",
		  "3: line 1 has a rule for the same sockets" },
		{ "group add 'x", "1: a quote is not closed" },
		{ "group add x\\", "1: a backslash is the last character" },
		{ "group add 'a\tb'\r", "1: a control character" },
		{ "group add \x7f", "1: a control character" },
		{ "group add \xc2\x85", "1: a control character" },
		{ "group add \xff", "1: not valid UTF-8" },
		{ "group add \xc3", "1: not valid UTF-8" },
		{ "group add \xed\xa0\x80", "1: not valid UTF-8" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		EXPECT_EQ(1, restore(table[i].text)) {
			TH_LOG("%s", table[i].text);
		}
		EXPECT_EQ(err, strstr(err, "peergroup: stdin:"));
		EXPECT_NE(NULL, strstr(err, table[i].said)) {
			TH_LOG("%s: %s", table[i].text, err);
		}
		EXPECT_EQ(strlen(err) - 1, strcspn(err, "\n"));
		EXPECT_STREQ("", out);
	}
	EXPECT_EQ(0, fake.requests);
}

TEST_F(tool, texts_that_are_too_long)
{
	char text[PG_TEXT_MAX + 64];

	sprintf(text, "group add %0*d", PG_NAME_MAX + 1, 0);
	EXPECT_EQ(1, restore(text));
	EXPECT_NE(NULL, strstr(err, "the name is longer than 511 bytes"));
	sprintf(text, "group add x label %0*d", PG_TEXT_MAX + 1, 0);
	EXPECT_EQ(1, restore(text));
	EXPECT_NE(NULL, strstr(err, "the label is longer than 767 bytes"));
	sprintf(text, "group add x comment %0*d", PG_TEXT_MAX + 1, 0);
	EXPECT_EQ(1, restore(text));
	sprintf(text, "group add x comment %0*d", PG_TEXT_MAX, 0);
	EXPECT_EQ(0, restore(text));
	sprintf(text, "group add %0*d", PG_NAME_MAX, 0);
	EXPECT_EQ(0, restore(text));
}

TEST_F(tool, files)
{
	EXPECT_EQ(2, tool("restore /nonexistent"));
	EXPECT_STREQ("peergroup: cannot open /nonexistent: No such file or directory\n",
		     err);
	EXPECT_EQ(2, tool("restore /"));
	EXPECT_STREQ("peergroup: cannot read /: Is a directory\n", err);
	EXPECT_EQ(1, tool("restore a b"));
	EXPECT_EQ(0, restore("group add a"));
	EXPECT_EQ(0, tool("restore -"));
	EXPECT_EQ(1, tool("restore /proc/self/cmdline"));
	EXPECT_EQ(err, strstr(err, "peergroup: /proc/self/cmdline:1: "));
	EXPECT_NE(NULL, strstr(err, "a control character"));
}

/* What does not fit is refused before anything is done. */
TEST_F(tool, groups_that_differ)
{
	unsigned int n;
	uint64_t generation = fake.generation;

	EXPECT_EQ(2, restore("group add new\nrule add new\nrule add none\n"
			     "rule add none lport 1"));
	EXPECT_STREQ("peergroup: stdin:3: no such group\n", err);
	EXPECT_EQ(2, restore("group add new\ngroup add first label x"));
	EXPECT_STREQ("peergroup: stdin:2: the group exists with another label, "
		     "delete it first\n",
		     err);
	EXPECT_EQ(2, restore("group add first comment x"));
	EXPECT_STREQ("peergroup: stdin:1: the group exists with another comment, "
		     "delete it first\n",
		     err);
	EXPECT_EQ(2, restore("group add first owner 4711"));
	EXPECT_STREQ("peergroup: stdin:1: the group exists with another owner, "
		     "delete it first\n",
		     err);
	fake.groups[0].not_owned = true;
	EXPECT_EQ(2, restore("group add first"));
	EXPECT_EQ(generation, fake.generation);
	for (n = 1; n < FAKE_GROUPS; n++)
		EXPECT_EQ(0, fake.groups[n].id);
	/* Whose it is matters to the line that makes it only. */
	EXPECT_EQ(0, restore("rule add first lport 1"));
}

/* Another group, and of the first some that stay, come, go and move. */
static const char before[] =
	"rule add first lport 1\n"
	"rule add first lport 2 type direct\n"
	"rule add first lport 3\n"
	"rule add first lport 4 existing\n"
	"rule add first lport 5\n"
	"rule add second lport 1\n"
	"rule add second lport 2\n";
static const char after[] =
	"rule add second lport 3\n"
	"group add new owner 7\n"
	"rule add new\n"
	"rule add first lport 1\n"
	"rule add first lport 4 existing\n"
	"rule add first lport 3\n"
	"rule add first lport 2\n"
	"rule add first lport 6\n"
	"group add newer\n";

static void begin_anew(void)
{
	fake_reset();
	fake_add("first", 0);
	fake_add("second", 0);
	restore(before);
}

/* Whatever is refused, all is as it was, and in the order that it was in. */
TEST_F(tool, every_request_is_refused_once)
{
	unsigned int n, failures = 0;
	char *all;

	begin_anew();
	all = strdup(saved());
	for (n = 0;; n++) {
		begin_anew();
		fake.refuse = EPERM;
		fake.refuse_after = n;
		fake.reason = "for a change";
		if (!restore(after))
			break;
		failures++;
		fake.reason = NULL;
		EXPECT_EQ(NULL, strstr(err, "undone"));
		EXPECT_EQ(strlen(err) - 1, strcspn(err, "\n"));
		EXPECT_NE(NULL, strstr(err, "for a change\n")) {
			TH_LOG("request %u: %s", n, err);
		}
		EXPECT_STREQ(all, saved()) {
			TH_LOG("request %u", n);
		}
	}
	/* 2 lists, 2 groups, 5 rules that are made, and 5 that go. */
	EXPECT_EQ(2 + 2 + 5 + 5, failures);
	free(all);
}

TEST_F(tool, lines_of_what_is_refused)
{
	static const struct {
		uint8_t cmd;
		unsigned int n;
		unsigned int line;
	} table[] = {
		{ PEERGROUP_CMD_GROUP_NEW, 0, 2 },
		{ PEERGROUP_CMD_GROUP_NEW, 1, 9 },
		{ PEERGROUP_CMD_RULE_NEW, 0, 1 },
		{ PEERGROUP_CMD_RULE_NEW, 1, 3 },
		{ PEERGROUP_CMD_RULE_NEW, 2, 6 },
		{ PEERGROUP_CMD_RULE_NEW, 4, 8 },
		/* In the way, then those that nothing comes for. */
		{ PEERGROUP_CMD_RULE_DEL, 0, 6 },
		{ PEERGROUP_CMD_RULE_DEL, 1, 7 },
		{ PEERGROUP_CMD_RULE_DEL, 2, 1 },
		{ PEERGROUP_CMD_RULE_DEL, 4, 4 },
	};
	char said[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		begin_anew();
		fake.refuse = ENOSPC;
		fake.refuse_cmd = table[i].cmd;
		fake.refuse_after = table[i].n;
		EXPECT_EQ(2, restore(after));
		sprintf(said, "peergroup: stdin:%u: No space left on device\n",
			table[i].line);
		EXPECT_STREQ(said, err) {
			TH_LOG("row %zu", i);
		}
	}
}

/* Nothing can be done about a kernel that also refuses what was. */
TEST_F(tool, not_undone)
{
	begin_anew();
	fake.loaded = true;
	fake.refuse = EPERM;
	fake.refuse_cmd = PEERGROUP_CMD_RULE_NEW;
	fake.refuse_always = true;
	EXPECT_EQ(2, restore("rule add first lport 2"));
	EXPECT_STREQ("peergroup: stdin:1: Operation not permitted; not all could be undone\n",
		     err);
}

TEST_F(tool, every_allocation_fails_once)
{
	unsigned int n = 0;
	bool failed;
	char *all;
	int status;

	begin_anew();
	all = strdup(saved());
	do {
		begin_anew();
		alloc_fail(++n);
		status = restore(after);
		failed = alloc_failed();
		alloc_fail(0);
		EXPECT_EQ(failed ? 2 : 0, status) {
			TH_LOG("allocation %u: %s", n, err);
		}
		if (!failed)
			break;
		EXPECT_EQ(NULL, strstr(err, "undone"));
		EXPECT_STREQ(all, saved()) {
			TH_LOG("allocation %u: %s", n, err);
		}
	} while (failed);
	EXPECT_LT(40, n);
	free(all);
}

TEST_HARNESS_MAIN
