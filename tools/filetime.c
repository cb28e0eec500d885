// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of <p2p.h>, and ISO 8601. All is UTC and, as there, without leap
 * seconds, in which the C library may believe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "secured.h"

#define TICKS 10000000ULL	/* in a second */
#define HOUR 3600ULL
#define DAY (24 * HOUR)

/* The first year of a FILETIME, and the last of which certificates know. */
#define FIRST_YEAR 1601
#define LAST_YEAR 9999

/* 1970, in seconds since 1601. */
#define UNIX_EPOCH 11644473600ULL

/* More than this many of any unit is past the last year anyway. */
#define DIGITS_MAX 9

static bool is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned int days_in_month(unsigned int year, unsigned int month)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Of the era that begins with the first year, in which leap years are regular. */
static uint64_t days_before_year(unsigned int year)
{
	const uint64_t n = year - FIRST_YEAR;

	return 365 * n + n / 4 - n / 100 + n / 400;
}

static bool take(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

/* Just so many digits. */
static bool take_number(const char **s, int digits, unsigned int min,
			unsigned int max, unsigned int *number)
{
	for (*number = 0; digits; digits--, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		*number = 10 * *number + (**s - '0');
	}
	return *number >= min && *number <= max;
}

static bool take_date(const char **s, uint64_t *seconds)
{
	unsigned int year, month, day, m;
	uint64_t days;

	if (!take_number(s, 4, FIRST_YEAR, LAST_YEAR, &year) ||
	    !take(s, '-') || !take_number(s, 2, 1, 12, &month) ||
	    !take(s, '-') ||
	    !take_number(s, 2, 1, days_in_month(year, month), &day))
		return false;
	days = days_before_year(year) + day - 1;
	for (m = 1; m < month; m++)
		days += days_in_month(year, m);
	*seconds = days * DAY;
	return true;
}

static bool take_time(const char **s, uint64_t *seconds)
{
	unsigned int hour, minute, second;

	if (!take_number(s, 2, 0, 23, &hour) || !take(s, ':') ||
	    !take_number(s, 2, 0, 59, &minute) || !take(s, ':') ||
	    !take_number(s, 2, 0, 59, &second))
		return false;
	*seconds = hour * HOUR + minute * 60 + second;
	return true;
}

static bool parse_absolute(const char *s, uint64_t *seconds)
{
	uint64_t time = 0;

	if (!take_date(&s, seconds))
		return false;
	if (take(&s, 'T') && (!take_time(&s, &time) || !take(&s, 'Z')))
		return false;
	*seconds += time;
	return !*s;
}

static uint64_t unit_of(const char *s)
{
	if (!strcmp(s, "h"))
		return HOUR;
	if (!strcmp(s, "d"))
		return DAY;
	if (!strcmp(s, "y"))
		return 365 * DAY;
	return 0;
}

static bool parse_relative(const char *s, uint64_t *seconds)
{
	const size_t digits = strspn(s, "0123456789");
	const uint64_t unit = unit_of(s + digits);

	if (!digits || digits > DIGITS_MAX || !unit)
		return false;
	*seconds = UNIX_EPOCH + time(NULL) + strtoull(s, NULL, 10) * unit;
	return *seconds < days_before_year(LAST_YEAR + 1) * DAY;
}

/* The value of a parameter that was given. */
void args_until(struct args *args, const struct param *param, FILETIME *time)
{
	const char *word = param->value;
	uint64_t seconds, ticks;
	bool valid;

	if (*word == '+')
		valid = parse_relative(word + 1, &seconds);
	else
		valid = parse_absolute(word, &seconds);
	if (!valid)
		usage_error(args, word,
			    "%s must be as 2031-12-31, 2031-12-31T23:59:59Z, +12h, +30d or +1y",
			    param->keyword);
	ticks = seconds * TICKS;
	time->dwLowDateTime = ticks & UINT32_MAX;
	time->dwHighDateTime = ticks >> 32;
}

/* Into FILETIME_SIZE bytes. Parts of a second are left out. */
void filetime_format(FILETIME time, char *out)
{
	const uint64_t seconds = ((uint64_t)time.dwHighDateTime << 32 |
				  time.dwLowDateTime) / TICKS;
	unsigned int day = seconds / DAY, second = seconds % DAY;
	unsigned int year = FIRST_YEAR + day / 366, month = 1;

	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	for (; day >= days_in_month(year, month); month++)
		day -= days_in_month(year, month);
	snprintf(out, FILETIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
		 month, day + 1, second / 3600, second / 60 % 60, second % 60);
}
