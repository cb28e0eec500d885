// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files with identities and invitations. "-" is stdin or stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secured.h"

/* As much as the library reads and writes. */
#define TEXT_MAX 65536

/* Of an editor, or of who wrote it, and not counted. */
#define LINE_END_MAX 2

/* Returns -1 after reporting why. */
int file_open(const char *path)
{
	int fd;

	if (!strcmp(path, "-"))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		refused("cannot open %s: %s", path, strerror(errno));
	return fd;
}

/* As programs of Windows write texts, with a mark at the beginning or without. */
static bool is_utf16(const char *text, size_t len)
{
	return len >= 2 && (!memcmp(text, "\xff\xfe", 2) ||
			    !memcmp(text, "<\0", 2));
}

/* Returns -1 if it is malformed, or longer than size in UTF-8. */
static ssize_t from_utf16(char *from, size_t len, char *to, size_t size)
{
	iconv_t convert = iconv_open("UTF-8", "UTF-16LE");
	size_t mark = from[0] == '<' ? 0 : 2, left = size, bad;

	if (convert == (iconv_t)-1)
		return -1;
	from += mark;
	len -= mark;
	bad = iconv(convert, &from, &len, &to, &left);
	iconv_close(convert);
	return bad ? -1 : (ssize_t)(size - left);
}

/* Until the file ends or the buffer is full. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buffer + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		len += n;
	}
	return len;
}

/* Texts that are signed or hashed have to arrive as they were written. */
static size_t without_end(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	return len;
}

static wchar_t *text_of(const char *path, char *text, size_t len)
{
	const bool whole = len <= TEXT_MAX + LINE_END_MAX;
	wchar_t *wide;

	len = without_end(text, len);
	if (!whole || len > TEXT_MAX) {
		refused("%s is larger than 64 KiB", path);
		return NULL;
	}
	text[len] = '\0';
	if (strlen(text) < len) {
		refused("%s is no text", path);
		return NULL;
	}
	wide = wide_from(text);
	if (!wide && errno == EILSEQ)
		refused("%s is not valid UTF-8", path);
	else if (!wide)
		out_of_memory();
	return wide;
}

/* The text of a file, to be freed; NULL after reporting why there is none. */
wchar_t *file_read(const char *path)
{
	static char raw[2 * (TEXT_MAX + LINE_END_MAX + 2)];
	static char text[TEXT_MAX + LINE_END_MAX + 2];
	const int fd = file_open(path);
	ssize_t len;

	if (fd < 0)
		return NULL;
	len = read_all(fd, raw, sizeof(raw) - 1);
	if (len < 0)
		refused("cannot read %s: %s", path, strerror(errno));
	close(fd);
	if (len < 0)
		return NULL;
	if (!is_utf16(raw, len))
		return text_of(path, raw, len);
	len = from_utf16(raw, len, text, sizeof(text) - 1);
	if (len >= 0)
		return text_of(path, text, len);
	refused("%s is not valid UTF-16, or larger than 64 KiB", path);
	return NULL;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= n;
	}
	return 0;
}

/*
 * For the user only. A file that is there is left alone: it may be the only
 * copy of another identity.
 */
bool file_create(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0) {
		refused("cannot create %s: %s", path, strerror(errno));
		return false;
	}
	if (write_all(fd, text, strlen(text)) || write_all(fd, "\n", 1) ||
	    fsync(fd))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	if (err) {
		unlink(path);
		refused("cannot write %s: %s", path, strerror(err));
	}
	return !err;
}
