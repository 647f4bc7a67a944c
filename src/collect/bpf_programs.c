/* BPF programs that are loaded now become records that name their code, and the sections from
 * which readers take it apart. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/collect.h>

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include "machine.h"

enum { PROGRAMS_MAX = 10000, DATA_BYTES_MAX = 8 << 20, SECTION_BYTES_MAX = 64 << 20 };

/* The arrays that the kernel fills, as perf numbers them. Where they stand in struct bpf_prog_info:
 * a pointer, a count, and a record size or a fixed one. */
#define FIELD(name) offsetof(struct bpf_prog_info, name)
static const struct array {
	unsigned bit;
	size_t pointer_at, count_at, size_at; /* size_at 0: each is of fixed_bytes */
	uint32_t fixed_bytes;
} arrays[] = {
	{ 0, FIELD(jited_prog_insns), FIELD(jited_prog_len), 0, 1 },
	{ 3, FIELD(jited_ksyms), FIELD(nr_jited_ksyms), 0, 8 },
	{ 4, FIELD(jited_func_lens), FIELD(nr_jited_func_lens), 0, 4 },
	{ 5, FIELD(func_info), FIELD(nr_func_info), FIELD(func_info_rec_size), 0 },
	{ 6, FIELD(line_info), FIELD(nr_line_info), FIELD(line_info_rec_size), 0 },
	{ 7, FIELD(jited_line_info), FIELD(nr_jited_line_info), FIELD(jited_line_info_rec_size),
	  0 },
	{ 8, FIELD(prog_tags), FIELD(nr_prog_tags), 0, BPF_TAG_SIZE },
};

struct program {
	struct bpf_prog_info info; /* its pointers are places in data */
	uint32_t info_bytes;       /* as many as this kernel knows */
	uint8_t *data;
	uint32_t data_bytes;
	struct btf *types; /* NULL when it has none */
};

static uint32_t word_of(const struct bpf_prog_info *info, size_t at)
{
	uint32_t word;
	memcpy(&word, (const uint8_t *)info + at, sizeof(word));
	return word;
}

static void set_word(struct bpf_prog_info *info, size_t at, uint32_t word)
{
	memcpy((uint8_t *)info + at, &word, sizeof(word));
}

static void set_pointer(struct bpf_prog_info *info, size_t at, uint64_t pointer)
{
	memcpy((uint8_t *)info + at, &pointer, sizeof(pointer));
}

static uint64_t array_bytes(const struct bpf_prog_info *info, const struct array *array)
{
	uint32_t each = array->size_at ? word_of(info, array->size_at) : array->fixed_bytes;
	return ((uint64_t)word_of(info, array->count_at) * each + 7) & ~UINT64_C(7);
}

/* Asks once how much there is, and again for all of it. False when the program is gone, or the
 * kernel does not show its code to this user. */
static bool read_program(int fd, struct program *program)
{
	struct bpf_prog_info first = { 0 }, wanted = { 0 };
	uint32_t info_bytes = sizeof(first);
	uint64_t bytes = 0, at = 0;
	if (bpf_obj_get_info_by_fd(fd, &first, &info_bytes) ||
	    info_bytes < FIELD(prog_tags) + sizeof(uint64_t))
		return false;
	for (size_t i = 0; i < EV_LENGTH(arrays); i++)
		bytes += array_bytes(&first, &arrays[i]);
	if (!first.nr_jited_ksyms || bytes > DATA_BYTES_MAX)
		return false;
	program->data = ev_alloc(bytes);
	program->data_bytes = (uint32_t)bytes;
	for (size_t i = 0; i < EV_LENGTH(arrays); i++) {
		set_word(&wanted, arrays[i].count_at, word_of(&first, arrays[i].count_at));
		if (arrays[i].size_at)
			set_word(&wanted, arrays[i].size_at, word_of(&first, arrays[i].size_at));
		set_pointer(&wanted, arrays[i].pointer_at, (uintptr_t)program->data + at);
		at += array_bytes(&first, &arrays[i]);
	}
	program->info_bytes = sizeof(wanted);
	if (bpf_obj_get_info_by_fd(fd, &wanted, &program->info_bytes))
		return false;
	at = 0;
	for (size_t i = 0; i < EV_LENGTH(arrays); i++) {
		set_pointer(&wanted, arrays[i].pointer_at, at);
		at += array_bytes(&first, &arrays[i]);
	}
	program->info = wanted;
	program->types = wanted.btf_id ? btf__load_from_kernel_by_id(wanted.btf_id) : NULL;
	return wanted.nr_jited_ksyms && wanted.nr_jited_ksyms == first.nr_jited_ksyms &&
	       wanted.nr_jited_func_lens == wanted.nr_jited_ksyms &&
	       wanted.nr_prog_tags == wanted.nr_jited_ksyms;
}

static void program_done(struct program *program)
{
	btf__free(program->types);
	free(program->data);
	*program = (struct program){ 0 };
}

/* ---- records ------------------------------------------------------------------------------------
 */

/* The name of a function in its types; NULL when those don't tell. */
static const char *typed_name(const struct program *program, uint32_t function)
{
	const struct bpf_prog_info *info = &program->info;
	struct bpf_func_info entry;
	if (!program->types || info->nr_func_info != info->nr_jited_ksyms ||
	    info->func_info_rec_size < sizeof(entry))
		return NULL;
	memcpy(&entry,
	       program->data + info->func_info + (size_t)function * info->func_info_rec_size,
	       sizeof(entry));
	const struct btf_type *type = btf__type_by_id(program->types, entry.type_id);
	const char *name = type ? btf__name_by_offset(program->types, type->name_off) : NULL;
	return name && *name ? name : NULL;
}

/* bpf_prog_TAG_NAME, as the kernel calls it. */
static void name_function(const struct program *program, uint32_t function, char *out,
			  size_t size_bytes)
{
	const struct bpf_prog_info *info = &program->info;
	const uint8_t *tag = program->data + info->prog_tags + (size_t)function * BPF_TAG_SIZE;
	const char *name = typed_name(program, function);
	int used = snprintf(out, size_bytes, "bpf_prog_");
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		used += snprintf(out + used, size_bytes - (size_t)used, "%02x", tag[i]);
	if (name)
		snprintf(out + used, size_bytes - (size_t)used, "_%s", name);
	else if (info->nr_jited_ksyms > 1)
		snprintf(out + used, size_bytes - (size_t)used, "_F");
	else if (*info->name)
		snprintf(out + used, size_bytes - (size_t)used, "_%.*s", BPF_OBJ_NAME_LEN,
			 info->name);
}

static int give_records(const struct program *program, ev_take_record take, void *context,
			struct ev_err *err)
{
	const struct bpf_prog_info *info = &program->info;
	char name[512];
	int rc = 0;
	for (uint32_t i = 0; i < info->nr_jited_ksyms && !rc; i++) {
		struct ev_record record = {
			.type = PERF_RECORD_KSYMBOL,
			.ksymbol = { .kind = PERF_RECORD_KSYMBOL_TYPE_BPF, .name = name },
		};
		memcpy(&record.ksymbol.address, program->data + info->jited_ksyms + i * 8ull, 8);
		memcpy(&record.ksymbol.length, program->data + info->jited_func_lens + i * 4ull, 4);
		name_function(program, i, name, sizeof(name));
		rc = take(context, &record, err);
	}
	struct ev_record record = {
		.type = PERF_RECORD_BPF_EVENT,
		.bpf = { .kind = PERF_BPF_EVENT_PROG_LOAD, .id = info->id },
	};
	memcpy(record.bpf.tag, info->tag, sizeof(record.bpf.tag));
	return rc ? rc : take(context, &record, err);
}

/* ---- sections -----------------------------------------------------------------------------------
 */

struct sections {
	struct ev_buffer programs, types; /* each begins with its u32 count */
	uint32_t program_count, type_count;
	struct ev_map known_types; /* ids of those that are in */
};

static void add_sections(struct sections *sections, const struct program *program)
{
	uint64_t filled = 0;
	uint32_t bytes;
	bool added;
	for (size_t i = 0; i < EV_LENGTH(arrays); i++)
		filled |= UINT64_C(1) << arrays[i].bit;
	if (sections->programs.size_bytes + program->data_bytes < SECTION_BYTES_MAX) {
		ev_buffer_u32(&sections->programs, program->info_bytes);
		ev_buffer_u32(&sections->programs, program->data_bytes);
		ev_buffer_u64(&sections->programs, filled);
		ev_buffer_add(&sections->programs, &program->info, program->info_bytes);
		ev_buffer_add(&sections->programs, program->data, program->data_bytes);
		sections->program_count++;
	}
	const void *types = program->types ? btf__raw_data(program->types, &bytes) : NULL;
	if (!types || sections->types.size_bytes + bytes > SECTION_BYTES_MAX)
		return;
	ev_map_add(&sections->known_types, program->info.btf_id, 0, &added);
	if (!added)
		return;
	ev_buffer_u32(&sections->types, program->info.btf_id);
	ev_buffer_u32(&sections->types, bytes);
	ev_buffer_add(&sections->types, types, bytes);
	sections->type_count++;
}

static void set_sections(struct sections *sections, struct ev_recording *recording)
{
	memcpy(sections->programs.bytes, &sections->program_count, sizeof(uint32_t));
	memcpy(sections->types.bytes, &sections->type_count, sizeof(uint32_t));
	ev_recording_set_section(recording, EV_FEATURE_BPF_PROG_INFO, sections->programs.bytes,
				 sections->programs.size_bytes);
	ev_recording_set_section(recording, EV_FEATURE_BPF_BTF, sections->types.bytes,
				 sections->types.size_bytes);
	ev_buffer_done(&sections->programs);
	ev_buffer_done(&sections->types);
	ev_map_done(&sections->known_types);
}

int ev_synthesize_bpf(struct ev_recording *recording, ev_take_record take, void *context,
		      struct ev_err *err)
{
	struct sections sections = { 0 };
	uint32_t id = 0;
	int rc = 0;
	if (!ev_machine_has_capability(EV_CAP_SYS_ADMIN))
		return 0; /* only those may walk through the programs */
	ev_buffer_u32(&sections.programs, 0);
	ev_buffer_u32(&sections.types, 0);
	for (int i = 0; !rc && i < PROGRAMS_MAX && !bpf_prog_get_next_id(id, &id); i++) {
		struct program program = { 0 };
		int fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;
		if (read_program(fd, &program)) {
			add_sections(&sections, &program);
			rc = give_records(&program, take, context, err);
		}
		program_done(&program);
		close(fd);
	}
	set_sections(&sections, recording);
	return rc;
}

#else

int ev_synthesize_bpf(struct ev_recording *recording, ev_take_record take, void *context,
		      struct ev_err *err)
{
	(void)recording, (void)take, (void)context, (void)err;
	return 0;
}

#endif
