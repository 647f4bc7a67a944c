/* The kernel's description of its PMUs (type, format, events, cpumask) becomes tables and bits. */
#include <dirent.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sysfs.h"

/* sysfs hands out a page at most; more is not what it claims to be. */
#define LONGEST_FILE 4096

static int by_name(const void *one, const void *other)
{
	return strverscmp(*(const char *const *)one, *(const char *const *)other);
}

const char **ev_folder_names(const char *path, struct ev_arena *arena, size_t *count, int *error)
{
	EV_ARRAY(const char *) names = { 0 };
	*count = 0;
	*error = 0;
	DIR *folder = opendir(path);
	if (!folder) {
		*error = errno;
		return NULL;
	}
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			*ev_array_add(&names) =
				ev_arena_text(arena, entry->d_name, strlen(entry->d_name));
	closedir(folder);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_name);
	*count = names.count;
	const char **kept = NULL;
	if (names.count)
		kept = ev_arena_copy(arena, names.items, names.count * sizeof(*names.items));
	ev_array_done(&names);
	return kept;
}

/* First line of a small file without blanks around it; NULL when it can't be read or is no text. */
static const char *line_of(struct ev_arena *arena, const char *path)
{
	char *text;
	size_t size_bytes;
	if (ev_file_read(path, &text, &size_bytes))
		return NULL;
	struct ev_span line = { text, size_bytes };
	line = ev_span_trim(ev_span_head(line, ev_span_find(line, '\n')));
	bool sound = size_bytes <= LONGEST_FILE && ev_span_find(line, 0) == line.length;
	const char *kept = sound ? ev_span_text(arena, line) : NULL;
	free(text);
	return kept;
}

static char *pmu_path(struct ev_arena *arena, const char *root, const char *pmu, const char *rest)
{
	return ev_arena_printf(arena, "%s/sys/bus/event_source/devices/%s/%s", root, pmu, rest);
}

static void pmu_read(struct ev_pmus *pmus, const char *name)
{
	const char *type = line_of(&pmus->arena, pmu_path(&pmus->arena, pmus->root, name, "type"));
	uint64_t number;
	if (!type || ev_parse_u64(type, &number) || number > UINT32_MAX)
		return;
	const char *cpus = line_of(&pmus->arena, pmu_path(&pmus->arena, pmus->root, name, "cpus"));
	const char *mask =
		line_of(&pmus->arena, pmu_path(&pmus->arena, pmus->root, name, "cpumask"));
	struct ev_pmu *pmu = ev_array_add(pmus);
	pmu->name = name;
	pmu->type = (uint32_t)number;
	/* Arm and hybrid x86 name the cores a PMU serves, s390 does not. */
	pmu->core = cpus || !strcmp(name, "cpu") || !strcmp(name, "cpum_cf");
	/* Only PMUs outside the cores have a cpumask, but for Arm's SPE: there it names the CPUs
	 * that have the unit. */
	pmu->per_task = !mask || pmu->core || !strncmp(name, "arm_spe", strlen("arm_spe"));
	const char *where = cpus ? cpus : mask;
	pmu->cpus = where && *where ? where : NULL;
}

void ev_pmus_open(struct ev_pmus *pmus, const char *root)
{
	*pmus = (struct ev_pmus){ .root = root };
	size_t count;
	int error;
	const char **names =
		ev_folder_names(ev_arena_printf(&pmus->arena, "%s/sys/bus/event_source/devices",
						root),
				&pmus->arena, &count, &error);
	for (size_t i = 0; i < count; i++)
		pmu_read(pmus, names[i]);
}

void ev_pmus_close(struct ev_pmus *pmus)
{
	ev_array_done(pmus);
	ev_arena_done(&pmus->arena);
}

const struct ev_pmu *ev_pmu_find(const struct ev_pmus *pmus, struct ev_span name)
{
	const struct ev_pmu *alike = NULL;
	for (size_t i = 0; i < pmus->count; i++) {
		if (ev_span_is(name, pmus->items[i].name))
			return &pmus->items[i];
		if (!alike && ev_span_alike(name, pmus->items[i].name))
			alike = &pmus->items[i];
	}
	return alike;
}

const struct ev_pmu *ev_pmu_of(const struct ev_pmus *pmus, uint32_t type)
{
	for (size_t i = 0; i < pmus->count; i++)
		if (pmus->items[i].type == type)
			return &pmus->items[i];
	return NULL;
}

/* "uncore_imc_3" is meant by "imc", "imc_3", "uncore_imc" and any glob over it. */
static bool meant(const char *name, const char *word, bool glob)
{
	if (glob)
		return ev_glob_match(word, name);
	size_t length = ev_span_starts(ev_span_of(name), word);
	if (!length || !name[length])
		return length > 0;
	/* imc_1 is not imc_10. */
	if (name[length] != '_' && strchr("0123456789", word[length - 1]))
		return false;
	const char *rest = name + length + (name[length] == '_');
	return !rest[strspn(rest, "0123456789")];
}

bool ev_pmu_is_meant(const struct ev_pmu *pmu, struct ev_span word)
{
	static const char uncore[] = "uncore_";
	char text[256];
	if (word.length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)word.length, word.at);
	bool glob = ev_span_is_glob(word);
	return meant(pmu->name, text, glob) || (!strncmp(pmu->name, uncore, strlen(uncore)) &&
						meant(pmu->name + strlen(uncore), text, glob));
}

/* Asked for each hardware event of a command line: a PMU called cpu, which only CPUs of one kind of
 * core have, answers it with one system call. */
bool ev_pmus_are_hybrid(const char *root)
{
	char path[512];
	struct stat status;
	snprintf(path, sizeof(path), "%s/sys/bus/event_source/devices/cpu", root);
	if (!stat(path, &status))
		return false;
	path[strlen(path) - strlen("/cpu")] = 0;
	DIR *folder = opendir(path);
	unsigned cores = 0;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		snprintf(path, sizeof(path), "%.250s/cpus", entry->d_name);
		cores += entry->d_name[0] != '.' && !faccessat(dirfd(folder), path, F_OK, 0);
	}
	if (folder)
		closedir(folder);
	return cores > 1;
}

/* "config1:0-7,32" -> word and mask. */
static int field_parse(const char *text, struct ev_field *field)
{
	static const char *const words[] = { "config", "config1", "config2", "config3" };
	const char *colon = strchr(text, ':');
	*field = (struct ev_field){ .word = EV_LENGTH(words) };
	for (unsigned i = 0; colon && i < EV_LENGTH(words); i++)
		if (ev_span_is((struct ev_span){ text, (size_t)(colon - text) }, words[i]))
			field->word = i;
	uint32_t *bits = NULL;
	size_t count = 0;
	if (field->word == EV_LENGTH(words) || ev_parse_ranges(colon + 1, 63, &bits, &count))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		field->mask |= UINT64_C(1) << bits[i];
	free(bits);
	return 1;
}

/* The file of a folder with this name, or with one alike; NULL when there is none. */
static const char *name_in(const struct ev_pmus *pmus, const struct ev_pmu *pmu, const char *folder,
			   struct ev_span name, struct ev_arena *arena)
{
	size_t count;
	const char **names = ev_pmu_names(pmus, pmu, folder, arena, &count), *alike = NULL;
	for (size_t i = 0; i < count; i++) {
		if (ev_span_is(name, names[i]))
			return names[i];
		if (!alike && ev_span_alike(name, names[i]))
			alike = names[i];
	}
	return alike;
}

int ev_pmu_field(const struct ev_pmus *pmus, const struct ev_pmu *pmu, struct ev_span name,
		 struct ev_field *field)
{
	struct ev_arena arena = { 0 };
	int rc = 0;
	const char *file = name_in(pmus, pmu, "format", name, &arena);
	if (file) {
		const char *rest = ev_arena_printf(&arena, "format/%s", file);
		const char *text = line_of(&arena, pmu_path(&arena, pmus->root, pmu->name, rest));
		rc = text ? field_parse(text, field) : -EINVAL;
	}
	ev_arena_done(&arena);
	return rc;
}

bool ev_field_spread(uint64_t mask, uint64_t value, uint64_t *bits)
{
	*bits = 0;
	for (; mask; mask &= mask - 1, value >>= 1)
		if (value & 1)
			*bits |= mask & -mask;
	return !value;
}

/* The kernel writes '.' whatever the locale says; scales are such as 2.3283064365386962890625e-10.
 */
static double scale_of(const char *text)
{
	locale_t plain = newlocale(LC_NUMERIC_MASK, "C", NULL);
	char *end;
	double scale = plain ? strtod_l(text, &end, plain) : 0;
	if (plain)
		freelocale(plain);
	return plain && end != text && !*end && isfinite(scale) ? scale : 0;
}

int ev_pmu_alias(const struct ev_pmus *pmus, const struct ev_pmu *pmu, struct ev_span name,
		 struct ev_arena *arena, struct ev_alias *alias)
{
	const char *file = name_in(pmus, pmu, "events", name, arena);
	if (!file)
		return 0;
	const char *base = pmu_path(arena, pmus->root, pmu->name, "events/");
	alias->name = file;
	alias->terms = line_of(arena, ev_arena_printf(arena, "%s%s", base, file));
	const char *unit = line_of(arena, ev_arena_printf(arena, "%s%s.unit", base, file));
	const char *scale = line_of(arena, ev_arena_printf(arena, "%s%s.scale", base, file));
	alias->unit = unit ? unit : "";
	alias->scale = scale ? scale_of(scale) : 1.0;
	return alias->terms && *alias->terms && alias->scale > 0 ? 1 : -EINVAL;
}

static bool is_detail(const char *name)
{
	static const char *const endings[] = { ".unit", ".scale", ".per-pkg", ".snapshot" };
	size_t length = strlen(name);
	for (size_t i = 0; i < EV_LENGTH(endings); i++) {
		size_t tail = strlen(endings[i]);
		if (length > tail && !strcmp(name + length - tail, endings[i]))
			return true;
	}
	return false;
}

const char **ev_pmu_names(const struct ev_pmus *pmus, const struct ev_pmu *pmu, const char *folder,
			  struct ev_arena *arena, size_t *count)
{
	size_t all;
	int error;
	const char **names = ev_folder_names(pmu_path(arena, pmus->root, pmu->name, folder), arena,
					     &all, &error);
	*count = 0;
	for (size_t i = 0; i < all; i++)
		if (!is_detail(names[i]))
			names[(*count)++] = names[i];
	return names;
}
