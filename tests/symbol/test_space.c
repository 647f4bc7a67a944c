/* Histories: what an address and a thread were called at a time. */
#include "records.h"
#include "space.h"

static void an_address_becomes_an_offset_in_the_file(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, 7, 0x400000, 0x3000, 0x1000, "/bin/a");
	ev_space_set_ready(set);
	assert_place(set, 7, 5, 0x400010, USER, "a+1010");
	assert_place(set, 7, 5, 0x402fff, USER, "a+3fff");
	assert_place(set, 7, 5, 0x403000, USER, "[unknown]+403000");
	assert_place(set, 7, 5, 0x3fffff, USER, "[unknown]+3fffff");
	assert_place(set, 8, 5, 0x400010, USER, "[unknown]+400010");
	assert_place(set, 7, 0, 0x400010, 0, "a+1010");
	ev_space_set_close(set);
}

static void a_later_mapping_overrides_from_its_time_on(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 20, 7, 0x401000, 0x1000, 0, "/bin/b"); /* added out of order */
	map(set, 10, 7, 0x400000, 0x3000, 0, "/bin/a");
	ev_space_set_ready(set);
	assert_place(set, 7, 9, 0x401000, USER, "[unknown]+401000");
	assert_place(set, 7, 10, 0x401000, USER, "a+1000");
	assert_place(set, 7, 19, 0x401000, USER, "a+1000");
	assert_place(set, 7, 20, 0x401000, USER, "b+0");
	assert_place(set, 7, 20, 0x400fff, USER, "a+fff");
	assert_place(set, 7, 20, 0x402000, USER, "a+2000");
	assert_place(set, 7, 0, 0x401000, USER, "b+0");
	ev_space_set_close(set);
}

static void records_without_time_come_first_in_their_order(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 5, 7, 0x1000, 0x1000, 0, "/third");
	map(set, 0, 7, 0x1000, 0x1000, 0, "/first");
	map(set, 0, 7, 0x1000, 0x1000, 0, "/second");
	ev_space_set_ready(set);
	assert_place(set, 7, 4, 0x1000, USER, "second+0");
	assert_place(set, 7, 5, 0x1000, USER, "third+0");
	assert_place(set, 7, 0, 0x1000, USER, "third+0");
	ev_space_set_close(set);
}

static void a_child_has_the_maps_of_the_time_of_its_fork(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 10, 7, 0x1000, 0x1000, 0, "/a");
	fork_process(set, 20, 8, 7);
	map(set, 30, 7, 0x2000, 0x1000, 0, "/parents");
	map(set, 31, 8, 0x3000, 0x1000, 0, "/childs");
	ev_space_set_ready(set);
	assert_place(set, 8, 19, 0x1000, USER, "[unknown]+1000");
	assert_place(set, 8, 25, 0x1000, USER, "a+0");
	assert_place(set, 8, 40, 0x2000, USER, "[unknown]+2000");
	assert_place(set, 7, 40, 0x2000, USER, "parents+0");
	assert_place(set, 8, 40, 0x3000, USER, "childs+0");
	assert_place(set, 7, 40, 0x3000, USER, "[unknown]+3000");
	ev_space_set_close(set);
}

static void exec_starts_an_empty_space(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 10, 7, 0x1000, 0x1000, 0, "/a");
	comm(set, 20, 7, 7, "b", true);
	map(set, 21, 7, 0x2000, 0x1000, 0, "/b");
	comm(set, 30, 7, 7, "renamed", false);
	ev_space_set_ready(set);
	assert_place(set, 7, 15, 0x1000, USER, "a+0");
	assert_place(set, 7, 20, 0x1000, USER, "[unknown]+1000");
	assert_place(set, 7, 35, 0x2000, USER, "b+0");
	ev_space_set_close(set);
}

static void a_reused_pid_is_a_new_process(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 10, 7, 0x1000, 0x1000, 0, "/old");
	comm(set, 10, 7, 7, "old", false);
	task(set, PERF_RECORD_EXIT, 20, 7, 7, 1, 1);
	map(set, 25, 9, 0x1000, 0x1000, 0, "/shell");
	comm(set, 25, 9, 9, "shell", false);
	fork_process(set, 30, 7, 9);
	ev_space_set_ready(set);
	assert_place(set, 7, 21, 0x1000, USER, "old+0"); /* a late sample of the exit itself */
	assert_place(set, 7, 30, 0x1000, USER, "shell+0");
	assert_string_equal(ev_space_comm(set, 7, 7, 29), "old");
	assert_string_equal(ev_space_comm(set, 7, 7, 31), "shell");
	ev_space_set_close(set);
}

static void a_new_thread_changes_no_maps(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 10, 7, 0x1000, 0x1000, 0, "/a");
	task(set, PERF_RECORD_FORK, 20, 7, 8, 7, 7);
	task(set, PERF_RECORD_EXIT, 30, 7, 7, 7, 7); /* the first thread ends before the others */
	map(set, 40, 7, 0x2000, 0x1000, 0, "/b");
	ev_space_set_ready(set);
	assert_place(set, 7, 50, 0x1000, USER, "a+0");
	assert_place(set, 7, 50, 0x2000, USER, "b+0");
	ev_space_set_close(set);
}

static void a_thousand_forks_copy_no_maps(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	for (uint64_t i = 0; i < 1000; i++)
		map(set, 10 + i, 7, 0x100000 + i * 0x2000, 0x1000, 0, "/lib");
	ev_space_set_ready(set);
	size_t before = set->segments.nodes.count;
	for (uint32_t i = 0; i < 1000; i++)
		fork_process(set, 5000 + i, 1000 + i, i % 2 ? 999 + i : 7);
	ev_space_set_ready(set);
	assert_true(set->segments.nodes.count < before + 100);
	assert_place(set, 1999, 9000, 0x100000 + 999 * 0x2000, USER, "lib+0");
	ev_space_set_close(set);
}

static void a_synthetic_fork_takes_no_maps(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, 7, 0x1000, 0x1000, 0, "/a");
	struct ev_record record = { .type = PERF_RECORD_FORK, .misc = PERF_RECORD_MISC_FORK_EXEC };
	record.task = (struct ev_task){ .pid = 8, .tid = 8, .parent_pid = 7, .parent_tid = 7 };
	ev_space_set_add(set, &record);
	ev_space_set_ready(set);
	assert_place(set, 8, 0, 0x1000, USER, "[unknown]+1000");
	ev_space_set_close(set);
}

/* Against a slow truth: the newest mapping at or before the time that covers the address. */
static void random_histories_are_answered_right(void **state)
{
	(void)state;
	enum { COUNT = 600, PAGES = 64 };
	struct ev_space_set *set = ev_space_set_open();
	uint64_t times[COUNT], starts[COUNT], ends[COUNT];
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	for (uint32_t i = 0; i < COUNT; i++) {
		uint64_t dice = ev_hash64(i + 1000);
		char path[16];
		snprintf(path, sizeof(path), "/m%u", i);
		times[i] = 1 + dice % 500;
		starts[i] = 0x10000 + (dice >> 20) % PAGES * 4096;
		ends[i] = starts[i] + (1 + (dice >> 40) % 8) * 4096;
		map(set, times[i], 7, starts[i], ends[i] - starts[i], 0, path);
	}
	ev_space_set_ready(set);
	for (uint32_t n = 0; n < 40000; n++) {
		uint64_t dice = ev_hash64(n), time_ns = 1 + dice % 520;
		uint64_t address = 0x10000 + (dice >> 16) % (PAGES + 8) * 4096 + (dice >> 50);
		int best = -1;
		for (int i = 0; i < COUNT; i++)
			if (times[i] <= time_ns && address >= starts[i] && address < ends[i] &&
			    (best < 0 || times[i] >= times[best]))
				best = i;
		struct ev_place place = ev_space_find(set, cache, 7, time_ns, address, USER);
		if (best < 0) {
			assert_int_equal(place.object, 0);
			assert_int_equal(place.offset, address);
		} else {
			char path[16];
			snprintf(path, sizeof(path), "/m%d", best);
			assert_string_equal(ev_space_set_object(set, place.object)->path, path);
			assert_int_equal(place.offset, address - starts[best]);
		}
	}
	free(cache);
	ev_space_set_close(set);
}

static void records_may_be_added_after_ready(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	map(set, 10, 7, 0x1000, 0x1000, 0, "/a");
	ev_space_set_ready(set);
	assert_int_equal(ev_space_find(set, cache, 7, 50, 0x1000, USER).object,
			 ev_space_find(set, cache, 7, 50, 0x1008, USER).object);
	map(set, 40, 7, 0x1000, 0x1000, 0, "/b");
	map(set, 30, 7, 0x1000, 0x1000, 0, "/c");
	ev_space_set_ready(set);
	struct ev_place place = ev_space_find(set, cache, 7, 50, 0x1000, USER);
	assert_string_equal(ev_space_set_object(set, place.object)->path, "/b");
	map(set, 20, 7, 0x1000, 0x1000, 0, "/late"); /* before what is already in the history */
	ev_space_set_ready(set);
	place = ev_space_find(set, cache, 7, 25, 0x1000, USER);
	assert_string_equal(ev_space_set_object(set, place.object)->path, "/late");
	place = ev_space_find(set, cache, 7, 50, 0x1000, USER);
	assert_string_equal(ev_space_set_object(set, place.object)->path, "/b");
	free(cache);
	ev_space_set_close(set);
}

static void names_of_threads_follow_time_and_forks(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	comm(set, 10, 7, 7, "sh", false);
	fork_process(set, 20, 8, 7);
	comm(set, 30, 8, 8, "ls", true);
	task(set, PERF_RECORD_FORK, 40, 8, 9, 8, 8);
	comm(set, 50, 8, 9, "worker", false);
	ev_space_set_ready(set);
	assert_string_equal(ev_space_comm(set, 8, 8, 25), "sh");
	assert_string_equal(ev_space_comm(set, 8, 8, 30), "ls");
	assert_string_equal(ev_space_comm(set, 8, 9, 45), "ls");
	assert_string_equal(ev_space_comm(set, 8, 9, 50), "worker");
	assert_string_equal(ev_space_comm(set, 8, 9, 0), "worker");
	assert_string_equal(ev_space_comm(set, 8, 99, 50), "ls"); /* the process' */
	assert_string_equal(ev_space_comm(set, 5, 5, 50), "");
	assert_string_equal(ev_space_comm(set, 0, 0, 50), "swapper");
	ev_space_set_close(set);
}

static void kernel_addresses_belong_to_kernel_and_modules(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, UINT32_MAX, 0xffffffff81000000, 0x1000000, 0xffffffff81000000,
	    "[kernel.kallsyms]_text");
	map(set, 0, UINT32_MAX, 0xffffffffc0000000, 0x4000, 0,
	    "/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz");
	ksymbol(set, 10, 0xffffffffc0100040, 0x80, "bpf_prog_1_x", false);
	ksymbol(set, 20, 0xffffffffc0100040, 0x80, "", true);
	map(set, 0, 7, 0x1000, 0x1000, 0, "/a");
	ev_space_set_ready(set);
	assert_place(set, 7, 5, 0xffffffff81000010, KERNEL, "[kernel.kallsyms]+ffffffff81000010");
	assert_place(set, 7, 5, 0xffffffff81000010, 0, "[kernel.kallsyms]+ffffffff81000010");
	assert_place(set, 7, 5, 0xffffffffc0000010, KERNEL, "[nf_tables]+ffffffffc0000010");
	assert_place(set, 7, 15, 0xffffffffc0100040, KERNEL, "bpf_prog_1_x+ffffffffc0100040");
	/* Same page, outside of the program; and after it was unloaded. */
	assert_place(set, 7, 15, 0xffffffffc0100000, KERNEL, "[kernel.kallsyms]+ffffffffc0100000");
	assert_place(set, 7, 25, 0xffffffffc0100040, KERNEL, "[kernel.kallsyms]+ffffffffc0100040");
	/* A 32-bit kernel's addresses are kernel addresses because the record says so. */
	assert_place(set, 7, 5, 0x1000, KERNEL, "[kernel.kallsyms]+1000");
	assert_place(set, 7, 5, 0x1000, PERF_RECORD_MISC_GUEST_USER, "[unknown]+1000");
	assert_place(set, 7, 5, 0xffffffffff600000, USER, "[unknown]+ffffffffff600000");
	assert_string_equal(set->kernel_reference, "_text");
	ev_space_set_close(set);
}

static const struct ev_object *object_at(struct ev_space_set *set, uint32_t pid, uint64_t address)
{
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_place place = ev_space_find(set, cache, pid, 0, address, USER);
	free(cache);
	return ev_space_set_object(set, place.object);
}

static void generated_code_is_one_object_per_process(void **state)
{
	(void)state;
	static const char *const paths[] = { "//anon",         "[heap]",    "/memfd:jit (deleted)",
					     "anon_inode:[x]", "/dev/zero", "/SYSV00000000",
					     "[stack]",        "[anon:v8]" };
	struct ev_space_set *set = ev_space_set_open();
	for (uint64_t i = 0; i < EV_LENGTH(paths); i++)
		map(set, 0, 7, (i + 1) * 0x1000, 0x1000, 0, paths[i]);
	map(set, 0, 8, 0x1000, 0x1000, 0, "//anon");
	fork_process(set, 5, 9, 8);
	ev_space_set_ready(set);
	for (uint64_t i = 0; i < EV_LENGTH(paths); i++) {
		const struct ev_object *object = object_at(set, 7, (i + 1) * 0x1000);
		assert_int_equal(object->kind, EV_OBJECT_JIT);
		assert_int_equal(object->pid, 7);
		assert_ptr_equal(object, object_at(set, 7, 0x1000));
	}
	assert_int_equal(object_at(set, 8, 0x1000)->pid, 8);
	/* The child runs what its parent generated. */
	assert_int_equal(object_at(set, 9, 0x1000)->pid, 8);
	assert_place(set, 7, 0, 0x1010, USER, "[JIT] tid 7+1010");
	ev_space_set_close(set);
}

static void objects_are_named_as_people_do(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, 7, 0x1000, 0x1000, 0x7f00, "[vdso]");
	map(set, 0, 7, 0x2000, 0x1000, 0, "/opt/x/prog (deleted)");
	map_with_id(set, 0, 7, 0x3000, 0x1000, 0, "/memfd:prog (deleted)", "0123456789abcdef0123");
	map(set, 0, 7, 0x4000, 0x1000, 0, "[uprobes]");
	ev_space_set_ready(set);
	assert_place(set, 7, 0, 0x1010, USER, "[vdso]+10"); /* its file offset means nothing */
	assert_place(set, 7, 0, 0x2010, USER, "prog+10");
	assert_string_equal(object_at(set, 7, 0x2000)->path, "/opt/x/prog (deleted)");
	assert_int_equal(object_at(set, 7, 0x3000)->kind, EV_OBJECT_FILE);
	assert_int_equal(object_at(set, 7, 0x4000)->kind, EV_OBJECT_UNKNOWN);
	ev_space_set_close(set);
}

static void build_ids_tell_files_of_one_path_apart(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	struct ev_build_id header[] = {
		{ .pid = UINT32_MAX, .id = "hhhhhhhhhhhhhhhhhhhh", .id_bytes = 20, .path = "/h" },
		{ .id_bytes = 77, .path = "/h" }, /* nonsense is not taken */
	};
	struct ev_recording recording = { .build_ids = header, .build_id_count = 2 };
	map_with_id(set, 1, 7, 0x1000, 0x1000, 0, "/a", "aaaaaaaaaaaaaaaaaaaa");
	map_with_id(set, 2, 7, 0x2000, 0x1000, 0, "/a", "bbbbbbbbbbbbbbbbbbbb");
	map_with_id(set, 3, 7, 0x3000, 0x1000, 0, "/a", "aaaaaaaaaaaaaaaaaaaa");
	map(set, 4, 7, 0x4000, 0x1000, 0, "/a"); /* either: not guessed */
	map(set, 5, 7, 0x5000, 0x1000, 0, "/h");
	map_with_id(set, 6, 7, 0x6000, 0x1000, 0, "/c", "cccccccccccccccccccc");
	map(set, 7, 7, 0x7000, 0x1000, 0, "/c"); /* the only one known of this path */
	ev_space_set_build_ids(set, &recording);
	ev_space_set_ready(set);
	assert_ptr_equal(object_at(set, 7, 0x1000), object_at(set, 7, 0x3000));
	assert_ptr_not_equal(object_at(set, 7, 0x1000), object_at(set, 7, 0x2000));
	assert_int_equal(object_at(set, 7, 0x4000)->build_id_bytes, 0);
	assert_int_equal(object_at(set, 7, 0x5000)->build_id_bytes, 20);
	assert_memory_equal(object_at(set, 7, 0x5000)->build_id, "hhhhhhhhhhhhhhhhhhhh", 20);
	assert_ptr_equal(object_at(set, 7, 0x6000), object_at(set, 7, 0x7000));
	ev_space_set_close(set);
}

static void a_file_stays_one_object_however_many_others_come_in_between(void **state)
{
	(void)state;
	enum { OTHERS = 1000 };
	struct ev_space_set *set = ev_space_set_open();
	map_with_id(set, 1, 7, 0x1000, 0x1000, 0, "/a", "aaaaaaaaaaaaaaaaaaaa");
	for (unsigned i = 0; i < OTHERS; i++) {
		char path[16], id[21];
		snprintf(path, sizeof(path), "/b%u", i);
		snprintf(id, sizeof(id), "%020u", i);
		map_with_id(set, 2, 8, 0x10000 + i * 0x1000ull, 0x1000, 0, path, id);
	}
	map_with_id(set, 3, 9, 0x1000, 0x1000, 0, "/a", "aaaaaaaaaaaaaaaaaaaa");
	ev_space_set_ready(set);
	assert_ptr_equal(object_at(set, 7, 0x1000), object_at(set, 9, 0x1000));
	assert_ptr_not_equal(object_at(set, 8, 0x10000), object_at(set, 8, 0x11000));
	ev_space_set_close(set);
}

static void absurd_records_are_survived(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 1, 7, UINT64_MAX - 10, UINT64_MAX, UINT64_MAX, NULL);
	map(set, 2, 7, 0, UINT64_MAX, 0, "/all");
	map(set, 3, 7, 0x1000, 0, 0, "/none");
	comm(set, UINT64_MAX, 7, 7, NULL, true);
	fork_process(set, 5, 7, 7);
	fork_process(set, 6, UINT32_MAX, 7);
	ksymbol(set, 7, UINT64_MAX, UINT32_MAX, NULL, false);
	ev_space_set_ready(set);
	assert_place(set, 7, 4, 0x1000, USER, "all+1000");
	assert_place(set, 7, 4, UINT64_MAX - 1, USER, "all+fffffffffffffffe");
	assert_place(set, 7, 4, UINT64_MAX, USER, "[unknown]+ffffffffffffffff");
	ev_space_comm(set, 7, 7, UINT64_MAX);
	assert_string_equal(ev_space_set_object(set, 12345)->name, "[unknown]");
	ev_space_set_close(set);
}

static void an_old_memory_does_not_answer_for_a_new_set(void **state)
{
	(void)state;
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	for (int round = 0; round < 3; round++) {
		struct ev_space_set *set = ev_space_set_open();
		map(set, 1, 7, 0x1000 * (uint64_t)(round + 1), 0x1000, 0, "/a");
		ev_space_set_ready(set);
		for (int page = 0; page < 3; page++)
			assert_int_equal(ev_space_find(set, cache, 7, 5,
						       0x1000 * (uint64_t)(page + 1), USER)
							 .object != 0,
					 page == round);
		ev_space_set_close(set);
	}
	free(cache);
}

static void who_is_told_anew_keeps_the_numbers_of_objects(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache *cache = ev_alloc(sizeof(*cache));
	map(set, 10, 7, 0x1000, 0x1000, 0, "/a");
	map(set, 11, 8, 0x1000, 0x1000, 0, "/b");
	ev_space_set_ready(set);
	struct ev_place before = ev_space_find(set, cache, 8, 20, 0x1010, USER);
	assert_int_equal(ev_space_set_weight(set), 2);
	ev_space_set_restart(set);
	assert_int_equal(ev_space_set_weight(set), 0);
	map(set, 0, 8, 0x1000, 0x1000, 0, "/b");
	map(set, 30, 8, 0x5000, 0x1000, 0, "/c");
	ev_space_set_ready(set);
	struct ev_place after = ev_space_find(set, cache, 8, 20, 0x1010, USER);
	assert_int_equal(before.object, after.object);
	assert_place(set, 7, 20, 0x1010, USER, "[unknown]+1010");
	assert_place(set, 8, 20, 0x5010, USER, "[unknown]+5010");
	assert_place(set, 8, 30, 0x5010, USER, "c+10");
	free(cache);
	ev_space_set_close(set);
}

static void who_is_told_anew_gives_the_room_of_a_hundred_thousand_back(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	for (uint32_t i = 0; i < 100000; i++)
		map(set, i, i, 0x1000, 0x1000, 0, "/a");
	ev_space_set_ready(set);
	ev_space_set_restart(set);
	map(set, 0, 7, 0x1000, 0x1000, 0, "/a");
	ev_space_set_ready(set);
	assert_true(set->mappings.room <= 64 && set->events.room <= 64);
	assert_true(set->process_by_pid.room <= 64 && set->processes.room <= 64);
	assert_place(set, 7, 20, 0x1010, USER, "a+10");
	ev_space_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_told_anew_keeps_the_numbers_of_objects),
		cmocka_unit_test(who_is_told_anew_gives_the_room_of_a_hundred_thousand_back),
		cmocka_unit_test(an_address_becomes_an_offset_in_the_file),
		cmocka_unit_test(a_later_mapping_overrides_from_its_time_on),
		cmocka_unit_test(records_without_time_come_first_in_their_order),
		cmocka_unit_test(a_child_has_the_maps_of_the_time_of_its_fork),
		cmocka_unit_test(exec_starts_an_empty_space),
		cmocka_unit_test(a_reused_pid_is_a_new_process),
		cmocka_unit_test(a_new_thread_changes_no_maps),
		cmocka_unit_test(a_thousand_forks_copy_no_maps),
		cmocka_unit_test(a_synthetic_fork_takes_no_maps),
		cmocka_unit_test(random_histories_are_answered_right),
		cmocka_unit_test(records_may_be_added_after_ready),
		cmocka_unit_test(names_of_threads_follow_time_and_forks),
		cmocka_unit_test(kernel_addresses_belong_to_kernel_and_modules),
		cmocka_unit_test(generated_code_is_one_object_per_process),
		cmocka_unit_test(objects_are_named_as_people_do),
		cmocka_unit_test(build_ids_tell_files_of_one_path_apart),
		cmocka_unit_test(a_file_stays_one_object_however_many_others_come_in_between),
		cmocka_unit_test(absurd_records_are_survived),
		cmocka_unit_test(an_old_memory_does_not_answer_for_a_new_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
