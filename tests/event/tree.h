/* Makes the files of an imaginary machine (/sys of a plain, a hybrid, a server CPU) under a new
 * folder, and parses events as if they were there. */
#ifndef EVPROF_TEST_TREE_H
#define EVPROF_TEST_TREE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "described.h"
#include "parse.h"

#define PMUS "sys/bus/event_source/devices/"

static inline void tree_files(const char *root, const char *const (*files)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		described_file(root, files[i][0], files[i][1]);
}

/* One kind of core, a machine-wide PMU, a timer, tracepoints. */
static inline void tree_plain(const char *root)
{
	static const char *const files[][2] = {
		{ PMUS "cpu/type", "4\n" },
		{ PMUS "cpu/format/event", "config:0-7,32-35\n" },
		{ PMUS "cpu/format/umask", "config:8-15\n" },
		{ PMUS "cpu/format/edge", "config:18\n" },
		{ PMUS "cpu/format/cmask", "config:24-31\n" },
		{ PMUS "cpu/format/ldlat", "config1:0-15\n" },
		{ PMUS "cpu/format/frontend", "config2:0-23\n" },
		{ PMUS "cpu/events/cpu-cycles", "event=0x3c\n" },
		{ PMUS "cpu/events/mem-loads", "event=0xcd,umask=0x1,ldlat=3\n" },
		{ PMUS "cpu/events/wanting", "event=0xcd,ldlat=?\n" },
		{ PMUS "cpu/events/el-start", "event=0xc8,umask=0x1,edge\n" },
		{ PMUS "cpu/events/timed", "event=0x1,period=0x30d40\n" },
		{ PMUS "power/type", "9\n" },
		{ PMUS "power/cpumask", "0,8\n" },
		{ PMUS "power/format/event", "config:0-7\n" },
		{ PMUS "power/events/energy-pkg", "event=0x02\n" },
		{ PMUS "power/events/energy-pkg.unit", "Joules\n" },
		{ PMUS "power/events/energy-pkg.scale", "2.3283064365386962890625e-10\n" },
		{ PMUS "software/type", "1\n" },
		{ PMUS "breakpoint/type", "5\n" },
		{ PMUS "tracepoint/type", "2\n" },
		{ "sys/kernel/tracing/events/sched/sched_switch/id", "372\n" },
		{ "sys/kernel/tracing/events/sched/sched_waking/id", "373\n" },
		{ "sys/kernel/tracing/events/sched/enable", "0\n" },
		{ "sys/kernel/tracing/events/syscalls/sys_enter_read/id", "700\n" },
		{ "sys/kernel/tracing/events/header_page", "field\n" },
	};
	tree_files(root, files, EV_LENGTH(files));
}

/* A kernel that probes programs. */
static inline void tree_probes(const char *root)
{
	static const char *const files[][2] = {
		{ PMUS "uprobe/type", "8\n" },
		{ PMUS "uprobe/format/retprobe", "config:0\n" },
		{ PMUS "uprobe/format/ref_ctr_offset", "config:32-63\n" },
		{ PMUS "software/type", "1\n" },
	};
	tree_files(root, files, EV_LENGTH(files));
}

/* Two kinds of core. */
static inline void tree_hybrid(const char *root)
{
	static const char *const files[][2] = {
		{ PMUS "cpu_core/type", "4\n" },
		{ PMUS "cpu_core/cpus", "0-3\n" },
		{ PMUS "cpu_core/format/event", "config:0-7\n" },
		{ PMUS "cpu_core/events/mem-loads", "event=0xcd\n" },
		{ PMUS "cpu_atom/type", "10\n" },
		{ PMUS "cpu_atom/cpus", "4-7\n" },
		{ PMUS "cpu_atom/format/event", "config:0-7\n" },
		{ PMUS "cpu_atom/events/mem-loads", "event=0xd0\n" },
		{ PMUS "software/type", "1\n" },
	};
	tree_files(root, files, EV_LENGTH(files));
}

/* Memory controllers that count for all CPUs of a socket. */
static inline void tree_uncore(const char *root)
{
	static const char *const files[][2] = {
		{ PMUS "uncore_imc_0/type", "20\n" },
		{ PMUS "uncore_imc_0/cpumask", "0\n" },
		{ PMUS "uncore_imc_0/format/event", "config:0-7\n" },
		{ PMUS "uncore_imc_0/format/umask", "config:8-15\n" },
		{ PMUS "uncore_imc_0/events/cas_count_read", "event=0x04,umask=0x03\n" },
		{ PMUS "uncore_imc_0/events/cas_count_read.scale", "6.103515625e-5\n" },
		{ PMUS "uncore_imc_0/events/cas_count_read.unit", "MiB\n" },
		{ PMUS "uncore_imc_0/events/only_here", "event=0x09\n" },
		{ PMUS "uncore_imc_10/type", "22\n" },
		{ PMUS "uncore_imc_10/cpumask", "0\n" },
		{ PMUS "uncore_imc_10/format/event", "config:0-7\n" },
		{ PMUS "uncore_imc_10/format/umask", "config:8-15\n" },
		{ PMUS "uncore_imc_10/events/cas_count_read", "event=0x04,umask=0x03\n" },
		{ PMUS "uncore_imc_2/type", "21\n" },
		{ PMUS "uncore_imc_2/cpumask", "0\n" },
		{ PMUS "uncore_imc_2/format/event", "config:0-7\n" },
		{ PMUS "uncore_imc_2/format/umask", "config:8-15\n" },
		{ PMUS "uncore_imc_2/events/cas_count_read", "event=0x04,umask=0x03\n" },
		{ PMUS "uncore_imc_free_running_0/type", "23\n" },
		{ PMUS "uncore_imc_free_running_0/cpumask", "0\n" },
	};
	tree_files(root, files, EV_LENGTH(files));
}

/* cmocka set-up: *state is the path of an empty folder. */
static inline int tree_open(void **state)
{
	char path[] = "/tmp/evprof-tree-XXXXXX";
	if (!mkdtemp(path))
		return -1;
	*state = ev_strdup(path);
	return 0;
}

static inline int tree_remove(const char *path, const struct stat *status, int kind,
			      struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline int tree_close(void **state)
{
	int rc = nftw(*state, tree_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return rc;
}

/* Parses what must be right; the caller ends the list. */
static inline struct ev_event_list parsed(const char *root, const char *text)
{
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	if (ev_event_parse_at(&list, root, text, &err))
		fail_msg("'%s' was refused: %s", text, err.text);
	assert_int_equal(err.code, 0);
	return list;
}

/* Parses what must be refused; the list must stay as it was. */
static inline int refused(const char *root, const char *text, struct ev_err *err)
{
	struct ev_event_list list = { 0 };
	struct ev_err none = { 0 };
	assert_int_equal(ev_event_parse_at(&list, root, "task-clock", &none), 0);
	*err = (struct ev_err){ 0 };
	int rc = ev_event_parse_at(&list, root, text, err);
	if (!rc)
		fail_msg("'%s' was accepted", text);
	assert_int_equal(err->code, -rc);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].name, "task-clock");
	ev_event_list_done(&list);
	return rc;
}

/* The refusal says `words` somewhere. */
static inline void refused_with(const char *root, const char *text, int rc, const char *words)
{
	struct ev_err err;
	assert_int_equal(refused(root, text, &err), rc);
	if (!strstr(err.text, words))
		fail_msg("'%s' was refused without the words '%s': %s", text, words, err.text);
}

#endif
