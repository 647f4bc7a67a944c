/* How a tracepoint lays out its samples, and the text that its `print fmt` makes of one. */
#ifndef PERFDATA_TRACEPOINT_H
#define PERFDATA_TRACEPOINT_H

#include <evprof/perfdata.h>

enum trace_field_flag {
	FIELD_SIGNED = 1,
	FIELD_ARRAY = 2,
	FIELD_DYNAMIC = 4,  /* holds (length << 16 | offset) of what it means */
	FIELD_RELATIVE = 8, /* the offset counts from the field's end */
	FIELD_TEXT = 16,    /* of char */
	FIELD_POINTER = 32, /* shown as an address */
	FIELD_LONG = 64,    /* of type long */
	FIELD_COMMON = 128, /* of every tracepoint */
};
struct trace_field {
	const char *name;
	uint32_t offset, size_bytes;
	uint32_t element_bytes; /* of an array */
	unsigned flags;
};

enum trace_kind {
	NODE_NUMBER,
	NODE_UNKNOWN, /* a name that only the kernel knows */
	NODE_TEXT,
	NODE_FIELD,
	NODE_INDEX,
	NODE_CAST,
	NODE_UNARY,
	NODE_BINARY,
	NODE_CHOICE,
	NODE_FLAGS,
	NODE_SYMBOLIC,
	NODE_HEX,
	NODE_ARRAY,
	NODE_DYNAMIC,
	NODE_DYNAMIC_LENGTH,
	NODE_BITMASK,
};
struct trace_pair { /* { value, "name" } */
	const struct trace_node *value;
	const char *name;
	struct trace_pair *next;
};
struct trace_node {
	enum trace_kind kind;
	unsigned depth; /* of the tree below, so that none is too deep to walk */
	bool unknown;   /* it needs a NODE_UNKNOWN: its value can't be told */
	union {
		uint64_t number;
		const char *text;
		const struct trace_field *field;
		int operator_; /* one character, or one of enum trace_operator */
		struct {
			uint8_t size_bytes; /* 0 = any */
			bool is_signed, is_pointer;
		} type;
		bool spaced; /* NODE_HEX */
	};
	const struct trace_node *one, *other, *third;
	const char *delimiter;
	struct trace_pair *pairs;
};
enum trace_operator { OP_SHL = 256, OP_SHR, OP_EQ, OP_NE, OP_LE, OP_GE, OP_AND, OP_OR };

/* A piece of the format: literal text, then a conversion unless that is 0. */
struct trace_piece {
	const char *literal;
	size_t literal_bytes;
	char conversion;      /* d u x X o c s p, i = d */
	char pointer[4];      /* what follows %p: S, s, I4, U … */
	char flags[6];        /* of "-+ #0" */
	int width, precision; /* -1 = none, -2 = from an argument */
	uint8_t size_bytes;   /* of the number: 1 2 4 8 */
	const struct trace_node *width_from, *precision_from, *argument;
};

struct trace_format {
	const char *system, *name;
	uint32_t id;
	EV_ARRAY(struct trace_field) fields;
	EV_ARRAY(struct trace_piece) pieces;
	const char *failure; /* why print fmt can't be followed, NULL when it can */
};

/* Machine of the recording, as far as formats depend on it. */
struct trace_machine {
	bool swap;
	uint8_t long_bytes;
};

/* Text between quotes, names and signs of a C expression. */
enum trace_token { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN, TOKEN_BAD };
struct trace_scanner {
	const char *at, *end;
	enum trace_token token;
	const char *start; /* of a name */
	size_t length;
	uint64_t number;
	int sign;         /* a character or an enum trace_operator, OP_ARROW */
	const char *text; /* in the arena, escapes resolved */
	struct ev_arena *arena;
};
enum { OP_ARROW = 512 };
void ev_trace_scan(struct trace_scanner *scanner);
bool ev_trace_is_name(const struct trace_scanner *scanner, const char *name);
bool ev_trace_is_sign(const struct trace_scanner *scanner, int sign);

/* The next expression; NULL when it can't be followed, *failure then says why. */
const struct trace_node *ev_trace_expression(struct trace_scanner *scanner,
					     const struct trace_format *format,
					     const struct trace_machine *machine,
					     const char **failure);
/* A `format` file becomes fields and pieces; false when it is none. Whatever is kept points into
 * the arena. */
bool ev_trace_format_parse(struct trace_format *format, const char *text, size_t size_bytes,
			   const struct trace_machine *machine, struct ev_arena *arena);
void ev_trace_format_done(struct trace_format *format);

/* What an expression is worth for one sample: a number, or bytes that it points to. */
struct trace_value {
	uint64_t number;
	const uint8_t *bytes; /* NULL for a number */
	size_t size_bytes, element_bytes;
	bool is_signed;   /* of the elements */
	bool is_unsigned; /* of the number: of 64 bits, without a sign */
};
struct trace_sample {
	const uint8_t *bytes;
	size_t size_bytes;
	const struct trace_machine *machine;
	const struct ev_tracepoints *tracepoints;
};
struct trace_value ev_trace_value(const struct trace_node *node, const struct trace_sample *sample);
uint64_t ev_trace_number(const struct trace_node *node, const struct trace_sample *sample);
struct trace_value ev_trace_field_value(const struct trace_field *field,
					const struct trace_sample *sample);
/* Text of a node that stands for %s. */
void ev_trace_text(const struct trace_node *node, const struct trace_sample *sample,
		   struct ev_buffer *out);
/* The text that the kernel has at an address, NULL when that is not known. */
const char *ev_tracepoints_text_at(const struct ev_tracepoints *tracepoints, uint64_t address);
void ev_trace_print(const struct trace_format *format, const struct trace_sample *sample,
		    struct ev_buffer *out, ev_name_address *name_address, void *context);
void ev_trace_print_field(const struct trace_field *field, const struct trace_sample *sample,
			  struct ev_buffer *out);

#endif
