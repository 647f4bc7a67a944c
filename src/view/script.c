/* A decoded sample -> its line, in the columns of perf script. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "report.h"
#include "script.h"

/* ---- opening ----------------------------------------------------------------------------------
 */

static uint32_t style_of(struct ev_script *script, uint64_t fields)
{
	fields &= SCRIPT_PLACE_FIELDS;
	for (size_t i = 0; i < script->styles.count; i++)
		if (script->styles.items[i] == fields)
			return (uint32_t)i;
	*ev_array_add(&script->styles) = fields;
	return (uint32_t)script->styles.count - 1;
}

static const char *name_of(struct ev_script *script, size_t index)
{
	const struct ev_recorded_event *event = &script->recording->events[index];
	const char *system, *name, *failure;
	if (!event->name[0] && event->attr.type == PERF_TYPE_TRACEPOINT &&
	    ev_tracepoints_know(script->tracepoints, event->attr.config, &system, &name, &failure))
		return ev_arena_printf(&script->arena, "%s:%s", system, name);
	return ev_report_event_name(event, &script->arena);
}

static bool is_page_fault(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_PAGE_FAULTS ||
						    attr->config == PERF_COUNT_SW_PAGE_FAULTS_MIN ||
						    attr->config == PERF_COUNT_SW_PAGE_FAULTS_MAJ);
}

static void open_events(struct ev_script *script)
{
	const struct ev_recording *recording = script->recording;
	const struct ev_script_options *options = script->options;
	size_t count = recording->event_count, width = 0;
	const char **names = ev_alloc((count + 1) * sizeof(*names));
	script->events = ev_alloc((count + 1) * sizeof(*script->events));
	for (size_t i = 0; i <= count; i++) {
		names[i] =
			i < count ? ev_text_safe(&script->arena, name_of(script, i)) : "[unknown]";
		if (i < count && strlen(names[i]) > width)
			width = strlen(names[i]);
	}
	for (size_t i = 0; i <= count; i++) {
		static const struct perf_event_attr none;
		const struct perf_event_attr *attr = i < count ? &recording->events[i].attr : &none;
		struct script_event *event = &script->events[i];
		event->fields = options->fields.shown[ev_script_kind_of(attr->type)];
		event->label = ev_arena_printf(&script->arena,
					       "%*s: ", (int)(width > 512 ? 512 : width), names[i]);
		event->label_bytes = strlen(event->label);
		event->has_chain = attr->sample_type & PERF_SAMPLE_CALLCHAIN &&
				   !options->hide_chains && event->fields & SCRIPT_BIT(IP);
		event->lbr = attr->sample_type & PERF_SAMPLE_BRANCH_STACK &&
			     attr->branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK;
		event->addr_sym = is_page_fault(attr);
		event->bpf_output = attr->type == PERF_TYPE_SOFTWARE &&
				    attr->config == PERF_COUNT_SW_BPF_OUTPUT;
		event->style = style_of(script, event->fields);
		event->fixed_period =
			attr->sample_type & PERF_SAMPLE_PERIOD ? 0 : attr->sample_period;
	}
	free(names);
}

struct ev_script *ev_script_open(FILE *out, const struct ev_recording *recording,
				 const struct ev_space_set *spaces,
				 struct ev_symbolizer *symbolizer, struct ev_unwinder *unwinder,
				 const struct ev_script_options *options)
{
	struct ev_script *script = ev_alloc(sizeof(*script));
	script->out.file = out;
	script->recording = recording;
	script->spaces = spaces;
	script->symbolizer = symbolizer;
	script->unwinder = unwinder;
	script->options = options;
	script->tracepoints = ev_tracepoints_open(recording);
	open_events(script);
	return script;
}

void ev_script_turn(struct ev_script *script, FILE *out)
{
	if (script->out.file != out)
		ev_script_flush_out(&script->out);
	script->out.file = out;
}

bool ev_script_flush(struct ev_script *script)
{
	ev_script_flush_out(&script->out);
	errno = script->out.error;
	return !script->out.error;
}

void ev_script_close(struct ev_script *script)
{
	if (!script)
		return;
	ev_tracepoints_close(script->tracepoints);
	ev_array_done(&script->styles);
	ev_array_done(&script->places);
	ev_array_done(&script->cgroup_paths);
	ev_array_done(&script->object_names);
	ev_array_done(&script->comm_texts);
	ev_map_done(&script->comm_ids);
	ev_map_done(&script->place_ids);
	ev_map_done(&script->cgroups);
	ev_buffer_done(&script->store);
	ev_buffer_done(&script->payload);
	ev_arena_done(&script->arena);
	ev_arena_done(&script->scratch);
	free(script->events);
	free(script->unwound);
	free(script->out.bytes);
	free(script);
}

const char *ev_script_trouble(struct ev_script *script, size_t event)
{
	const struct perf_event_attr *attr = &script->recording->events[event].attr;
	const char *system, *name, *failure = NULL;
	if (attr->type != PERF_TYPE_TRACEPOINT ||
	    !(script->events[event].fields & SCRIPT_BIT(TRACE)))
		return NULL;
	if (!ev_tracepoints_know(script->tracepoints, attr->config, &system, &name, &failure))
		return "the recording does not carry its format";
	return failure;
}

const struct script_event *ev_script_event(const struct ev_script *script,
					   const struct ev_record *record)
{
	size_t count = script->recording->event_count;
	bool known = record->event >= 0 && (size_t)record->event < count;
	return &script->events[known ? (size_t)record->event : count];
}

/* ---- columns behind it ------------------------------------------------------------------------
 */

static const char *name_address(void *context, uint64_t address, uint64_t *offset)
{
	struct ev_script *script = context;
	static const struct ev_record nobody;
	const struct script_place *place =
		ev_script_place(script, &nobody, address, PERF_RECORD_MISC_KERNEL, true, 0);
	*offset = place->into;
	return place->symbol;
}

static void add_payload(struct ev_script *script, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	struct ev_buffer *text = &script->payload;
	uint64_t id = script->recording->events[record->event].attr.config;
	text->size_bytes = 0;
	if (!ev_tracepoints_print(script->tracepoints, id, sample->raw, sample->raw_bytes,
				  name_address, script, text))
		return;
	script_room(&script->out, text->size_bytes * 4);
	size_t from = script->out.used;
	script_bytes(&script->out, text->bytes, text->size_bytes);
	ev_script_escape(&script->out, from);
}

static void add_address(struct ev_script *script, const struct ev_record *record,
			const struct script_event *event)
{
	uint64_t address = record->sample.addr;
	ev_script_hex(&script->out, address, 16);
	if (!event->addr_sym || !(event->fields & (SCRIPT_BIT(SYM) | SCRIPT_BIT(DSO))))
		return;
	uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	if (cpumode == PERF_RECORD_MISC_KERNEL && !(address >> 63))
		cpumode = PERF_RECORD_MISC_USER;
	const struct script_place *place =
		ev_script_place(script, record, address, cpumode, true, event->style);
	script_bytes(&script->out, script->store.bytes + place->rest, place->rest_bytes);
}

static void add_memory(struct ev_script *script, const struct ev_sample *sample, uint64_t fields)
{
	struct script_out *out = &script->out;
	if (fields & SCRIPT_BIT(DATA_SRC)) {
		char words[100], all[100];
		ev_script_data_source(sample->data_src, words, sizeof(words));
		int length =
			snprintf(all, sizeof(all), "%16" PRIx64 " %s", sample->data_src, words);
		size_t bytes = (size_t)length < sizeof(all) ? (size_t)length : sizeof(all) - 1;
		if (bytes > script->source_bytes)
			script->source_bytes = bytes;
		ev_script_printf(out, "%-*s", (int)script->source_bytes, all);
	}
	if (fields & SCRIPT_BIT(WEIGHT))
		ev_script_decimal(out, sample->weight, 16, ' ');
	if (fields & SCRIPT_BIT(INS_LAT))
		ev_script_decimal(out, sample->weight2, 16, ' ');
	if (fields & SCRIPT_BIT(RETIRE_LAT))
		ev_script_decimal(out, sample->weight3, 16, ' ');
}

static void add_cgroup(struct ev_script *script, uint64_t id)
{
	const uint32_t *index = ev_map_find(&script->cgroups, id, 0);
	ev_script_printf(&script->out, " %s",
			 index ? script->cgroup_paths.items[*index - 1] : "unknown");
}

static void add_page_size(struct script_out *out, uint64_t bytes)
{
	static const char units[] = "BKMGTP";
	size_t unit = 0;
	if (!bytes) {
		script_text(out, " N/A");
		return;
	}
	while (bytes >= 1024 && bytes % 1024 == 0 && unit + 2 < sizeof(units)) {
		bytes /= 1024;
		unit++;
	}
	ev_script_printf(out, " %" PRIu64 "%c", bytes, units[unit]);
}

/* Hexadecimal and text, as a BPF program handed it over. */
static void add_bpf_output(struct script_out *out, const struct ev_sample *sample)
{
	const uint8_t *bytes = sample->raw;
	for (size_t i = 0; i < sample->raw_bytes; i += 8) {
		ev_script_printf(out, "\n%17s%04zx:", i ? "" : "BPF output: ", i);
		for (size_t k = i; k < i + 8; k++)
			if (k < sample->raw_bytes)
				ev_script_printf(out, " %02x", bytes[k]);
			else
				script_text(out, "   ");
		script_text(out, "  ");
		for (size_t k = i; k < i + 8 && k < sample->raw_bytes; k++)
			script_char(out, bytes[k] >= ' ' && bytes[k] <= '~' ? (char)bytes[k] : '.');
	}
}

static void add_place(struct ev_script *script, const struct ev_record *record,
		      const struct script_event *event)
{
	struct script_out *out = &script->out;
	const struct ev_sample *sample = &record->sample;
	if (event->has_chain && (sample->has & PERF_SAMPLE_CALLCHAIN)) {
		script_char(out, '\n');
		ev_script_chain(script, record, event);
		return;
	}
	script_char(out, ' ');
	ev_script_hex(out, sample->ip, 16);
	const struct script_place *place =
		ev_script_place(script, record, sample->ip,
				record->misc & PERF_RECORD_MISC_CPUMODE_MASK, true, event->style);
	script_bytes(out, script->store.bytes + place->rest, place->rest_bytes);
}

static void add_rest(struct ev_script *script, const struct ev_record *record,
		     const struct script_event *event)
{
	const struct ev_sample *sample = &record->sample;
	struct script_out *out = &script->out;
	uint64_t fields = event->fields;
	if (fields & SCRIPT_BIT(IREGS))
		ev_script_registers(script, sample->intr_regs_abi, sample->intr_regs_mask,
				    sample->intr_regs);
	if (fields & SCRIPT_BIT(UREGS))
		ev_script_registers(script, sample->user_regs_abi, sample->user_regs_mask,
				    sample->user_regs);
	if (fields & (SCRIPT_BIT(BRSTACK) | SCRIPT_BIT(BRSTACKSYM) | SCRIPT_BIT(BRSTACKOFF)))
		ev_script_branches(script, record, event);
	if (fields & SCRIPT_BIT(BPF_OUTPUT) && event->bpf_output)
		add_bpf_output(out, sample);
	if (fields & SCRIPT_BIT(PHYS_ADDR))
		ev_script_hex(out, sample->phys_addr, 16);
	if (fields & SCRIPT_BIT(DATA_PAGE_SIZE))
		add_page_size(out, sample->data_page_size);
	if (fields & SCRIPT_BIT(CODE_PAGE_SIZE))
		add_page_size(out, sample->code_page_size);
}

void ev_script_sample(struct ev_script *script, const struct ev_record *record)
{
	const struct script_event *event = ev_script_event(script, record);
	const struct ev_sample *sample = &record->sample;
	struct script_out *out = &script->out;
	uint64_t fields = event->fields;
	if (!fields)
		return;
	ev_script_begin(script, record, event);
	if (fields & SCRIPT_BIT(PERIOD)) {
		bool has = sample->has & PERF_SAMPLE_PERIOD;
		ev_script_decimal(out, has ? sample->period : event->fixed_period, 10, ' ');
		script_char(out, ' ');
	}
	if (fields & SCRIPT_BIT(EVENT))
		script_bytes(out, event->label, event->label_bytes);
	if (fields & SCRIPT_BIT(TRACE) && sample->raw && record->event >= 0)
		add_payload(script, record);
	if (fields & SCRIPT_BIT(ADDR))
		add_address(script, record, event);
	if (fields & (SCRIPT_BIT(DATA_SRC) | SCRIPT_BIT(WEIGHT) | SCRIPT_BIT(INS_LAT) |
		      SCRIPT_BIT(RETIRE_LAT)))
		add_memory(script, sample, fields);
	if (fields & SCRIPT_BIT(CGROUP))
		add_cgroup(script, sample->cgroup);
	if (fields & SCRIPT_BIT(IP))
		add_place(script, record, event);
	add_rest(script, record, event);
	script_char(out, '\n');
}

void ev_script_learn(struct ev_script *script, const struct ev_record *record)
{
	if (record->type != PERF_RECORD_CGROUP)
		return;
	*ev_array_add(&script->cgroup_paths) = ev_text_safe(&script->arena, record->cgroup.path);
	*ev_map_add(&script->cgroups, record->cgroup.id, 0, NULL) =
		(uint32_t)script->cgroup_paths.count;
}

void ev_script_leaf(struct ev_script *script, const struct ev_record *record,
		    struct ev_script_leaf *leaf)
{
	const struct script_event *event = ev_script_event(script, record);
	size_t length;
	const struct script_place *place =
		ev_script_place(script, record, record->sample.ip,
				record->misc & PERF_RECORD_MISC_CPUMODE_MASK, true, event->style);
	const struct ev_object *object = ev_space_set_object(script->spaces, place->object);
	*leaf = (struct ev_script_leaf){
		.symbol = place->symbol,
		.path = object->path ? object->path : "",
		.name = object->name,
		.start = place->symbol ? record->sample.ip - place->into : 0,
		.comm = ev_script_comm(script, record, &length),
	};
}
