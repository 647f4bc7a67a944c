/* The caches of this machine, or those that a user describes, in the shape that the simulator
 * takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "host.h"

#define CACHE_FOLDER "%s/sys/devices/system/cpu/cpu0/cache/index%u"

enum { INDICES_MAX = 16, LEVEL_MAX = 16, WAYS_MAX = 1024, LINE_LEAST = 16, LINE_MOST = 4096 };
#define SIZE_MOST ((uint64_t)1 << 30)

static const struct {
	const char *name, *other, *shown;
	struct ev_cache_model usual;
} levels[EV_CACHE_LEVELS] = {
	[EV_CACHE_L1I] = { "l1i", "i1", "I1", { 32 << 10, 8, 64, true, false } },
	[EV_CACHE_L1D] = { "l1d", "d1", "D1", { 32 << 10, 8, 64, true, false } },
	[EV_CACHE_LL] = { "ll", "llc", "LL", { 8 << 20, 16, 64, true, false } },
};

/* ---- the machine's -----------------------------------------------------------------------------
 */

/* Which of the simulator's levels an index stands for: the first level's two, or any above them. */
static bool read_index(const char *root, unsigned index, struct ev_cache_model *model,
		       enum ev_cache_level *place, uint64_t *level)
{
	char type[EV_HOST_TEXT_BYTES], size[EV_HOST_TEXT_BYTES];
	uint64_t ways, line;
	if (!ev_host_number(level, CACHE_FOLDER "/level", root, index) || *level > LEVEL_MAX ||
	    !ev_host_line(type, CACHE_FOLDER "/type", root, index) ||
	    !ev_host_line(size, CACHE_FOLDER "/size", root, index) ||
	    ev_parse_size(size, &model->size_bytes) ||
	    !ev_host_number(&ways, CACHE_FOLDER "/ways_of_associativity", root, index) ||
	    !ev_host_number(&line, CACHE_FOLDER "/coherency_line_size", root, index))
		return false;
	if (line < LINE_LEAST || line > LINE_MOST || line & (line - 1) ||
	    model->size_bytes < line || model->size_bytes > 64 * SIZE_MOST)
		return false;
	uint64_t lines = model->size_bytes / line;
	if (!ways || ways > lines)
		ways = lines; /* 0: fully associative */
	model->ways = (uint32_t)ways;
	model->line_bytes = (uint32_t)line;
	if (*level > 1)
		*place = EV_CACHE_LL;
	else
		*place = strcmp(type, "Instruction") ? EV_CACHE_L1D : EV_CACHE_L1I;
	return true;
}

void ev_caches_of_machine(struct ev_caches *caches, const char *root)
{
	uint64_t highest = 0;
	for (size_t i = 0; i < EV_CACHE_LEVELS; i++)
		caches->levels[i] = levels[i].usual;
	for (unsigned index = 0; index < INDICES_MAX; index++) {
		struct ev_cache_model model = { 0 };
		enum ev_cache_level place;
		uint64_t level;
		if (!read_index(root, index, &model, &place, &level))
			continue;
		if (place == EV_CACHE_LL && level < highest)
			continue;
		if (place == EV_CACHE_LL)
			highest = level;
		caches->levels[place] = model;
	}
}

/* ---- the user's --------------------------------------------------------------------------------
 */

static struct ev_cache_model *level_named(struct ev_caches *caches, const char *word, size_t length)
{
	for (size_t i = 0; i < EV_CACHE_LEVELS; i++)
		if ((strlen(levels[i].name) == length &&
		     !strncasecmp(word, levels[i].name, length)) ||
		    (strlen(levels[i].other) == length &&
		     !strncasecmp(word, levels[i].other, length)))
			return &caches->levels[i];
	return NULL;
}

/* The numbers of a cache, in turn: size, ways, line. */
static int set_number(struct ev_cache_model *model, unsigned turn, const char *word,
		      struct ev_err *err)
{
	uint64_t value;
	if (turn == 0 &&
	    (ev_parse_size(word, &value) || value < 2 * LINE_LEAST || value > SIZE_MOST))
		return ev_fail(err, EINVAL,
			       "--cache: a cache has a size such as 32K or 8M, up to 1G, not '%s'",
			       word);
	if (turn == 1 && (ev_parse_u64(word, &value) || !value || value > WAYS_MAX))
		return ev_fail(err, EINVAL, "--cache: a cache has 1 to %d ways, not '%s'", WAYS_MAX,
			       word);
	if (turn == 2 && (ev_parse_u64(word, &value) || value < LINE_LEAST || value > LINE_MOST ||
			  value & (value - 1)))
		return ev_fail(err, EINVAL, "--cache: a line has 16, 32, 64 … %d bytes, not '%s'",
			       LINE_MOST, word);
	if (turn == 0)
		model->size_bytes = value;
	else if (turn == 1)
		model->ways = (uint32_t)value;
	else if (turn == 2)
		model->line_bytes = (uint32_t)value;
	else
		return ev_fail(err, EINVAL,
			       "--cache: size, ways and line bytes are all there is to say of a "
			       "cache; '%s' is too much",
			       word);
	return 0;
}

static int parse_words(struct ev_caches *caches, char *text, struct ev_err *err)
{
	struct ev_cache_model *model = NULL;
	unsigned turn = 0;
	for (char *rest = text, *word; (word = strsep(&rest, ","));) {
		char *number = strchr(word, '=');
		if (number) {
			model = level_named(caches, word, (size_t)(number - word));
			if (!model)
				return ev_fail(err, EINVAL,
					       "--cache: '%.*s' is no cache: l1i, l1d and ll are",
					       (int)(number - word), word);
			model->assumed = false;
			model->given = true;
			turn = 0;
			word = number + 1;
		}
		if (!model)
			return ev_fail(err, EINVAL,
				       "--cache: say which cache first: l1i=, l1d= or ll=, as in "
				       "l1d=32K,8,64,ll=8M");
		int rc = set_number(model, turn++, word, err);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < EV_CACHE_LEVELS; i++) {
		const struct ev_cache_model *level = &caches->levels[i];
		if (level->size_bytes < (uint64_t)level->ways * level->line_bytes)
			return ev_fail(err, EINVAL,
				       "--cache: %s of %llu bytes has not even one set of %u ways "
				       "with lines of %u bytes",
				       levels[i].name, (unsigned long long)level->size_bytes,
				       level->ways, level->line_bytes);
	}
	return 0;
}

int ev_caches_parse(struct ev_caches *caches, const char *text, struct ev_err *err)
{
	struct ev_caches parsed = *caches;
	char *copy = ev_strdup(text);
	int rc = parse_words(&parsed, copy, err);
	if (!rc)
		*caches = parsed;
	free(copy);
	return rc;
}

/* ---- fitting -----------------------------------------------------------------------------------
 */

/* The next smaller power of two for the sets; ways make up for it. True when it had to change. */
static bool fit(struct ev_cache_model *model)
{
	struct ev_cache_model before = *model;
	uint64_t way_bytes, sets = 1;
	if (model->size_bytes > SIZE_MOST)
		model->size_bytes = SIZE_MOST;
	if (model->ways > WAYS_MAX)
		model->ways = WAYS_MAX;
	while (sets * 2 * model->ways * model->line_bytes <= model->size_bytes)
		sets *= 2;
	way_bytes = sets * model->line_bytes;
	model->ways = (uint32_t)((model->size_bytes + way_bytes / 2) / way_bytes);
	model->size_bytes = way_bytes * model->ways;
	return before.size_bytes != model->size_bytes || before.ways != model->ways;
}

/* "32K", "34816K", "8M", or bytes. */
static const char *size_text(uint64_t size_bytes, char *out, size_t room)
{
	bool mega = size_bytes >= 1 << 20 && size_bytes % (1 << 20) == 0;
	bool kilo = size_bytes >= 1 << 10 && size_bytes % (1 << 10) == 0;
	snprintf(out, room, "%llu%s",
		 (unsigned long long)(mega   ? size_bytes >> 20
				      : kilo ? size_bytes >> 10
					     : size_bytes),
		 mega   ? "M"
		 : kilo ? "K"
			: "");
	return out;
}

void ev_caches_fit(struct ev_caches *caches, char *note, size_t size_bytes)
{
	size_t used = 0;
	char before[32], after[32];
	*note = 0;
	for (size_t i = 0; i < EV_CACHE_LEVELS; i++) {
		struct ev_cache_model *model = &caches->levels[i], old = *model;
		const char *between = used ? "; " : "";
		int more = 0;
		if (fit(model))
			more = snprintf(note + used, size_bytes - used,
					"%s%s is %s %u-way, simulated as %s %u-way: the simulator "
					"needs a power of two of sets",
					between, levels[i].shown,
					size_text(old.size_bytes, before, sizeof(before)), old.ways,
					size_text(model->size_bytes, after, sizeof(after)),
					model->ways);
		else if (model->assumed)
			more = snprintf(note + used, size_bytes - used,
					"%s%s is assumed: this machine does not tell its own",
					between, levels[i].shown);
		used += more > 0 ? (size_t)more : 0;
		if (used >= size_bytes)
			used = size_bytes - 1;
	}
}

const char *ev_caches_text(const struct ev_caches *caches, char *out, size_t size_bytes)
{
	size_t used = 0;
	char size[32];
	*out = 0;
	for (size_t i = 0; i < EV_CACHE_LEVELS && used < size_bytes; i++) {
		const struct ev_cache_model *model = &caches->levels[i];
		used += (size_t)snprintf(out + used, size_bytes - used, "%s%s %s %u-way %u B%s",
					 i ? "; " : "", levels[i].shown,
					 size_text(model->size_bytes, size, sizeof(size)),
					 model->ways, model->line_bytes,
					 model->assumed ? " (assumed)" : "");
	}
	return out;
}
