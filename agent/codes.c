/* A code object of the interpreter -> the number by which the recorder knows it, which is told its
 * names and lines when it is new. */
#include "agent.h"

enum {
	NAME_MAX_BYTES = 4096,
	LINES_MAX_BYTES = 1 << 18,
	CODES = 1 << 14, /* places of the table of code objects, a power of two */
	PROBES = 8,      /* places that a code object may have */
	OBJECT_MAX_BYTES = 256,
	/* So much is looked at, to tell code from other code that is made in its memory later, in
	 * which each part may stand where one like it stood. */
	TEXT_LOOKED_BYTES = 512,
	LINES_LOOKED_BYTES = 2048,
	HEAD_MAX_BYTES = 128, /* of a string or bytes, from their length to what is in them */
	FIXED_BYTES = 40,     /* before the name of its file: set once, as a code object is made */
};

enum { NAME, FILE_NAME, LINES, PARTS };

/* What is known of a code object: when all is the same it is the same one. */
struct known {
	uint64_t address, file, name, qualname, lines;
	uint64_t content;       /* hash of what is in it, and in its parts */
	uint32_t looked[PARTS]; /* bytes of each, from its length on; 0: it can't be read */
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

/* What a string says of itself, from bit 2 on: bytes of a character, which are never 0, whether it
 * is compact and ASCII. What is before takes two bits, a byte or two, as the build has it. */
static uint32_t text_state(const uint8_t *bytes, uint32_t at)
{
	uint32_t state = agent_number(bytes, at);
	if (state & 0xfc)
		return state;
	return state >> (state & 0xff00 ? 6 : 14);
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
	uint32_t state = text_state(head, agent.at.text_state), kind = state >> 2 & 7;
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
	return a->content == b->content && a->file == b->file && a->name == b->name &&
	       a->qualname == b->qualname && a->lines == b->lines && a->first_line == b->first_line;
}

/* ---- what is in it ------------------------------------------------------------------------------
 */

/* Of who has the turn. */
static struct {
	uint8_t code[OBJECT_MAX_BYTES];
	uint8_t texts[FILE_NAME + 1][HEAD_MAX_BYTES + TEXT_LOOKED_BYTES];
	uint8_t lines[HEAD_MAX_BYTES + LINES_LOOKED_BYTES];
} seen;

static uint64_t mix(uint64_t hash, uint64_t with)
{
	hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i += sizeof(uint64_t)) {
		uint64_t word = 0, left = size_bytes - i;
		memcpy(&word, bytes + i, left < sizeof(word) ? left : sizeof(word));
		hash = mix(hash, word);
	}
	return hash;
}

/* Without what the interpreter may write there later: its hash, whether it is shared. */
static uint64_t mix_text(uint64_t hash, const uint8_t *bytes, uint32_t size_bytes)
{
	if (!size_bytes)
		return mix(hash, 0);
	uint32_t state = text_state(bytes, agent.at.text_state - agent.at.text_length);
	uint32_t from = (state >> 6 & 1 ? agent.at.text_ascii : agent.at.text_compact) -
			agent.at.text_length;
	hash = mix(mix(hash, agent_word(bytes, 0)), state >> 2 & 31);
	return from < size_bytes ? mix_bytes(hash, bytes + from, size_bytes - from) : hash;
}

static uint64_t name_of(const struct known *code)
{
	return agent.at.code_qualname == PYTHON_AGENT_NO_OFFSET ? code->name : code->qualname;
}

/* Reads it anew, and as much of its parts as is known; they stand where they are known to. */
static bool read_content(struct known *code)
{
	const struct agent_piece pieces[] = {
		{ code->address, seen.code, agent.at.code_lines + 8 },
		{ name_of(code) + agent.at.text_length, seen.texts[NAME], code->looked[NAME] },
		{ code->file + agent.at.text_length, seen.texts[FILE_NAME],
		  code->looked[FILE_NAME] },
		{ code->lines + agent.at.bytes_size, seen.lines, code->looked[LINES] },
	};
	if (!agent_read_pieces(pieces, sizeof(pieces) / sizeof(*pieces)))
		return false;
	code->file = agent_word(seen.code, agent.at.code_file);
	code->name = agent_word(seen.code, agent.at.code_name);
	code->lines = agent_word(seen.code, agent.at.code_lines);
	code->first_line = agent_number(seen.code, agent.at.code_first_line);
	if (agent.at.code_qualname != PYTHON_AGENT_NO_OFFSET)
		code->qualname = agent_word(seen.code, agent.at.code_qualname);
	uint64_t hash = mix_text(0, seen.texts[NAME], code->looked[NAME]);
	hash = mix_text(hash, seen.texts[FILE_NAME], code->looked[FILE_NAME]);
	hash = mix_bytes(hash, seen.lines, code->looked[LINES]);
	if (agent.at.code_file >= FIXED_BYTES)
		hash = mix_bytes(hash, seen.code + agent.at.code_file - FIXED_BYTES, FIXED_BYTES);
	code->content = hash;
	return true;
}

static uint32_t looked_text(uint64_t object)
{
	struct text text;
	if (!find_text(object, &text) ||
	    text.address - object - agent.at.text_length > HEAD_MAX_BYTES)
		return 0;
	if (text.size_bytes > TEXT_LOOKED_BYTES)
		text.size_bytes = TEXT_LOOKED_BYTES;
	return (uint32_t)(text.address - object) - agent.at.text_length + text.size_bytes;
}

/* One that was not known, or is another by now. */
static bool read_code(uint64_t address, struct known *code)
{
	uint32_t head = agent.at.bytes_data - agent.at.bytes_size;
	uint64_t lines_bytes = 0;
	*code = (struct known){
		.address = address,
		.generation = agent.generation,
		.moment = moments,
	};
	if (!read_content(code))
		return false;
	if (agent.at.code_number != PYTHON_AGENT_NO_OFFSET &&
	    agent_number(seen.code, agent.at.code_number))
		return true;
	code->looked[NAME] = looked_text(name_of(code));
	code->looked[FILE_NAME] = looked_text(code->file);
	if (head <= HEAD_MAX_BYTES && code->lines &&
	    agent_read_word(code->lines, agent.at.bytes_size, &lines_bytes))
		code->looked[LINES] =
			head + (uint32_t)(lines_bytes < LINES_LOOKED_BYTES ? lines_bytes
									   : LINES_LOOKED_BYTES);
	return read_content(code);
}

/* Is it what it was? */
static bool is_still(const struct known *code)
{
	struct known now = *code;
	return read_content(&now) && is_same(code, &now);
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
	bool mine = place->address == address && place->generation == agent.generation;
	if (mine && is_still(place)) {
		place->moment = moments;
		return place->id;
	}
	if (!read_code(address, &now) || !define(&now, last_id + 1))
		return 0;
	now.id = ++last_id;
	*place = now;
	return now.id;
}
