/* Code objects of a CPython 3.8 that are made up byte by byte, in a memory that is made up too. */
#ifndef TESTS_PYTHON_MADE_H
#define TESTS_PYTHON_MADE_H

#include <errno.h>
#include <string.h>
#include <evprof/symbol_python.h>

enum { MADE_BASE = 0x10000, MADE_SIZE = 0x10000 };
enum { /* where things are, behind MADE_BASE */
       MADE_CODE = 0x4000,
       MADE_FILE = 0x5000,
       MADE_NAME = 0x5400,
       MADE_LINES = 0x6000,
       MADE_TYPE = 0x7000,
};

struct made_memory {
	uint8_t bytes[MADE_SIZE];
	bool gone; /* nothing can be read any more */
};

static inline int made_read(void *context, uint64_t address, void *bytes, size_t size_bytes)
{
	const struct made_memory *made = context;
	if (made->gone || address < MADE_BASE || address - MADE_BASE > MADE_SIZE ||
	    size_bytes > MADE_SIZE - (address - MADE_BASE))
		return -EFAULT;
	memcpy(bytes, made->bytes + (address - MADE_BASE), size_bytes);
	return 0;
}

static inline void made_put(struct made_memory *made, size_t at, uint64_t value)
{
	memcpy(made->bytes + at, &value, sizeof(value));
}

static inline void made_put32(struct made_memory *made, size_t at, uint32_t value)
{
	memcpy(made->bytes + at, &value, sizeof(value));
}

static inline void made_text(struct made_memory *made, size_t at, const char *text)
{
	made_put(made, at + 16, strlen(text));
	made_put32(made, at + 32, 1 << 2 | 1 << 5 | 1 << 6); /* of bytes, compact, ASCII */
	memcpy(made->bytes + at + 48, text, strlen(text));
}

/* f of x.py: line 10, from its byte 4 on 11, from 8 on 12. */
static inline void made_code(struct made_memory *made)
{
	static const uint8_t lines[] = { 4, 1, 4, 1 };
	memset(made, 0, sizeof(*made));
	made_put(made, MADE_CODE + 8, MADE_BASE + MADE_TYPE);
	made_put32(made, MADE_CODE + 40, 10);
	made_put(made, MADE_CODE + 104, MADE_BASE + MADE_FILE);
	made_put(made, MADE_CODE + 112, MADE_BASE + MADE_NAME);
	made_put(made, MADE_CODE + 120, MADE_BASE + MADE_LINES);
	made_put(made, MADE_LINES + 16, sizeof(lines));
	memcpy(made->bytes + MADE_LINES + 32, lines, sizeof(lines));
	made_text(made, MADE_FILE, "x.py");
	made_text(made, MADE_NAME, "f");
}

static inline struct ev_python_runtime made_runtime(void)
{
	return (struct ev_python_runtime){ .version = 0x030812f0,
					   .address = MADE_BASE,
					   .code_type = MADE_BASE + MADE_TYPE };
}

#endif
