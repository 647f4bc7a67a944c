/* What each sample shall carry besides, by perf's flags: bits of the attr, row by row. */
#include <errno.h>
#include <unistd.h>
#include "record.h"
#include "record_details.h"

static const struct detail {
	size_t offset; /* in struct record_details */
	const char *name;
	uint64_t sample_type;
} details[] = {
#define DETAIL(field_, name_, bits_)                                                               \
	{                                                                                          \
		offsetof(struct record_details, field_), name_, bits_                              \
	}
	DETAIL(cgroups, "--all-cgroups", PERF_SAMPLE_CGROUP),
	DETAIL(raw, "-R (raw data)", PERF_SAMPLE_RAW | PERF_SAMPLE_CPU),
	DETAIL(weights, "-W (weights)", PERF_SAMPLE_WEIGHT_STRUCT),
	DETAIL(registers, "-I (registers)", PERF_SAMPLE_REGS_INTR),
	DETAIL(transactions, "--transaction", PERF_SAMPLE_TRANSACTION),
	DETAIL(physical, "--phys-data", PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_ADDR),
	DETAIL(data_pages, "--data-page-size", PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_ADDR),
	DETAIL(code_pages, "--code-page-size", PERF_SAMPLE_CODE_PAGE_SIZE),
#undef DETAIL
};

static bool is_given(const struct record_options *options, const struct detail *detail)
{
	return *(const bool *)((const char *)&options->details + detail->offset);
}

const char *record_details_given(const struct record_options *options)
{
	for (size_t i = 0; i < EV_LENGTH(details); i++)
		if (is_given(options, &details[i]))
			return details[i].name;
	return NULL;
}

int record_parse_registers(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	if (value)
		return ev_fail(err, EINVAL,
			       "-I keeps all general registers and takes no list: evprof script "
			       "-F iregs shows them");
	options->details.registers = true;
	return 0;
}

int record_details_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	const char *given = record_details_given(options);
	const char *other = options->bpf       ? "--bpf"
			    : options->off_cpu ? "--off-cpu"
			    : options->wall    ? "--wall"
					       : NULL;
	run->sampling.namespaces = options->details.namespaces;
	run->sampling.switches |= options->details.switches;
	run->sampling.identified |= options->details.identified;
	run->sampling.no_bpf_events = options->details.no_bpf_events;
	run->sampling.cgroups = options->details.cgroups;
	if (given && other)
		return ev_fail(err, EINVAL,
			       "what %s takes in the kernel has no place for %s: leave one of "
			       "them out",
			       other, given);
	for (size_t i = 0; i < EV_LENGTH(details); i++)
		if (is_given(options, &details[i]))
			run->sampling.more_sample_type |= details[i].sample_type;
	if (options->details.physical || options->details.data_pages)
		run->sampling.addresses = true;
	if (!options->details.cgroups)
		return 0;
	int fd = ev_cgroup_open("/", err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int record_details_begin(struct record_run *run, ev_take_record take, struct ev_err *err)
{
	const struct record_details *wanted = &run->options->details;
	int rc = wanted->cgroups ? ev_synthesize_cgroups(take, run, err) : 0;
	return !rc && wanted->namespaces ? ev_synthesize_namespaces(&run->target, take, run, err)
					 : rc;
}
