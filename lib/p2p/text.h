/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wide strings at the end of a block that is handed out.
 */
#ifndef LIB_P2P_TEXT_H
#define LIB_P2P_TEXT_H

#include <stddef.h>
#include <wchar.h>

/* Wide characters that text takes, its final NUL included. Valid UTF-8 only. */
size_t text_room(const char *text, size_t len);

/* Write text to *pos and move *pos past it. Returns where it begins. */
wchar_t *text_put(wchar_t **pos, const char *text, size_t len);

#endif /* LIB_P2P_TEXT_H */
