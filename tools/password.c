// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passwords, from a file or from the terminal, never from the command line,
 * which every process can read. What held one is wiped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "secured.h"

/* A line and its end. One that fills it is too long. */
struct line {
	char text[PASSWORD_MAX + 2];
	size_t len;
};

/* What would end or stop this while the terminal does not echo. */
static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

/*
 * Read up to the end of a line, of the file, or of the buffer. Returns 0, or
 * -EINTR once interrupt, which may be -1, is readable.
 */
static int read_line(int fd, int interrupt, struct line *line)
{
	struct pollfd fds[] = {
		{ .fd = interrupt, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	ssize_t n;

	line->len = 0;
	while (line->len < sizeof(line->text) &&
	       !memchr(line->text, '\n', line->len)) {
		n = poll(fds, ARRAY_SIZE(fds), -1);
		if (n >= 0 && fds[0].revents)
			return -EINTR;
		if (n >= 0)
			n = read(fd, line->text + line->len,
				 sizeof(line->text) - line->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		if (n > 0)
			line->len += n;
	}
	return 0;
}

/* Lines of Windows end with two characters. */
static size_t length_of(const struct line *line)
{
	const char *end = memchr(line->text, '\n', line->len);
	size_t len = end ? (size_t)(end - line->text) : line->len;

	return end && len && end[-1] == '\r' ? len - 1 : len;
}

static bool take_line(const struct line *line, struct password *password)
{
	const size_t len = length_of(line);
	char text[PASSWORD_MAX + 1];
	const char *next = text;
	mbstate_t state = { 0 };
	size_t n;

	if (!len)
		refused("the password is empty");
	else if (len > PASSWORD_MAX)
		refused("the password is longer than %d bytes", PASSWORD_MAX);
	if (!len || len > PASSWORD_MAX)
		return false;
	memcpy(text, line->text, len);
	text[len] = '\0';
	n = mbsrtowcs(password->text, &next, PASSWORD_MAX + 1, &state);
	if (n == (size_t)-1 || strlen(text) < len) {
		refused("the password is not valid UTF-8");
		n = -1;
	}
	explicit_bzero(text, sizeof(text));
	return n != (size_t)-1;
}

static bool from_file(const char *path, struct password *password)
{
	const int fd = file_open(path);
	struct line line;
	bool done;
	int err;

	if (fd < 0)
		return false;
	err = read_line(fd, -1, &line);
	close(fd);
	if (err)
		refused("cannot read %s: %s", path, strerror(-err));
	done = !err && take_line(&line, password);
	explicit_bzero(&line, sizeof(line));
	return done;
}

/* With echo off and, once interrupt is readable, on again. */
static int converse(int tty, int interrupt, const char *prompt,
		    struct line *line)
{
	struct termios loud, quiet;
	int err;

	if (tcgetattr(tty, &loud))
		return -errno;
	quiet = loud;
	quiet.c_lflag &= ~(ECHO | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &quiet))
		return -errno;
	dprintf(tty, "%s: ", prompt);
	err = read_line(tty, interrupt, line);
	dprintf(tty, "\n");
	tcsetattr(tty, TCSAFLUSH, &loud);
	return err;
}

/*
 * Signals wait meanwhile, and so find the terminal as it was; each then does
 * what it would do anyway. One that is blocked already does nothing.
 */
static int ask_once(int tty, const char *prompt, struct line *line)
{
	sigset_t mask, before;
	int interrupt, err;
	size_t i;

	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, NULL, &before);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigismember(&before, signals[i]))
			sigaddset(&mask, signals[i]);
	interrupt = signalfd(-1, &mask, SFD_CLOEXEC);
	if (interrupt < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &mask, NULL);
	err = converse(tty, interrupt, prompt, line);
	/* The signal may leave a core file behind. */
	if (err)
		explicit_bzero(line, sizeof(*line));
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(interrupt);
	return err;
}

/* Who was stopped is asked again. */
static bool ask(int tty, const char *prompt, struct password *password)
{
	struct line line;
	bool done;
	int err;

	do {
		err = ask_once(tty, prompt, &line);
	} while (err == -EINTR);
	if (err)
		refused("cannot ask for the password: %s", strerror(-err));
	done = !err && take_line(&line, password);
	explicit_bzero(&line, sizeof(line));
	return done;
}

static bool ask_again(int tty, const struct password *password)
{
	struct password again;
	bool done = ask(tty, "The same again", &again);

	if (done && wcscmp(again.text, password->text)) {
		refused("the two passwords differ");
		done = false;
	}
	explicit_bzero(&again, sizeof(again));
	return done;
}

static bool from_terminal(bool twice, struct password *password)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	bool done;

	if (tty < 0) {
		refused("no terminal to ask for the password on; give password-file");
		return false;
	}
	done = ask(tty, "Password of the export", password) &&
	       (!twice || ask_again(tty, password));
	close(tty);
	return done;
}

/* To be wiped by the caller, in either case. */
bool password_get(const struct param *file, bool twice,
		  struct password *password)
{
	if (file->value)
		return from_file(file->value, password);
	return from_terminal(twice, password);
}
