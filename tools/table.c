// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table with aligned columns. Each row may have a note, which follows it on
 * an indented line of its own.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

void table_start(struct table *table, const char *const *heads, size_t columns)
{
	*table = (struct table){ .heads = heads, .columns = columns };
}

static bool make_room(struct table *table)
{
	size_t size = table->size ? 2 * table->size : 64;
	char **cells;

	if (table->used < table->size)
		return true;
	cells = reallocarray(table->cells, size, sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->size = size;
	return true;
}

/* Takes cell over; a note may be NULL, a cell not. */
static void append(struct table *table, char *cell)
{
	if (table->failed || !make_room(table)) {
		table->failed = true;
		free(cell);
		return;
	}
	table->cells[table->used++] = cell;
}

static void append_cell(struct table *table, char *cell)
{
	if (!cell)
		table->failed = true;
	append(table, cell);
	/* The row is full: its note is nothing until one comes. */
	if (table->used % (table->columns + 1) == table->columns)
		append(table, NULL);
}

static char *format(const char *fmt, va_list ap)
{
	char *s;

	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

/* The next cell of the row; a row begins by itself when one is full. */
void table_cell(struct table *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append_cell(table, format(fmt, ap));
	va_end(ap);
}

/* Likewise, a string that somebody else chose. */
void table_text(struct table *table, const char *s)
{
	append_cell(table, text_escape(s));
}

/* Likewise, the name if there is one, else the number behind it. */
void table_name(struct table *table, const char *name, uint32_t number)
{
	if (name)
		table_text(table, name);
	else
		table_cell(table, "%u", number);
}

/* Takes end over, which may be NULL. */
static char *join(const char *start, char *end)
{
	char *s;

	if (!start || !end)
		return end;
	if (asprintf(&s, "%s%s", start, end) < 0)
		s = NULL;
	free(end);
	return s;
}

/* Add to the note of the row that was just filled. */
void table_note(struct table *table, const char *fmt, ...)
{
	char *end, *note, **cell;
	va_list ap;

	if (table->failed)
		return;
	va_start(ap, fmt);
	end = format(fmt, ap);
	va_end(ap);
	cell = &table->cells[table->used - 1];
	note = join(*cell, end);
	if (!note) {
		table->failed = true;
		return;
	}
	free(*cell);
	*cell = note;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = text_width(table->heads[column]);
	size_t i, w;

	for (i = column; i < table->used; i += table->columns + 1) {
		w = text_width(table->cells[i]);
		if (w > width)
			width = w;
	}
	return width;
}

static void print_row(const struct table *table, const size_t *widths,
		      const char *const *cells)
{
	size_t i, pad;

	for (i = 0; i < table->columns; i++) {
		fputs(cells[i], stdout);
		if (i + 1 == table->columns)
			break;
		/* Not by printf's width: that counts bytes. */
		for (pad = widths[i] - text_width(cells[i]) + 2; pad; pad--)
			putchar(' ');
	}
	putchar('\n');
}

/* Nothing at all if there are no rows. Returns 0 or -ENOMEM. */
int table_print(const struct table *table)
{
	const char *const *cells = (const char *const *)table->cells;
	size_t i, *widths;

	if (!table->used)
		return 0;
	widths = calloc(table->columns, sizeof(*widths));
	if (!widths)
		return -ENOMEM;
	for (i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	print_row(table, widths, table->heads);
	for (i = 0; i < table->used; i += table->columns + 1) {
		print_row(table, widths, cells + i);
		if (cells[i + table->columns])
			printf("    %s\n", cells[i + table->columns]);
	}
	free(widths);
	return 0;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->used; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->used = 0;
	table->size = 0;
}
