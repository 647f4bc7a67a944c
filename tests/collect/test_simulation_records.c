/* Simulated costs as the records of a recording, with their call chains and the files that only
 * the log knows. */
#include "simulated.h"

struct given {
	EV_ARRAY(struct ev_record) records;
	struct ev_arena arena;
};

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct given *given = context;
	struct ev_record *kept = ev_array_add(&given->records);
	(void)err;
	*kept = *record;
	if (record->type == PERF_RECORD_SAMPLE) {
		kept->sample.chain = ev_arena_copy(&given->arena, record->sample.chain,
						   record->sample.chain_count * sizeof(uint64_t));
		kept->sample.reads =
			ev_arena_copy(&given->arena, record->sample.reads,
				      record->sample.read_count * sizeof(struct ev_read_value));
	}
	if (record->type == PERF_RECORD_COMM)
		kept->comm.comm =
			ev_arena_text(&given->arena, record->comm.comm, strlen(record->comm.comm));
	return 0;
}

static struct ev_simulation_options options;
static struct ev_recording recording;

static struct ev_simulation *begin(unsigned callers)
{
	options = (struct ev_simulation_options){ .events = two_events(),
						  .event_count = 2,
						  .callers = callers };
	recording = (struct ev_recording){ 0 };
	for (size_t i = 0; i < 2; i++) {
		struct ev_recorded_event *event = ev_recording_add_event(&recording);
		ev_simulated_attr(options.events[i], &event->attr);
		event->ids = ev_arena_take(&recording.arena, sizeof(*event->ids));
		event->ids[0] = i + 1;
		event->id_count = 1;
	}
	return made_up_simulation(&options);
}

static void read_and_give(struct ev_simulation *simulation, struct given *given)
{
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	uint64_t samples, seen = 0;
	*given = (struct given){ 0 };
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	assert_int_equal(ev_simulation_give(simulation, &recording, take, given, &samples, &err),
			 0);
	for (size_t i = 0; i < given->records.count; i++)
		seen += given->records.items[i].type == PERF_RECORD_SAMPLE;
	assert_int_equal(seen, samples);
}

static void end(struct ev_simulation *simulation, struct given *given)
{
	ev_simulation_close(simulation);
	ev_array_done(&given->records);
	ev_arena_done(&given->arena);
	ev_recording_done(&recording);
}

static const struct ev_record *nth(const struct given *given, uint32_t type, size_t n)
{
	for (size_t i = 0; i < given->records.count; i++)
		if (given->records.items[i].type == type && !n--)
			return &given->records.items[i];
	return NULL;
}

static void each_instruction_and_event_is_a_sample_of_its_cost(void **state)
{
	struct ev_simulation *simulation = begin(0);
	struct given given;
	(void)state;
	leave(simulation, "cost.5-01",
	      HEAD(5, "/bin/walker -n 2", 1) "ob=(1) /gone/walker\nfn=(1) f\n"
					     "0x10 7 4 0 0 2\n+4 3\ntotals: 10\n");
	read_and_give(simulation, &given);
	const struct ev_record *map = nth(&given, PERF_RECORD_MMAP2, 0);
	assert_non_null(map);
	assert_string_equal(map->mmap.path, "/gone/walker");
	assert_true(map->mmap.executable);
	const struct ev_record *first = nth(&given, PERF_RECORD_SAMPLE, 0);
	assert_int_equal(first->sample.period, 7);
	assert_int_equal(first->sample.ip - map->mmap.start + map->mmap.file_offset, 0x10);
	assert_int_equal(first->event, 0);
	const struct ev_record *second = nth(&given, PERF_RECORD_SAMPLE, 1);
	assert_int_equal(second->sample.ip, first->sample.ip);
	assert_int_equal(second->sample.period, 2);
	assert_int_equal(second->event, 1);
	assert_int_equal(nth(&given, PERF_RECORD_SAMPLE, 2)->sample.ip, first->sample.ip + 4);
	assert_null(nth(&given, PERF_RECORD_SAMPLE, 3));
	assert_string_equal(nth(&given, PERF_RECORD_COMM, 0)->comm.comm, "walker");
	assert_int_equal(nth(&given, PERF_RECORD_COMM, 0)->pid, 5);
	end(simulation, &given);
}

static void threads_get_ids_that_no_process_has(void **state)
{
	struct ev_simulation *simulation = begin(0);
	struct given given;
	(void)state;
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a", 1) "ob=(1) /a\nfn=(1) f\n0x10 7\ntotals: 7\n");
	leave(simulation, "cost.5-02",
	      HEAD(5, "./a", 2) "ob=(1) /a\nfn=(1) f\n0x10 1\ntotals: 1\n");
	leave(simulation, "cost.6-02",
	      HEAD(6, "./a", 2) "ob=(1) /a\nfn=(1) f\n0x10 2\ntotals: 2\n");
	read_and_give(simulation, &given);
	const struct ev_record *main = nth(&given, PERF_RECORD_SAMPLE, 0);
	const struct ev_record *second = nth(&given, PERF_RECORD_SAMPLE, 1);
	const struct ev_record *third = nth(&given, PERF_RECORD_SAMPLE, 2);
	assert_int_equal(main->tid, 5);
	assert_int_equal(second->pid, 5);
	assert_true(second->tid > 4194304);
	assert_int_equal(third->pid, 6);
	assert_true(third->tid > 4194304 && third->tid != second->tid);
	end(simulation, &given);
}

static void the_second_program_of_a_process_is_later(void **state)
{
	struct ev_simulation *simulation = begin(0);
	struct given given;
	(void)state;
	leave(simulation, "kept.0",
	      HEAD(5, "sh -c x", 1) "ob=(1) /sh\nfn=(1) f\n0x10 7\ntotals: 7\n");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./x", 1) "ob=(1) /x\nfn=(1) f\n0x10 3\ntotals: 3\n");
	read_and_give(simulation, &given);
	const struct ev_record *first = nth(&given, PERF_RECORD_SAMPLE, 0);
	const struct ev_record *named = nth(&given, PERF_RECORD_COMM, 1);
	const struct ev_record *second = nth(&given, PERF_RECORD_SAMPLE, 1);
	assert_string_equal(nth(&given, PERF_RECORD_COMM, 0)->comm.comm, "sh");
	assert_string_equal(named->comm.comm, "x");
	assert_true(first->time_ns < named->time_ns);
	assert_true(named->time_ns <= second->time_ns);
	end(simulation, &given);
}

/* {instructions,L1-dcache-load-misses}:S */
static void group_them(void)
{
	for (int i = 0; i < 2; i++) {
		ev_simulated_attr_read(options.events[i], &recording.events[i].attr);
		recording.events[i].leader = 0;
	}
}

static void expect_reads(const struct ev_record *record, uint64_t first, uint64_t second)
{
	assert_non_null(record);
	assert_int_equal(record->event, 0);
	assert_int_equal(record->sample.read_count, 2);
	assert_int_equal(record->sample.reads[0].id, 1);
	assert_int_equal(record->sample.reads[0].value, first);
	assert_int_equal(record->sample.reads[1].id, 2);
	assert_int_equal(record->sample.reads[1].value, second);
}

static void samples_of_a_group_hold_what_all_of_it_counted_so_far(void **state)
{
	struct ev_simulation *simulation = begin(0);
	struct given given;
	(void)state;
	group_them();
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a", 1) "ob=(1) /a\nfn=(1) f\n0x10 7 4 0 0 2\n+4 3\n+4 0 1 0 0 1\n"
				"+4 0 1\ntotals: 10\n");
	read_and_give(simulation, &given);
	expect_reads(nth(&given, PERF_RECORD_SAMPLE, 0), 7, 2);
	expect_reads(nth(&given, PERF_RECORD_SAMPLE, 1), 10, 2);
	expect_reads(nth(&given, PERF_RECORD_SAMPLE, 2), 10, 3);
	assert_int_equal(nth(&given, PERF_RECORD_SAMPLE, 2)->sample.period, 0);
	assert_null(nth(&given, PERF_RECORD_SAMPLE, 3));
	end(simulation, &given);
}

/* Else what the first program counted later would look like counts that go backwards. */
static void counts_of_a_group_grow_in_the_order_of_programs(void **state)
{
	struct ev_simulation *simulation = begin(0);
	struct given given;
	uint64_t counted = 0, time_ns = 0;
	(void)state;
	group_them();
	leave(simulation, "kept.0",
	      HEAD(5, "sh -c x", 1) "ob=(1) /sh\nfn=(1) f\n0x10 7\ntotals: 7\n");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./x", 1) "ob=(1) /x\nfn=(1) f\n0x10 3\ntotals: 3\n");
	leave(simulation, "cost.6-01",
	      HEAD(6, "sh -c x", 1) "ob=(1) /sh\nfn=(1) f\n0x10 5\ntotals: 5\n");
	read_and_give(simulation, &given);
	for (size_t i = 0; i < 3; i++) {
		const struct ev_record *record = nth(&given, PERF_RECORD_SAMPLE, i);
		assert_true(record->time_ns >= time_ns);
		assert_true(record->sample.reads[0].value > counted);
		assert_int_equal(record->sample.reads[0].value - counted, record->sample.period);
		time_ns = record->time_ns;
		counted = record->sample.reads[0].value;
	}
	assert_int_equal(counted, 15);
	end(simulation, &given);
}

static void callers_are_those_of_the_name_from_the_busiest_place(void **state)
{
	struct ev_simulation *simulation = begin(8);
	struct given given;
	(void)state;
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a",
		   1) "ob=(1) /a\nfn=(1) main\n0x10 1\n"
		      "cfn=(2) sum'main\ncalls=1 0x90\n+4 9\ncfn=(2)\ncalls=5 0x90\n+4 45\n"
		      "fn=(2)\n0x90 30\ncfn=(3) add'sum'main\ncalls=2 0xa0\n+2 24\n"
		      "fn=(3)\n0xa0 24\ntotals: 55\n");
	read_and_give(simulation, &given);
	const struct ev_record *leaf = nth(&given, PERF_RECORD_SAMPLE, 2);
	uint64_t base = leaf->sample.ip - 0xa0;
	assert_int_equal(leaf->sample.period, 24);
	assert_int_equal(leaf->sample.chain_count, 4);
	assert_int_equal(leaf->sample.chain[0], (uint64_t)PERF_CONTEXT_USER);
	assert_int_equal(leaf->sample.chain[1], leaf->sample.ip);
	assert_int_equal(leaf->sample.chain[2], base + 0x92 + 1);
	assert_int_equal(leaf->sample.chain[3], base + 0x18 + 1); /* 5 calls, not 1 */
	assert_int_equal(nth(&given, PERF_RECORD_SAMPLE, 0)->sample.chain_count, 2);
	end(simulation, &given);
}

/* The depth callgrind was told to keep ends a name; who called above is several. */
static void a_chain_ends_where_its_name_does(void **state)
{
	struct ev_simulation *simulation = begin(1);
	struct given given;
	(void)state;
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a", 1) "ob=(1) /a\nfn=(1) f'f\n0x10 8\ncfn=(1)\ncalls=100 0x10\n+4 99\n"
				"totals: 8\n");
	read_and_give(simulation, &given);
	assert_int_equal(ev_simulated_depth("f'f"), 2);
	assert_int_equal(nth(&given, PERF_RECORD_SAMPLE, 0)->sample.chain_count, 3);
	end(simulation, &given);
}

/* Code of a .plt comes as an address in memory; the log tells where files are. */
static void addresses_in_memory_find_their_file(void **state)
{
	char self[4096], log[8192];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct ev_code code[4];
	struct given given;
	struct ev_simulation *simulation = begin(0);
	(void)state;
	assert_true(length > 0);
	self[length] = 0;
	assert_true(ev_code_of_file(self, code, 4) > 0);
	uint64_t there = code[0].address + 8, bias = 0x4000000;
	snprintf(log, sizeof(log),
		 "==5== Parent PID: 1\n--5-- Reading syms from %s\n--5--    svma 0x%lx, avma "
		 "0x%lx\n",
		 self, (unsigned long)code[0].address, (unsigned long)(code[0].address + bias));
	leave(simulation, "log.5", log);
	/* Process 6 is its child and has no files of its own. */
	leave(simulation, "log.6", "==6== Parent PID: 5\n");
	for (int pid = 5; pid <= 6; pid++) {
		char name[32], text[512];
		snprintf(name, sizeof(name), "cost.%d-01", pid);
		snprintf(text, sizeof(text),
			 "pid: %d\ncmd: x\nthread: 1\npositions: instr\nevents: Ir\nob=(1) ???\n"
			 "fn=(1) 0x1\n0x%lx 7\n0x77 1\ntotals: 8\n",
			 pid, (unsigned long)(there + bias));
		leave(simulation, name, text);
	}
	read_and_give(simulation, &given);
	assert_int_equal(simulation->rows.count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct ev_simulated_row *row = &simulation->rows.items[i];
		const char *object = ev_strings_text(simulation->strings, row->object);
		assert_string_equal(object, i % 2 ? "???" : self);
		assert_int_equal(row->address, i % 2 ? 0x77 : there);
	}
	end(simulation, &given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instruction_and_event_is_a_sample_of_its_cost),
		cmocka_unit_test(threads_get_ids_that_no_process_has),
		cmocka_unit_test(the_second_program_of_a_process_is_later),
		cmocka_unit_test(samples_of_a_group_hold_what_all_of_it_counted_so_far),
		cmocka_unit_test(counts_of_a_group_grow_in_the_order_of_programs),
		cmocka_unit_test(callers_are_those_of_the_name_from_the_busiest_place),
		cmocka_unit_test(a_chain_ends_where_its_name_does),
		cmocka_unit_test(addresses_in_memory_find_their_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
