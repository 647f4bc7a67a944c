/* Formats written here become trees and texts, for the tests of tracepoints. */
#ifndef TESTS_PERFDATA_TRACEPOINT_SAMPLES_H
#define TESTS_PERFDATA_TRACEPOINT_SAMPLES_H

#include "recordings.h"
#include "tracepoint.h"

/* Fields of every kind, at the places of struct payload. */
#define FIELDS                                                                                     \
	"name: thing\nID: 77\nformat:\n"                                                           \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"                                 \
	"\n"                                                                                       \
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"                                 \
	"\tfield:int small;\toffset:24;\tsize:4;\tsigned:1;\n"                                     \
	"\tfield:u32 flags;\toffset:28;\tsize:4;\tsigned:0;\n"                                     \
	"\tfield:unsigned long big;\toffset:32;\tsize:8;\tsigned:0;\n"                             \
	"\tfield:const void * pointer;\toffset:40;\tsize:8;\tsigned:0;\n"                          \
	"\tfield:__data_loc char[] path;\toffset:48;\tsize:4;\tsigned:0;\n"                        \
	"\tfield:u8 mac[6];\toffset:52;\tsize:6;\tsigned:0;\n"                                     \
	"\tfield:u16 port;\toffset:58;\tsize:2;\tsigned:0;\n"                                      \
	"\tfield:__data_loc unsigned long[] mask;\toffset:60;\tsize:4;\tsigned:0;\n"               \
	"\n"                                                                                       \
	"print fmt: "

struct payload {
	uint16_t type, unused;
	int32_t pid;
	char comm[16];
	int32_t small;
	uint32_t flags;
	uint64_t big, pointer;
	uint32_t path;
	uint8_t mac[6];
	uint16_t port;
	uint32_t mask;
	char path_bytes[8];
	uint64_t mask_bytes;
} __attribute__((packed));
_Static_assert(offsetof(struct payload, path_bytes) == 64, "as the fields say");

static const struct payload usual = {
	.type = 77,
	.comm = "worker",
	.small = -3,
	.flags = 5,
	.big = UINT64_C(0xfffffffffffffff0),
	.pointer = 0xffff800012345678,
	.path = 64 | 8 << 16,
	.mac = { 2, 0, 0, 0xab, 0xcd, 0xef },
	.port = 443,
	.mask = 72 | 8 << 16,
	.path_bytes = "/etc/rc",
	.mask_bytes = 0x500000003,
};

static const struct trace_machine machine = { false, 8 };

struct parsed {
	struct ev_arena arena;
	struct trace_format format;
};
static inline void parse(struct parsed *parsed, const char *text)
{
	*parsed = (struct parsed){ 0 };
	assert_true(ev_trace_format_parse(&parsed->format, text, strlen(text), &machine,
					  &parsed->arena));
}
static inline void parsed_done(struct parsed *parsed)
{
	ev_trace_format_done(&parsed->format);
	ev_arena_done(&parsed->arena);
}

static inline const char *name_kernel(void *context, uint64_t address, uint64_t *offset)
{
	(void)context;
	*offset = address & 0xff;
	return address >> 63 ? "schedule" : NULL;
}

/* The text of a payload by a print fmt; free() it. */
static inline char *text_of(const char *print, const void *bytes, size_t size_bytes)
{
	struct parsed parsed;
	struct ev_recording nothing = { 0 };
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(&nothing);
	struct ev_buffer out = { 0 };
	struct trace_sample sample = { bytes, size_bytes, &machine, tracepoints };
	char *text = ev_printf("%s%s\n", FIELDS, print);
	parse(&parsed, text);
	ev_trace_print(&parsed.format, &sample, &out, name_kernel, NULL);
	ev_buffer_u8(&out, 0);
	parsed_done(&parsed);
	ev_tracepoints_close(tracepoints);
	free(text);
	return (char *)out.bytes;
}

static inline void expect_text(const char *print, const char *expected)
{
	char *text = text_of(print, &usual, sizeof(usual));
	assert_string_equal(text, expected);
	free(text);
}

static inline void expect_failure(const char *print, const char *reason)
{
	struct parsed parsed;
	char *text = ev_printf("%s%s", FIELDS, print);
	parse(&parsed, text);
	assert_non_null(parsed.format.failure);
	assert_non_null(strstr(parsed.format.failure, reason));
	parsed_done(&parsed);
	free(text);
}

#endif
