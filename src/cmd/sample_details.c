/* The fields of a sample record become the details of a tag. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "sample_details.h"

/* ---- control groups ---------------------------------------------------------------------------
 */

enum { CGROUP_NAMESPACE = 6 }; /* its place in a NAMESPACES record */

struct sample_groups {
	struct ev_strings *paths;
	struct ev_map by_id; /* -> string id */
	EV_ARRAY(struct entered) entered;
};
struct entered {
	uint32_t tid;
	uint64_t time_ns, device, inode;
};

struct sample_groups *sample_groups_open(void)
{
	struct sample_groups *groups = ev_alloc(sizeof(*groups));
	groups->paths = ev_strings_open();
	return groups;
}

void sample_groups_add(struct sample_groups *groups, const struct ev_record *record)
{
	if (record->type == PERF_RECORD_CGROUP) {
		*ev_map_add(&groups->by_id, record->cgroup.id, 0, NULL) =
			ev_strings_add_text(groups->paths, record->cgroup.path);
	} else if (record->type == PERF_RECORD_NAMESPACES &&
		   record->namespaces.count > CGROUP_NAMESPACE) {
		const uint64_t *both = &record->namespaces.dev_inode[2 * CGROUP_NAMESPACE];
		*ev_array_add(&groups->entered) = (struct entered){
			.tid = record->namespaces.tid,
			.time_ns = record->time_ns,
			.device = both[0],
			.inode = both[1],
		};
	}
}

static int by_thread_and_time(const void *one, const void *other)
{
	const struct entered *a = one, *b = other;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

void sample_groups_ready(struct sample_groups *groups)
{
	if (groups->entered.count)
		qsort(groups->entered.items, groups->entered.count, sizeof(struct entered),
		      by_thread_and_time);
}

/* The last that a thread entered up to the time; NULL when none is known. */
static const struct entered *space_of(const struct sample_groups *groups,
				      const struct ev_record *record)
{
	struct entered sought = { .tid = record->tid, .time_ns = record->time_ns };
	size_t from = 0, to = groups->entered.count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (by_thread_and_time(&groups->entered.items[middle], &sought) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	const struct entered *found = from ? &groups->entered.items[from - 1] : NULL;
	return found && found->tid == record->tid ? found : NULL;
}

void sample_groups_close(struct sample_groups *groups)
{
	if (!groups)
		return;
	ev_strings_close(groups->paths);
	ev_map_done(&groups->by_id);
	ev_array_done(&groups->entered);
	free(groups);
}

static uint64_t group_path(struct sample_sink *sink, uint64_t id)
{
	const struct sample_groups *groups = sink->options->groups;
	const uint32_t *path = groups ? ev_map_find(&groups->by_id, id, 0) : NULL;
	return path ? ev_strings_add_text(sink->profile->strings,
					  ev_strings_text(groups->paths, *path))
		    : 0;
}

static uint64_t group_space(struct sample_sink *sink, const struct ev_record *record)
{
	const struct sample_groups *groups = sink->options->groups;
	const struct entered *space = groups ? space_of(groups, record) : NULL;
	char text[64];
	if (!space)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64 "/0x%" PRIx64, space->device, space->inode);
	return ev_strings_add_text(sink->profile->strings, text);
}

/* ---- a detail ---------------------------------------------------------------------------------
 */

static void take_branch(struct sample_sink *sink, const struct ev_record *record,
			const struct ev_branch *branch, uint64_t numbers[EV_DETAIL_COUNT])
{
	uint64_t cycles = EV_BRANCH_CYCLES(branch->flags);
	numbers[EV_DETAIL_WEIGHT] = cycles ? cycles : 1;
	numbers[EV_DETAIL_FROM] = branch->from;
	numbers[EV_DETAIL_TO] = branch->to;
	numbers[EV_DETAIL_BRANCH_FLAGS] = branch->flags;
	if (sink->options->load->details & EV_DETAIL_BIT(FROM_PLACE))
		numbers[EV_DETAIL_FROM_PLACE] = sample_place(sink, record, branch->from);
}

static uint32_t data_object(struct sample_sink *sink, const struct ev_record *record)
{
	uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	if (!record->sample.addr)
		return 0;
	/* The kernel works on memory of processes too. */
	if (cpumode == PERF_RECORD_MISC_KERNEL && !(record->sample.addr >> 63))
		cpumode = PERF_RECORD_MISC_USER;
	return ev_space_find(sink->spaces, &sink->cache, record->pid, record->time_ns,
			     record->sample.addr, cpumode)
		.object;
}

static uint32_t socket_of(struct sample_sink *sink, uint32_t cpu)
{
	struct sample_socket *known = &sink->sockets[cpu % EV_LENGTH(sink->sockets)];
	if (!known->known || known->cpu != cpu)
		*known = (struct sample_socket){ cpu, ev_recording_socket(sink->recording, cpu),
						 true };
	return known->socket;
}

/* As perf: of events that are none the bytes say nothing. */
static uint64_t trace_text(struct sample_sink *sink, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	struct ev_buffer text = { 0 };
	uint64_t id = 0;
	if (record->event < 0)
		return 0;
	const struct perf_event_attr *attr = &sink->recording->events[record->event].attr;
	if (attr->type == PERF_TYPE_TRACEPOINT && sample->raw &&
	    ev_tracepoints_print(sink->tracepoints, attr->config, sample->raw, sample->raw_bytes,
				 NULL, NULL, &text) &&
	    text.size_bytes)
		id = ev_strings_add(sink->profile->strings, (const char *)text.bytes,
				    strnlen((const char *)text.bytes, text.size_bytes));
	ev_buffer_done(&text);
	return id;
}

/* Empty for samples of events that have no such field. */
static uint64_t field_text(struct sample_sink *sink, const struct ev_record *record,
			   const struct sample_field *field)
{
	const struct ev_sample *sample = &record->sample;
	struct ev_buffer text = { 0 };
	uint64_t id = 0;
	if (record->event < 0 || !sample->raw)
		return 0;
	const struct perf_event_attr *attr = &sink->recording->events[record->event].attr;
	if (attr->type == PERF_TYPE_TRACEPOINT &&
	    sample_field_is_of(field, sink->tracepoints, attr->config) &&
	    ev_tracepoints_field(sink->tracepoints, attr->config, field->name, field->plain,
				 sample->raw, sample->raw_bytes, &text) &&
	    text.size_bytes)
		id = ev_strings_add(sink->profile->strings, (const char *)text.bytes,
				    strnlen((const char *)text.bytes, text.size_bytes));
	ev_buffer_done(&text);
	return id;
}

uint32_t sample_detail(struct sample_sink *sink, const struct ev_record *record,
		       const struct ev_branch *branch)
{
	const struct ev_sample *sample = &record->sample;
	uint32_t wanted = sink->options->load->details;
	uint64_t numbers[EV_DETAIL_COUNT] = {
		[EV_DETAIL_IP] = sample->ip,
		[EV_DETAIL_STATE] = ev_wait_state_at(sample->ip),
		[EV_DETAIL_WEIGHT] = sample->weight,
		[EV_DETAIL_LATENCY] = sample->weight2,
		[EV_DETAIL_STAGE_CYCLES] = sample->weight3,
		[EV_DETAIL_ADDRESS] = sample->addr,
		[EV_DETAIL_PHYSICAL] = sample->phys_addr,
		[EV_DETAIL_DATA_SOURCE] = sample->data_src,
		[EV_DETAIL_TRANSACTION] = sample->transaction,
		[EV_DETAIL_CODE_PAGE] = sample->code_page_size,
		[EV_DETAIL_DATA_PAGE] = sample->data_page_size,
	};
	if (wanted & EV_DETAIL_BIT(CGROUP))
		numbers[EV_DETAIL_CGROUP] = group_path(sink, sample->cgroup);
	if (wanted & EV_DETAIL_BIT(CGROUP_SPACE))
		numbers[EV_DETAIL_CGROUP_SPACE] = group_space(sink, record);
	if (wanted & EV_DETAIL_BIT(DATA_OBJECT))
		numbers[EV_DETAIL_DATA_OBJECT] = data_object(sink, record);
	if (wanted & EV_DETAIL_BIT(DATA_PLACE) && sample->addr)
		numbers[EV_DETAIL_DATA_PLACE] = sample_place(sink, record, sample->addr);
	if (wanted & EV_DETAIL_BIT(TRACE))
		numbers[EV_DETAIL_TRACE] = trace_text(sink, record);
	for (size_t i = 0; i < sink->options->load->field_count; i++)
		numbers[EV_DETAIL_FIELD + i] =
			field_text(sink, record, &sink->options->load->fields[i]);
	if (wanted & EV_DETAIL_BIT(SOCKET) && sample->has & PERF_SAMPLE_CPU)
		numbers[EV_DETAIL_SOCKET] = socket_of(sink, record->cpu);
	if (branch)
		take_branch(sink, record, branch, numbers);
	return ev_profile_detail(sink->profile, numbers);
}
