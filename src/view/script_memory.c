/* PERF_SAMPLE_DATA_SRC -> words, as perf mem and perf script print them. Bits: struct
 * perf_mem_data_src in linux/perf_event.h, little endian. */
#include "script.h"

struct words {
	char *out;
	size_t size_bytes, used;
	unsigned count; /* joined by " or " so far */
};

static void add(struct words *words, const char *text)
{
	size_t length = strlen(text), left = words->size_bytes - 1 - words->used;
	length = length < left ? length : left;
	memcpy(words->out + words->used, text, length);
	words->used += length;
	words->out[words->used] = 0;
}

static void add_or(struct words *words, const char *text)
{
	if (words->count++)
		add(words, " or ");
	add(words, text);
}

static void add_set(struct words *words, uint64_t bits, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bits >> i & 1)
			add_or(words, names[i]);
}

static void add_operation(struct words *words, unsigned bits)
{
	static const char *const names[] = { "N/A", "LOAD", "STORE", "PFETCH", "EXEC" };
	add(words, "|OP ");
	words->count = 0;
	add_set(words, bits, names, EV_LENGTH(names));
	if (!words->count)
		add(words, "No");
}

static void add_hit(struct words *words, uint64_t bits)
{
	enum { HIT = 2, MISS = 4 };
	if (bits & HIT)
		add(words, " hit");
	if (bits & MISS)
		add(words, " miss");
}

static void add_level(struct words *words, uint64_t source)
{
	static const char *const names[] = { "N/A",
					     "",
					     "",
					     "L1",
					     "LFB/MAB",
					     "L2",
					     "L3",
					     "Local RAM",
					     "Remote RAM (1 hop)",
					     "Remote RAM (2 hops)",
					     "Remote Cache (1 hop)",
					     "Remote Cache (2 hops)",
					     "I/O",
					     "Uncached" };
	static const char *const numbers[16] = {
		[1] = "L1",       [2] = "L2",   [3] = "L3",    [4] = "L4",
		[8] = "UNC",      [9] = "CXL",  [10] = "I/O",  [11] = "Any cache",
		[12] = "LFB/MAB", [13] = "RAM", [14] = "PMEM", [15] = "N/A"
	};
	uint64_t bits = source >> 5 & 0x3fff;
	unsigned number = source >> 33 & 15;
	add(words, "|LVL ");
	words->count = 0;
	if (source >> 37 & 1)
		add(words, "Remote ");
	add_set(words, bits & ~(uint64_t)6, names, EV_LENGTH(names));
	if (number) {
		char text[8];
		snprintf(text, sizeof(text), "L%u", number);
		add_or(words, numbers[number] ? numbers[number] : text);
	}
	if (!words->count && !(source >> 37 & 1))
		add(words, "N/A");
	add_hit(words, bits);
}

static void add_snoop(struct words *words, uint64_t source)
{
	static const char *const names[] = { "N/A", "None", "Hit", "Miss", "HitM" };
	static const char *const more[] = { "Fwd", "Peer" };
	add(words, "|SNP ");
	words->count = 0;
	add_set(words, source >> 19 & 0x1f, names, EV_LENGTH(names));
	add_set(words, source >> 38 & 3, more, EV_LENGTH(more));
	if (!words->count)
		add(words, "N/A");
}

static void add_translation(struct words *words, uint64_t source)
{
	static const char *const names[] = { "N/A", "", "", "L1", "L2", "Walker", "Fault" };
	uint64_t bits = source >> 26 & 0x7f;
	add(words, "|TLB ");
	words->count = 0;
	add_set(words, bits & ~(uint64_t)6, names, EV_LENGTH(names));
	if (!words->count)
		add(words, "N/A");
	add_hit(words, bits);
}

void ev_script_data_source(uint64_t source, char *out, size_t size_bytes)
{
	struct words words = { .out = out, .size_bytes = size_bytes };
	unsigned lock = source >> 24 & 3, blocked = source >> 40 & 7;
	*out = 0;
	add_operation(&words, source & 0x1f);
	add_level(&words, source);
	add_snoop(&words, source);
	add_translation(&words, source);
	add(&words, lock & 1 ? "|LCK N/A" : lock & 2 ? "|LCK Yes" : "|LCK No");
	add(&words, "|BLK ");
	add(&words, blocked & 1 || !blocked ? " N/A" : "");
	if (!(blocked & 1)) {
		add(&words, blocked & 2 ? " Data" : "");
		add(&words, blocked & 4 ? " Addr" : "");
	}
}
