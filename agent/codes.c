/* A code object of the interpreter -> the number by which the recorder knows it, which is told its
 * names and lines when it is new. */
#include "agent.h"

enum {
	NAME_MAX_BYTES = 4096,
	LINES_MAX_BYTES = 1 << 18,
	CODES = 1 << 14, /* places of the table of code objects, a power of two */
	PROBES = 8,      /* places that a code object may have */
	OBJECT_MAX_BYTES = 256,
};

/* What is known of a code object: when all is the same it is the same one. */
struct known {
	uint64_t address, file, name, qualname, lines;
	uint32_t first_line;
	uint32_t id;
	uint64_t moment; /* the last in which it was compared */
	uint32_t generation;
};
struct text {
	uint64_t address;
	uint32_t size_bytes;
	uint8_t kind;
};

static struct known known[CODES];
static uint32_t last_id;
static uint64_t moments;

void agent_codes_again(void)
{
	moments++;
}

/* Where the characters of a string are. */
static bool find_text(uint64_t object, struct text *text)
{
	uint8_t head[OBJECT_MAX_BYTES];
	uint32_t head_bytes = agent.at.text_state + 4;
	if (head_bytes < agent.at.text_length + 8)
		head_bytes = agent.at.text_length + 8;
	if (!object || !agent_read(object, head, head_bytes))
		return false;
	uint32_t state = agent_number(head, agent.at.text_state), kind = state >> 2 & 7;
	uint64_t length = agent_word(head, agent.at.text_length);
	bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
	if (!compact || (kind != 1 && kind != 2 && kind != 4) || length > 1u << 20)
		return false;
	if (length > NAME_MAX_BYTES / kind)
		length = NAME_MAX_BYTES / kind;
	text->address = object + (ascii ? agent.at.text_ascii : agent.at.text_compact);
	text->size_bytes = (uint32_t)(length * kind);
	text->kind = (uint8_t)kind;
	return true;
}

/* Tells the recorder of a code object. */
static bool define(const struct known *code, uint32_t id)
{
	struct text name, file;
	uint64_t lines_bytes = 0;
	if (!find_text(agent.at.code_qualname == PYTHON_AGENT_NO_OFFSET ? code->name
									: code->qualname,
		       &name) ||
	    !find_text(code->file, &file))
		return false;
	/* Without its lines a function has its name still. */
	if (!agent_read_word(code->lines, agent.at.bytes_size, &lines_bytes) ||
	    lines_bytes > LINES_MAX_BYTES)
		lines_bytes = 0;
	struct python_agent_code head = {
		.header.type = PYTHON_AGENT_CODE,
		.id = id,
		.first_line = code->first_line,
		.name_bytes = name.size_bytes,
		.file_bytes = file.size_bytes,
		.lines_bytes = (uint32_t)lines_bytes,
		.name_kind = name.kind,
		.file_kind = file.kind,
	};
	size_t all = sizeof(head) + name.size_bytes + file.size_bytes + (size_t)lines_bytes;
	all = (all + 7) & ~(size_t)7;
	head.header.size_bytes = (uint32_t)all;
	uint8_t *to = agent_reserve(all);
	if (!to)
		return false;
	memcpy(to, &head, sizeof(head));
	to += sizeof(head);
	if (!agent_read(name.address, to, name.size_bytes) ||
	    !agent_read(file.address, to + name.size_bytes, file.size_bytes) ||
	    (lines_bytes && !agent_read(code->lines + agent.at.bytes_data,
					to + name.size_bytes + file.size_bytes, lines_bytes)))
		return false;
	agent_commit(all);
	return true;
}

static bool is_same(const struct known *a, const struct known *b)
{
	return a->file == b->file && a->name == b->name && a->qualname == b->qualname &&
	       a->lines == b->lines && a->first_line == b->first_line;
}

static bool read_code(uint64_t address, struct known *code)
{
	uint8_t bytes[OBJECT_MAX_BYTES];
	if (!agent_read(address, bytes, agent.at.code_lines + 8))
		return false;
	*code = (struct known){
		.address = address,
		.file = agent_word(bytes, agent.at.code_file),
		.name = agent_word(bytes, agent.at.code_name),
		.lines = agent_word(bytes, agent.at.code_lines),
		.first_line = agent_number(bytes, agent.at.code_first_line),
		.generation = agent.generation,
		.moment = moments,
	};
	if (agent.at.code_qualname != PYTHON_AGENT_NO_OFFSET)
		code->qualname = agent_word(bytes, agent.at.code_qualname);
	return true;
}

uint32_t agent_code_id(uint64_t address)
{
	struct known now, *place = NULL;
	uint64_t hash = (address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	for (unsigned i = 0; i < PROBES; i++) {
		struct known *one = &known[(hash + i) & (CODES - 1)];
		bool mine = one->address == address && one->generation == agent.generation;
		if (mine && one->moment == moments)
			return one->id;
		if (mine || !place || (place->address && one->generation != agent.generation))
			place = one;
		if (mine || !one->address)
			break;
	}
	if (!read_code(address, &now))
		return 0;
	bool mine = place->address == address && place->generation == agent.generation;
	if (mine && is_same(place, &now)) {
		place->moment = moments;
		return place->id;
	}
	if (!define(&now, last_id + 1))
		return 0;
	now.id = ++last_id;
	*place = now;
	return now.id;
}
