/* Every record type and every field of a sample survives being encoded and decoded again. */
#include "recordings.h"

static const uint64_t words[] = { 0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666 };

struct setting {
	struct ev_recording recording;
	struct ev_buffer bytes;
	struct ev_decoder *decoder;
	struct ev_record decoded;
};

/* Encode, decode, and compare what all records share. */
static struct ev_record *round_trip(struct setting *setting, const struct ev_record *record)
{
	struct ev_err err = { 0 };
	struct ev_raw raw;

	setting->bytes.size_bytes = 0;
	assert_int_equal(ev_encode(&setting->recording, record, &setting->bytes, &err), 0);
	assert_int_equal(setting->bytes.size_bytes % 8, 0);
	raw = raw_of(&setting->bytes);
	assert_int_equal(raw.size_bytes, setting->bytes.size_bytes);
	if (!setting->decoder)
		setting->decoder = ev_decoder_open(&setting->recording);
	assert_int_equal(ev_decode(setting->decoder, &raw, &setting->decoded), 0);
	assert_int_equal(setting->decoded.type, record->type);
	return &setting->decoded;
}

static void done(struct setting *setting)
{
	ev_decoder_close(setting->decoder);
	ev_buffer_done(&setting->bytes);
	ev_recording_done(&setting->recording);
}

/* A record with a full sample id. */
static struct ev_record stamped(const struct setting *setting, uint32_t type)
{
	struct ev_record record = { .type = type, .pid = 1, .tid = 2, .cpu = 3, .time_ns = 4 };

	record.id = setting->recording.events[0].ids[1];
	return record;
}

static void assert_stamped(const struct setting *setting)
{
	const struct ev_record *decoded = &setting->decoded;

	assert_int_equal(decoded->event, 0);
	assert_int_equal(decoded->pid, 1);
	assert_int_equal(decoded->tid, 2);
	assert_int_equal(decoded->cpu, 3);
	assert_int_equal(decoded->time_ns, 4);
	assert_int_equal(decoded->id, setting->recording.events[0].ids[1]);
}

static void records_of_tasks_survive(void **state)
{
	struct setting setting = { 0 };
	static const uint32_t types[] = { PERF_RECORD_FORK, PERF_RECORD_EXIT };
	struct ev_record record;
	struct ev_record *decoded;

	(void)state;
	add_event(&setting.recording, "one", EVERY_TRAILER_FIELD);
	add_event(&setting.recording, "two", EVERY_TRAILER_FIELD);
	for (size_t i = 0; i < EV_LENGTH(types); i++) {
		record = stamped(&setting, types[i]);
		record.task = (struct ev_task){ 5, 6, 7, 8, 9 };
		decoded = round_trip(&setting, &record);
		assert_stamped(&setting);
		assert_memory_equal(&decoded->task, &record.task, sizeof(record.task));
	}
	record = stamped(&setting, PERF_RECORD_COMM);
	record.comm = (struct ev_comm){ 5, 6, true, "a comm" };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_int_equal(decoded->comm.pid, 5);
	assert_int_equal(decoded->comm.tid, 6);
	assert_true(decoded->comm.exec);
	assert_string_equal(decoded->comm.comm, "a comm");

	record = stamped(&setting, PERF_RECORD_NAMESPACES);
	record.namespaces = (struct ev_namespaces){ 5, 6, 3, words };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_int_equal(decoded->namespaces.count, 3);
	assert_memory_equal(decoded->namespaces.dev_inode, words, sizeof(words));

	record = stamped(&setting, PERF_RECORD_CGROUP);
	record.cgroup = (struct ev_cgroup){ 77, "/a/group" };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_int_equal(decoded->cgroup.id, 77);
	assert_string_equal(decoded->cgroup.path, "/a/group");

	record = stamped(&setting, EV_RECORD_CALLCHAIN_DEFERRED);
	record.deferred = (struct ev_deferred){ 99, words, 3 };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_int_equal(decoded->deferred.cookie, 99);
	assert_int_equal(decoded->deferred.chain_count, 3);
	assert_memory_equal(decoded->deferred.chain, words, 3 * sizeof(words[0]));

	record = stamped(&setting, PERF_RECORD_ITRACE_START);
	round_trip(&setting, &record);
	assert_stamped(&setting);
	done(&setting);
}

static void records_of_mappings_survive(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record;
	struct ev_mmap *mmap;

	(void)state;
	add_event(&setting.recording, "one", EVERY_TRAILER_FIELD);
	record = stamped(&setting, PERF_RECORD_MMAP);
	record.mmap = (struct ev_mmap){ .pid = 5,
					.tid = 6,
					.start = 0x1000,
					.length = 0x2000,
					.file_offset = 0x3000,
					.executable = true,
					.path = "/usr/bin/x" };
	mmap = &round_trip(&setting, &record)->mmap;
	assert_stamped(&setting);
	assert_int_equal(mmap->pid, 5);
	assert_int_equal(mmap->tid, 6);
	assert_int_equal(mmap->start, 0x1000);
	assert_int_equal(mmap->length, 0x2000);
	assert_int_equal(mmap->file_offset, 0x3000);
	assert_true(mmap->executable);
	assert_string_equal(mmap->path, "/usr/bin/x");
	record.mmap.executable = false;
	assert_false(round_trip(&setting, &record)->mmap.executable);

	record.type = PERF_RECORD_MMAP2;
	record.mmap.major = 8;
	record.mmap.minor = 1;
	record.mmap.inode = 99;
	record.mmap.inode_generation = 98;
	record.mmap.prot = 5;
	record.mmap.flags = 2;
	mmap = &round_trip(&setting, &record)->mmap;
	assert_stamped(&setting);
	assert_int_equal(mmap->major, 8);
	assert_int_equal(mmap->minor, 1);
	assert_int_equal(mmap->inode, 99);
	assert_int_equal(mmap->inode_generation, 98);
	assert_int_equal(mmap->prot, 5);
	assert_int_equal(mmap->flags, 2);
	assert_true(mmap->executable);
	assert_int_equal(mmap->build_id_bytes, 0);

	record.mmap.build_id_bytes = 16;
	memset(record.mmap.build_id, 0xab, 16);
	mmap = &round_trip(&setting, &record)->mmap;
	assert_int_equal(mmap->build_id_bytes, 16);
	assert_memory_equal(mmap->build_id, record.mmap.build_id, 20);
	assert_int_equal(mmap->inode, 0);
	assert_string_equal(mmap->path, "/usr/bin/x");
	done(&setting);
}

/* As Linux leaves it set for who did not ask for build-ids, beside one who did. */
static const struct ev_mmap *with_the_bit_of_build_ids(struct setting *setting,
						       const struct ev_record *record)
{
	round_trip(setting, record);
	((struct perf_event_header *)setting->bytes.bytes)->misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
	struct ev_raw raw = raw_of(&setting->bytes);
	assert_int_equal(ev_decode(setting->decoder, &raw, &setting->decoded), 0);
	return &setting->decoded.mmap;
}

static void a_device_is_not_read_as_a_build_id(void **state)
{
	static const uint32_t majors[] = { 0, 7, 8, 254 };
	struct setting setting = { 0 };
	(void)state;
	add_event(&setting.recording, "one", EVERY_TRAILER_FIELD);
	struct ev_record record = stamped(&setting, PERF_RECORD_MMAP2);
	for (size_t i = 0; i < EV_LENGTH(majors); i++) {
		record.mmap = (struct ev_mmap){ .major = majors[i],
						.minor = 1,
						.inode = 0x5125f,
						.inode_generation = 98,
						.path = "/usr/bin/x" };
		const struct ev_mmap *mmap = with_the_bit_of_build_ids(&setting, &record);
		assert_int_equal(mmap->build_id_bytes, 0);
		assert_int_equal(mmap->major, majors[i]);
		assert_int_equal(mmap->minor, 1);
		assert_int_equal(mmap->inode, 0x5125f);
		assert_int_equal(mmap->inode_generation, 98);
		assert_string_equal(mmap->path, "/usr/bin/x");
	}
	done(&setting);
}

static void records_of_the_kernel_survive(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record, *decoded;

	(void)state;
	add_event(&setting.recording, "one", EVERY_TRAILER_FIELD);
	record = stamped(&setting, PERF_RECORD_KSYMBOL);
	record.ksymbol = (struct ev_ksymbol){ 0xffff0000, 64, 1, 1, "bpf_prog_x" };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_int_equal(decoded->ksymbol.address, 0xffff0000);
	assert_int_equal(decoded->ksymbol.length, 64);
	assert_int_equal(decoded->ksymbol.kind, 1);
	assert_int_equal(decoded->ksymbol.flags, 1);
	assert_string_equal(decoded->ksymbol.name, "bpf_prog_x");

	record = stamped(&setting, PERF_RECORD_BPF_EVENT);
	record.bpf = (struct ev_bpf_event){ 1, 2, 3, "1234567" };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_memory_equal(&decoded->bpf, &record.bpf, sizeof(record.bpf));

	record = stamped(&setting, PERF_RECORD_AUX);
	record.aux = (struct ev_aux){ 1, 2, 3 };
	decoded = round_trip(&setting, &record);
	assert_memory_equal(&decoded->aux, &record.aux, sizeof(record.aux));

	record = stamped(&setting, PERF_RECORD_SWITCH_CPU_WIDE);
	record.context_switch = (struct ev_switch){ true, true, 55, 66 };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_true(decoded->context_switch.out);
	assert_true(decoded->context_switch.preempted);
	assert_int_equal(decoded->context_switch.other_pid, 55);
	assert_int_equal(decoded->context_switch.other_tid, 66);
	record = stamped(&setting, PERF_RECORD_SWITCH);
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_false(decoded->context_switch.out);
	done(&setting);
}

static void records_of_counting_survive(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record, *decoded;

	(void)state;
	add_event(&setting.recording, "one", EVERY_TRAILER_FIELD)->attr.read_format =
		PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID |
		PERF_FORMAT_LOST;
	record = stamped(&setting, PERF_RECORD_LOST);
	record.lost = (struct ev_lost){ 10, 5000 };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_memory_equal(&decoded->lost, &record.lost, sizeof(record.lost));
	record = stamped(&setting, PERF_RECORD_LOST_SAMPLES);
	record.lost.lost = 6;
	assert_int_equal(round_trip(&setting, &record)->lost.lost, 6);

	record = stamped(&setting, PERF_RECORD_THROTTLE);
	record.throttle = (struct ev_throttle){ 1, 2, 3 };
	decoded = round_trip(&setting, &record);
	assert_memory_equal(&decoded->throttle, &record.throttle, sizeof(record.throttle));
	record.type = PERF_RECORD_UNTHROTTLE;
	decoded = round_trip(&setting, &record);
	assert_memory_equal(&decoded->throttle, &record.throttle, sizeof(record.throttle));

	record = stamped(&setting, PERF_RECORD_READ);
	record.read = (struct ev_read_record){ 5, 6, { 7, 8, 9 }, 10, 11 };
	decoded = round_trip(&setting, &record);
	assert_stamped(&setting);
	assert_memory_equal(&decoded->read, &record.read, sizeof(record.read));

	record = (struct ev_record){ .type = EV_RECORD_FINISHED_ROUND, .event = -1 };
	assert_int_equal(round_trip(&setting, &record)->event, -1);
	done(&setting);
}

/* Every field at once, so that each is found behind all others. */
static struct ev_record full_sample(const struct ev_recording *recording)
{
	static const struct ev_branch branches[] = { { 1, 2, 3 }, { 4, 5, 6 } };
	static const struct ev_read_value reads[] = { { 100, 10, 1 }, { 200, 20, 2 } };
	struct ev_record record = make_sample(recording, 0, 5000, 0x401000);
	struct ev_sample *sample = &record.sample;

	sample->addr = 0xadd;
	sample->stream_id = 0x57;
	sample->chain = words;
	sample->chain_count = 4;
	sample->branches = branches;
	sample->branch_count = 2;
	sample->branch_hw_index = 9;
	sample->branch_counters = words + 4;
	sample->reads = reads;
	sample->read_count = 2;
	sample->enabled_ns = 1000;
	sample->running_ns = 900;
	sample->raw = "twelve bytes";
	sample->raw_bytes = 12;
	sample->user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	sample->user_regs_mask = 0x105;
	sample->user_regs = words;
	sample->intr_regs_abi = PERF_SAMPLE_REGS_ABI_32;
	sample->intr_regs_mask = 0x3;
	sample->intr_regs = words + 3;
	sample->user_stack = "a stack of 24 bytes here";
	sample->user_stack_bytes = 24;
	sample->weight = 0x11223344;
	sample->weight2 = 0x55;
	sample->weight3 = 0x66;
	sample->data_src = 0xd5;
	sample->transaction = 0x7a;
	sample->phys_addr = 0xf1;
	sample->cgroup = 0xc6;
	sample->data_page_size = 4096;
	sample->code_page_size = 2 << 20;
	sample->aux = "16 bytes of aux.";
	sample->aux_bytes = 16;
	return record;
}

static void assert_same_stacks(const struct ev_sample *got, const struct ev_sample *want)
{
	assert_int_equal(got->read_count, 2);
	assert_memory_equal(got->reads, want->reads, 2 * sizeof(*want->reads));
	assert_int_equal(got->enabled_ns, want->enabled_ns);
	assert_int_equal(got->running_ns, want->running_ns);
	assert_int_equal(got->chain_count, want->chain_count);
	assert_memory_equal(got->chain, want->chain, want->chain_count * 8);
	assert_int_equal(got->raw_bytes, want->raw_bytes);
	assert_memory_equal(got->raw, want->raw, want->raw_bytes);
	assert_int_equal(got->branch_count, want->branch_count);
	assert_memory_equal(got->branches, want->branches, 2 * sizeof(*want->branches));
	assert_int_equal(got->branch_hw_index, want->branch_hw_index);
	assert_memory_equal(got->branch_counters, want->branch_counters, 16);
	assert_int_equal(got->user_regs_abi, want->user_regs_abi);
	assert_int_equal(got->user_regs_mask, want->user_regs_mask);
	assert_memory_equal(got->user_regs, want->user_regs, 3 * 8);
	assert_int_equal(got->intr_regs_abi, want->intr_regs_abi);
	assert_int_equal(got->intr_regs_mask, want->intr_regs_mask);
	assert_memory_equal(got->intr_regs, want->intr_regs, 2 * 8);
	assert_int_equal(got->user_stack_bytes, want->user_stack_bytes);
	assert_memory_equal(got->user_stack, want->user_stack, want->user_stack_bytes);
	assert_int_equal(got->aux_bytes, want->aux_bytes);
	assert_memory_equal(got->aux, want->aux, want->aux_bytes);
}

static void assert_same_numbers(const struct ev_sample *got, const struct ev_sample *want)
{
	assert_int_equal(got->ip, want->ip);
	assert_int_equal(got->pid, want->pid);
	assert_int_equal(got->tid, want->tid);
	assert_int_equal(got->time_ns, want->time_ns);
	assert_int_equal(got->addr, want->addr);
	assert_int_equal(got->id, want->id);
	assert_int_equal(got->stream_id, want->stream_id);
	assert_int_equal(got->cpu, want->cpu);
	assert_int_equal(got->period, want->period);
	assert_int_equal(got->weight, want->weight);
	assert_int_equal(got->weight2, want->weight2);
	assert_int_equal(got->weight3, want->weight3);
	assert_int_equal(got->data_src, want->data_src);
	assert_int_equal(got->transaction, want->transaction);
	assert_int_equal(got->phys_addr, want->phys_addr);
	assert_int_equal(got->cgroup, want->cgroup);
	assert_int_equal(got->data_page_size, want->data_page_size);
	assert_int_equal(got->code_page_size, want->code_page_size);
}

static struct ev_recorded_event *add_full_event(struct ev_recording *recording)
{
	/* All but WEIGHT, which WEIGHT_STRUCT takes the place of. */
	struct ev_recorded_event *event =
		add_event(recording, "full", (PERF_SAMPLE_MAX - 1) & ~(uint64_t)PERF_SAMPLE_WEIGHT);

	event->attr.read_format = PERF_FORMAT_MAX - 1;
	event->attr.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX | EV_BRANCH_COUNTERS;
	event->attr.sample_regs_user = 0x105;
	event->attr.sample_regs_intr = 0x3;
	return event;
}

static void a_sample_with_every_field_survives(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record;
	struct ev_sample *got;

	(void)state;
	add_full_event(&setting.recording);
	record = full_sample(&setting.recording);
	got = &round_trip(&setting, &record)->sample;
	assert_int_equal(got->has, setting.recording.events[0].attr.sample_type);
	assert_same_numbers(got, &record.sample);
	assert_same_stacks(got, &record.sample);
	assert_int_equal(setting.decoded.id, 10);
	done(&setting);
}

/* One bit after the other: the field is there and nothing else is. */
static void every_field_of_a_sample_survives_alone(void **state)
{
	(void)state;
	for (unsigned bit = 0; 1U << bit < PERF_SAMPLE_MAX; bit++) {
		struct setting setting = { 0 };
		struct ev_record record;

		add_full_event(&setting.recording)->attr.sample_type = 1ULL << bit;
		record = full_sample(&setting.recording);
		assert_int_equal(round_trip(&setting, &record)->sample.has, 1ULL << bit);
		if (1ULL << bit == PERF_SAMPLE_WEIGHT)
			assert_int_equal(setting.decoded.sample.weight, 0x11223344);
		if (1ULL << bit == PERF_SAMPLE_CALLCHAIN)
			assert_int_equal(setting.decoded.sample.chain_count, 4);
		else
			assert_null(setting.decoded.sample.chain);
		done(&setting);
	}
}

static void every_read_format_survives(void **state)
{
	(void)state;
	for (uint64_t format = 0; format < PERF_FORMAT_MAX; format++) {
		struct setting setting = { 0 };
		struct ev_record record;
		struct ev_sample *got;
		bool group = format & PERF_FORMAT_GROUP;

		add_full_event(&setting.recording)->attr.read_format = format;
		record = full_sample(&setting.recording);
		got = &round_trip(&setting, &record)->sample;
		assert_int_equal(got->read_count, group ? 2 : 1);
		for (size_t i = 0; i < got->read_count; i++) {
			assert_int_equal(got->reads[i].value, 100 * (i + 1));
			assert_int_equal(got->reads[i].id,
					 format & PERF_FORMAT_ID ? 10 * (i + 1) : 0);
			assert_int_equal(got->reads[i].lost, format & PERF_FORMAT_LOST ? i + 1 : 0);
		}
		assert_int_equal(got->enabled_ns,
				 format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 1000 : 0);
		assert_int_equal(got->running_ns,
				 format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 900 : 0);
		assert_int_equal(got->code_page_size, 2 << 20);
		done(&setting);
	}
}

static void fields_without_content_survive(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record;
	struct ev_sample *got;

	(void)state;
	add_full_event(&setting.recording);
	record = make_sample(&setting.recording, 0, 1, 2);
	got = &round_trip(&setting, &record)->sample;
	assert_int_equal(got->chain_count, 0);
	assert_int_equal(got->branch_count, 0);
	assert_int_equal(got->user_regs_abi, PERF_SAMPLE_REGS_ABI_NONE);
	assert_null(got->user_regs);
	assert_int_equal(got->user_stack_bytes, 0);
	assert_int_equal(got->period, 7);
	done(&setting);
}

static void what_can_not_be_written_is_refused(void **state)
{
	struct setting setting = { 0 };
	struct ev_record record;
	struct ev_err err = { 0 };
	uint64_t *long_chain = ev_alloc(9000 * sizeof(*long_chain));

	(void)state;
	add_event(&setting.recording, "one", PERF_SAMPLE_CALLCHAIN);
	record = make_sample(&setting.recording, 0, 1, 2);
	record.sample.chain = long_chain;
	record.sample.chain_count = 9000;
	assert_int_equal(ev_encode(&setting.recording, &record, &setting.bytes, &err), -EMSGSIZE);
	assert_int_equal(setting.bytes.size_bytes, 0);
	record.sample.chain_count = 8000;
	assert_int_equal(ev_encode(&setting.recording, &record, &setting.bytes, &err), 0);
	record.type = 60;
	assert_int_equal(ev_encode(&setting.recording, &record, &setting.bytes, &err), -ENOTSUP);
	record.type = PERF_RECORD_SAMPLE;
	record.event = 1;
	assert_int_equal(ev_encode(&setting.recording, &record, &setting.bytes, &err), -EINVAL);
	free(long_chain);
	done(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_tasks_survive),
		cmocka_unit_test(records_of_mappings_survive),
		cmocka_unit_test(a_device_is_not_read_as_a_build_id),
		cmocka_unit_test(records_of_the_kernel_survive),
		cmocka_unit_test(records_of_counting_survive),
		cmocka_unit_test(a_sample_with_every_field_survives),
		cmocka_unit_test(every_field_of_a_sample_survives_alone),
		cmocka_unit_test(every_read_format_survives),
		cmocka_unit_test(fields_without_content_survive),
		cmocka_unit_test(what_can_not_be_written_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
