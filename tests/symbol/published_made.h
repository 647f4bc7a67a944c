/* What CPython 3.14 built without the GIL publishes about itself, and where its memory differs. */
#ifndef TESTS_SYMBOL_PUBLISHED_MADE_H
#define TESTS_SYMBOL_PUBLISHED_MADE_H

#include "python_layout.h"

enum { PUBLISHED_WORDS = PYTHON_PUBLISHED_BYTES / 8 };
#define COOKIE UINT64_C(0x7970677562656478) /* "xdebugpy" */

static const uint64_t free_threaded_3_14[PUBLISHED_WORDS] = {
	COOKIE, 0x030e00f0, 1,    361664, 784,  808, 246528, 7280, 7272, 7344,  7360, 7408,
	7712,   7696,       7704, 16,     7808, 0,   7832,   7824, 8024, 17628, 824,  0,
	8,      16,         72,   152,    160,  232, 32,     88,   8,    0,     56,   80,
	78,     64,         72,   240,    128,  136, 144,    152,  84,   68,    112,  120,
	232,    224,        32,   24,     432,  40,  104,    184,  56,   48,    32,   56,
	40,     32,         216,  40,     56,   48,  64,     48,   56,   40,    32,   48,
	32,     40,         56,   32,     48,   80,  48,     32,   56,   288,   192,  176,
	40,     88,         83,   0,      8,    24,  304,    8108, 0,    4,     512,  0,
};

#endif
