/* What an interpreter publishes about itself (_Py_DebugOffsets, from 3.13 on) -> where things lie
 * in its memory. What is published changes with the version; of one that is not known yet it is
 * taken only when all of it holds together. */
#include <errno.h>
#include <string.h>
#include "python_layout.h"

#define LARGEST_OFFSET ((uint64_t)1 << 24)
#define FIELD(name) offsetof(struct python_layout, name)

enum { VERSION = 8, FREE_THREADED = 16, FORMS = 3 };
static const struct {
	uint32_t version; /* the first that publishes so */
	bool based;
} forms[FORMS] = { { 0x030d, false }, { 0x030e, false }, { 0x030f, true } };

enum { FREE, RUNTIME, INTERPRETER, THREAD, FRAME, CODE, OBJECT, BYTES, TEXT, PARTS };
/* Where in each form the size of a part is. */
static const uint16_t sizes[PARTS][FORMS] = {
	[RUNTIME] = { 24, 24, 24 },  [INTERPRETER] = { 48, 48, 48 }, [THREAD] = { 152, 176, 176 },
	[FRAME] = { 224, 248, 312 }, [CODE] = { 272, 312, 376 },     [OBJECT] = { 352, 400, 464 },
	[BYTES] = { 512, 592, 688 }, [TEXT] = { 536, 616, 712 },
};
/* Where in each form a field of a part is. */
static const struct published {
	uint16_t part, field, at[FORMS];
} fields[] = {
	{ RUNTIME, FIELD(interpreters), { 40, 40, 40 } },
	{ INTERPRETER, FIELD(interpreter_next), { 64, 64, 64 } },
	{ INTERPRETER, FIELD(interpreter_threads), { 72, 72, 72 } },
	{ INTERPRETER, FIELD(interpreter_gil), { 112, 120, 120 } },
	{ THREAD, FIELD(thread_next), { 168, 192, 192 } },
	{ THREAD, FIELD(thread_frame), { 184, 208, 208 } },
	{ THREAD, FIELD(thread_id), { 192, 216, 240 } },
	{ THREAD, FIELD(thread_native), { 200, 224, 248 } },
	{ FRAME, FIELD(frame_previous), { 232, 256, 320 } },
	{ FRAME, FIELD(frame_code), { 240, 264, 328 } },
	{ FRAME, FIELD(frame_position), { 248, 272, 336 } },
	{ FRAME, FIELD(frame_mark), { 264, 288, 352 } },
	{ CODE, FIELD(code_file), { 280, 320, 384 } },
	{ CODE, FIELD(code_name), { 288, 328, 392 } },
	{ CODE, FIELD(code_qualname), { 296, 336, 400 } },
	{ CODE, FIELD(code_lines), { 304, 344, 408 } },
	{ CODE, FIELD(code_first_line), { 312, 352, 416 } },
	{ CODE, FIELD(code_instructions), { 344, 384, 448 } },
	{ BYTES, FIELD(bytes_size), { 520, 600, 696 } },
	{ BYTES, FIELD(bytes_data), { 528, 608, 704 } },
	{ TEXT, FIELD(text_state), { 544, 624, 720 } },
	{ TEXT, FIELD(text_length), { 552, 632, 728 } },
	{ TEXT, FIELD(text_ascii), { 560, 640, 736 } },
};
/* Of the GIL, in the interpreter: the one, its word of being locked, its last holder; in itself,
 * whether there is one. */
static const uint16_t gil_at[FORMS][4] = {
	{ 120, 136, 144, 128 },
	{ 128, 144, 152, 136 },
	{ 128, 144, 152, 136 },
};
/* Of builds without the GIL: in a frame which copy of the instructions it runs, in a code object
 * where they are; 0: each has but one. */
static const uint16_t copies_at[FORMS][2] = { { 0, 0 }, { 304, 392 }, { 368, 456 } };

static uint64_t word(const uint8_t *bytes, size_t at)
{
	uint64_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint32_t field_of(const struct python_layout *layout, size_t at)
{
	uint32_t value;
	memcpy(&value, (const char *)layout + at, sizeof(value));
	return value;
}

static bool take_free_threaded(struct python_layout *layout, const uint8_t *published,
			       unsigned form)
{
	uint64_t enabled = word(published, gil_at[form][3]);
	uint64_t copy = copies_at[form][0] ? word(published, copies_at[form][0]) : 0;
	uint64_t copies = copies_at[form][1] ? word(published, copies_at[form][1]) : 0;
	if (enabled > LARGEST_OFFSET || copy > LARGEST_OFFSET || copies > LARGEST_OFFSET)
		return false;
	layout->gil_enabled = (uint32_t)enabled;
	if (copy && copies) {
		layout->frame_copy = (uint32_t)copy;
		layout->code_copies = (uint32_t)copies;
	}
	return true;
}

static bool take_fields(struct python_layout *layout, const uint8_t *published, unsigned form)
{
	for (size_t i = 0; i < EV_LENGTH(fields); i++) {
		uint64_t offset = word(published, fields[i].at[form]);
		uint32_t narrow = (uint32_t)offset;
		if (offset > LARGEST_OFFSET)
			return false;
		memcpy((char *)layout + fields[i].field, &narrow, sizeof(narrow));
	}
	layout->based = forms[form].based;
	/* What published strings begin with is those of ASCII; others have a copy in UTF-8. */
	layout->text_compact = layout->text_ascii + 16;
	if (word(published, FREE_THREADED) && !take_free_threaded(layout, published, form))
		return false;
	const uint16_t *at = gil_at[form];
	uint64_t locked = word(published, at[1]) - word(published, at[0]);
	uint64_t holder = word(published, at[2]) - word(published, at[0]);
	if (locked > LARGEST_OFFSET || holder > LARGEST_OFFSET) {
		layout->interpreter_gil = PYTHON_NONE;
		return true;
	}
	layout->gil_locked = (uint32_t)locked;
	layout->gil_holder = (uint32_t)holder;
	return true;
}

/* Each field lies within its part, and on no other one. */
static bool fields_fit(const struct python_layout *layout, const uint8_t *published, unsigned form)
{
	for (size_t i = 0; i < EV_LENGTH(fields); i++) {
		uint64_t size_bytes = word(published, sizes[fields[i].part][form]);
		uint32_t offset = field_of(layout, fields[i].field);
		if (size_bytes > LARGEST_OFFSET || offset > size_bytes)
			return false;
		for (size_t j = 0; j < i; j++)
			if (fields[j].part == fields[i].part &&
			    field_of(layout, fields[j].field) == offset)
				return false;
	}
	return true;
}

/* What has been so since all of it is published: a form that is not this one's has other numbers
 * there, for each part that grows moves those behind it. */
static bool is_plausible(const struct python_layout *layout, const uint8_t *published,
			 unsigned form)
{
	/* Without the GIL each object has its thread, its lock and two counts. */
	const uint32_t object = word(published, FREE_THREADED) ? 32 : 16;
	return fields_fit(layout, published, form) && layout->frame_code == 0 &&
	       word(published, sizes[OBJECT][form]) == object && layout->bytes_size == object &&
	       layout->text_length == object && layout->bytes_data == object + 16 &&
	       layout->text_state == object + 16 && layout->text_ascii == object + 24;
}

/* The form of a version that is known; -1 of another. */
static int form_of(uint32_t version)
{
	for (int i = FORMS - 1; i >= 0; i--)
		if (forms[i].version == version >> 16)
			return i;
	return -1;
}

/* Of a version to come: the newest form that makes sense. */
static int try_newest(struct python_layout *layout, uint32_t version, const uint8_t *published,
		      struct ev_err *err)
{
	struct python_layout tried = *layout;
	for (unsigned form = FORMS; form-- > 0;) {
		*layout = tried;
		layout->newer = true;
		if (take_fields(layout, published, form) && is_plausible(layout, published, form))
			return 0;
	}
	return ev_fail(err, ENOTSUP,
		       "it is Python %u.%u; the memory of CPython " EV_PYTHON_VERSIONS
		       " is known, and what this one publishes about itself is in no form that is: "
		       "nothing is guessed",
		       version >> 24, version >> 16 & 255);
}

int ev_python_layout_publish(struct python_layout *layout, uint32_t version,
			     const uint8_t *published, struct ev_err *err)
{
	if (!published || memcmp(published, "xdebugpy", 8))
		return ev_fail(err, ENODATA, "its interpreter is not set up, or was taken down");
	if ((uint32_t)word(published, VERSION) >> 16 != version >> 16)
		return ev_fail(err, ENOTSUP, "its version and what it publishes differ");
	int form = form_of(version);
	if (form < 0)
		return try_newest(layout, version, published, err);
	if (!take_fields(layout, published, (unsigned)form))
		return ev_fail(err, ENOTSUP, "what it publishes makes no sense");
	return 0;
}
