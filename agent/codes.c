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
	TOGETHER = 64,        /* code objects that are read at once */
	ROOM_BYTES = 1 << 16,
	FIXED_BYTES = 40, /* before the name of its file: set once, as a code object is made */
};

enum { NAME, FILE_NAME, LINES, PARTS, PIECES = PARTS + 1 };

/* What is known of a code object: when all is the same it is the same one. */
struct known {
	uint64_t address, file, name, qualname, lines;
	uint64_t content;       /* hash of what is in it, and in its parts */
	uint32_t looked[PARTS]; /* bytes of each, from its length on; 0: it can't be read */
	uint32_t first_line;
	uint32_t id;
	uint64_t moment; /* the last in which it was the same, or was to be compared */
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

/* What is looked at of those that are read together, and where. Of who has the turn. */
static struct {
	struct known *codes[TOGETHER];
	struct iovec pieces[TOGETHER * PIECES];
	uint8_t bytes[ROOM_BYTES];
	size_t count, size_bytes;
} looked_at;

static size_t content_bytes(const struct known *code)
{
	return agent.at.code_lines + 8 + code->looked[NAME] + code->looked[FILE_NAME] +
	       code->looked[LINES];
}

/* It, and as much of its parts as is known; they stand where they are known to. */
static void add_pieces(const struct known *code, struct iovec *pieces)
{
	const struct {
		uint64_t address;
		size_t size_bytes;
	} parts[PIECES] = {
		{ code->address, agent.at.code_lines + 8 },
		{ name_of(code) + agent.at.text_length, code->looked[NAME] },
		{ code->file + agent.at.text_length, code->looked[FILE_NAME] },
		{ code->lines + agent.at.bytes_size, code->looked[LINES] },
	};
	/* The kernel refuses all of them for one address that can't be any, even of no bytes. */
	for (size_t i = 0; i < PIECES; i++)
		pieces[i] =
			(struct iovec){ parts[i].size_bytes ? (void *)(uintptr_t)parts[i].address
							    : NULL,
					parts[i].size_bytes };
}

static void take_content(struct known *code, const uint8_t *bytes)
{
	const uint8_t *name = bytes + agent.at.code_lines + 8, *file = name + code->looked[NAME],
		      *lines = file + code->looked[FILE_NAME];
	uint64_t hash = mix_text(0, name, code->looked[NAME]);
	hash = mix_text(hash, file, code->looked[FILE_NAME]);
	hash = mix_bytes(hash, lines, code->looked[LINES]);
	if (agent.at.code_file >= FIXED_BYTES)
		hash = mix_bytes(hash, bytes + agent.at.code_file - FIXED_BYTES, FIXED_BYTES);
	code->content = hash;
	code->file = agent_word(bytes, agent.at.code_file);
	code->name = agent_word(bytes, agent.at.code_name);
	code->lines = agent_word(bytes, agent.at.code_lines);
	code->first_line = agent_number(bytes, agent.at.code_first_line);
	if (agent.at.code_qualname != PYTHON_AGENT_NO_OFFSET)
		code->qualname = agent_word(bytes, agent.at.code_qualname);
}

static bool read_content(struct known *code)
{
	size_t size_bytes = content_bytes(code);
	add_pieces(code, looked_at.pieces);
	if (agent_gather(looked_at.pieces, PIECES, looked_at.bytes, size_bytes) != size_bytes)
		return false;
	take_content(code, looked_at.bytes);
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
	    agent_number(looked_at.bytes, agent.at.code_number))
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
static bool is_still(const struct known *code, const uint8_t *bytes)
{
	struct known now = *code;
	take_content(&now, bytes);
	return is_same(code, &now);
}

/* The place of a code object: its own, or one that it may have. */
static struct known *find_place(uint64_t address, bool *own)
{
	struct known *place = NULL;
	uint64_t hash = (address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	*own = false;
	for (unsigned i = 0; i < PROBES && !*own; i++) {
		struct known *one = &known[(hash + i) & (CODES - 1)];
		*own = one->address == address && one->generation == agent.generation;
		if (*own || !place || (place->address && one->generation != agent.generation))
			place = one;
		if (!one->address)
			break;
	}
	return place;
}

/* From one on; how many: one that can't be read ends it. */
static size_t compare_from(size_t first)
{
	size_t size_bytes = 0, i = first;
	for (; i < looked_at.count; i++)
		size_bytes += content_bytes(looked_at.codes[i]);
	const uint8_t *bytes = looked_at.bytes;
	size_t left = agent_gather(looked_at.pieces + first * PIECES,
				   (looked_at.count - first) * PIECES, looked_at.bytes, size_bytes);
	for (i = first; i < looked_at.count; i++) {
		size_bytes = content_bytes(looked_at.codes[i]);
		if (size_bytes > left)
			return i + 1 - first;
		if (is_still(looked_at.codes[i], bytes))
			looked_at.codes[i]->moment = moments;
		bytes += size_bytes;
		left -= size_bytes;
	}
	return i - first;
}

static void compare_together(void)
{
	for (size_t i = 0; i < looked_at.count;)
		i += compare_from(i);
	looked_at.count = looked_at.size_bytes = 0;
}

void agent_codes_again(const uint64_t *addresses, size_t count)
{
	bool own;
	uint64_t asked = ++moments;
	moments++;
	for (size_t i = 0; i < count; i++) {
		struct known *code = find_place(addresses[i], &own);
		if (!own || code->moment >= asked)
			continue;
		size_t size_bytes = content_bytes(code);
		if (looked_at.count == TOGETHER || looked_at.size_bytes + size_bytes > ROOM_BYTES)
			compare_together();
		code->moment = asked;
		add_pieces(code, looked_at.pieces + looked_at.count * PIECES);
		looked_at.codes[looked_at.count++] = code;
		looked_at.size_bytes += size_bytes;
	}
	compare_together();
}

uint32_t agent_code_id(uint64_t address)
{
	struct known now;
	bool own;
	struct known *place = find_place(address, &own);
	if (own && place->moment == moments)
		return place->id;
	if (!read_code(address, &now) || !define(&now, last_id + 1))
		return 0;
	now.id = ++last_id;
	*place = now;
	return now.id;
}
