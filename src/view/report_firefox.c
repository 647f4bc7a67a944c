/* A profile becomes the processed profile of the Firefox Profiler (profiler.firefox.com; its
 * docs-developer/CHANGELOG-formats.md): what it is of, tables that all threads share, and for every
 * thread and event its samples with their times. The version is one that later readers bring up to
 * their own. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"
#include "report_firefox.h"
#include "timed.h"

enum { FORMAT_VERSION = 66, GECKO_VERSION = 24 };
/* FIREFOX_USER and what follows it. */
static const char categories[] =
	"[{\"name\": \"User\", \"color\": \"yellow\", \"subcategories\": [\"Other\"]}, "
	"{\"name\": \"Kernel\", \"color\": \"orange\", \"subcategories\": [\"Other\"]}, "
	"{\"name\": \"Other\", \"color\": \"grey\", \"subcategories\": [\"Other\"]}]";

/* Breakpad's spelling: the first 16 bytes as the numbers of a GUID, and an age. */
static void print_breakpad(FILE *out, const uint8_t id[20])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	for (size_t i = 0; i < EV_LENGTH(order); i++)
		fprintf(out, "%02X", id[order[i]]);
	putc('0', out);
}

static void print_libraries(struct firefox *to)
{
	FILE *out = to->out;
	const char *arch = to->report->recording ? to->report->recording->arch : NULL;
	fputs("  \"libs\": [", out);
	for (uint32_t i = 0; i < to->libraries.count; i++) {
		uint32_t object = to->libraries.items[i];
		const struct ev_object *known =
			to->report->spaces ? ev_space_set_object(to->report->spaces, object) : NULL;
		const char *path = ev_export_object(to->report, object, &to->scratch);
		const char *name = ev_firefox_library(to, i);
		fprintf(out, "%s\n    {\"arch\": ", i ? "," : "");
		ev_json_text(out, arch ? arch : "");
		for (unsigned debug = 0; debug < 2; debug++) {
			fputs(debug ? ", \"debugName\": " : ", \"name\": ", out);
			ev_json_text(out, name);
			fputs(debug ? ", \"debugPath\": " : ", \"path\": ", out);
			ev_json_text(out, path);
		}
		fputs(", \"breakpadId\": \"", out);
		if (known && known->build_id_bytes)
			print_breakpad(out, known->build_id);
		fputs("\", \"codeId\": ", out);
		for (unsigned b = 0; known && b < known->build_id_bytes; b++)
			fprintf(out, "%s%02x", b ? "" : "\"", known->build_id[b]);
		fputs(known && known->build_id_bytes ? "\"}" : "null}", out);
		ev_arena_reset(&to->scratch);
	}
	fputs("\n  ],\n", out);
}

/* ---- threads -----------------------------------------------------------------------------------
 */

static void print_ms(FILE *out, uint64_t time_ns)
{
	fprintf(out, "%" PRIu64 ".%06" PRIu64, time_ns / 1000000, time_ns % 1000000);
}

static void print_samples(struct firefox *to, const struct ev_timed *samples, size_t count)
{
	size_t event = samples->event;
	bool is_time = ev_export_is_time(to->report, event);
	bool by_period = ev_export_by_period(to->report, to->options, event);
	fputs("\"samples\": {\"stack\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		if (samples[i].stack)
			fprintf(to->out, "%" PRIu32, samples[i].stack - 1);
		else
			fputs("null", to->out);
	}
	fputs("], \"time\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		print_ms(to->out, samples[i].time_ns);
	}
	fputs("], \"weight\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		if (is_time)
			print_ms(to->out, samples[i].period);
		else
			fprintf(to->out, "%" PRIu64,
				by_period ? samples[i].period : samples[i].samples);
	}
	fprintf(to->out, "], \"weightType\": \"%s\", \"length\": %zu}",
		is_time ? "tracing-ms" : "samples", count);
}

static void print_thread(struct firefox *to, const struct ev_timed *samples, size_t count,
			 bool name_event)
{
	const struct ev_timed *first = samples, *last = &samples[count - 1];
	const char *comm = ev_strings_text(to->named->profile->strings, first->comm);
	comm = ev_report_safe(&to->scratch, *comm ? comm : "[unknown]");
	const char *name = comm;
	if (name_event)
		name = ev_arena_printf(&to->scratch, "%s (%s)", comm,
				       ev_report_safe(&to->scratch,
						      ev_report_event(to->report, first->event,
								      &to->scratch)));
	fputs("    {\"name\": ", to->out);
	ev_json_text(to->out, name);
	fputs(", \"processName\": ", to->out);
	ev_json_text(to->out, comm);
	fprintf(to->out,
		", \"pid\": \"%" PRIu32 "\", \"tid\": %" PRIu32
		", \"isMainThread\": %s, \"processType\": \"default\", ",
		first->pid, first->tid, first->pid == first->tid ? "true" : "false");
	fputs("\"registerTime\": ", to->out);
	print_ms(to->out, first->time_ns);
	fputs(", \"unregisterTime\": ", to->out);
	print_ms(to->out, last->time_ns + ev_timed_interval(to->report, last->event));
	fputs(", \"processStartupTime\": 0, \"processShutdownTime\": null, \"pausedRanges\": [], "
	      "\"showMarkersInTimeline\": false, \"markers\": {\"data\": [], \"name\": [], "
	      "\"startTime\": [], \"endTime\": [], \"phase\": [], \"category\": [], \"length\": "
	      "0},\n     ",
	      to->out);
	print_samples(to, samples, count);
	putc('}', to->out);
	ev_arena_reset(&to->scratch);
}

static size_t events_with_samples(const struct ev_report *report)
{
	size_t count = 0;
	for (size_t e = 0; e < report->table->event_count; e++)
		count += report->table->total_samples[e] != 0;
	return count;
}

static void print_threads(struct firefox *to, const ev_timed_list *list)
{
	bool several = events_with_samples(to->report) > 1;
	fputs("  \"threads\": [", to->out);
	for (size_t from = 0, end; from < list->count; from = end) {
		end = ev_timed_end(list, from, true);
		fputs(from ? ",\n" : "\n", to->out);
		print_thread(to, &list->items[from], end - from, several);
	}
	fputs("\n  ],\n", to->out);
}

/* When the file was written less how long it took, of the epoch; 0 unknown. */
static int64_t start_ms(const struct ev_report *report)
{
	const struct ev_profile *profile = report->named->profile;
	int64_t written_s = report->recording ? report->recording->written_s : 0;
	uint64_t first = profile->first_time_ns, last = profile->last_time_ns;
	int64_t took_ms = last > first ? (int64_t)((last - first) / 1000000) : 0;
	return written_s > took_ms / 1000 ? written_s * 1000 - took_ms : 0;
}

static void print_meta(struct firefox *to, bool timed)
{
	const struct ev_report *report = to->report;
	const struct ev_recording *recording = report->recording;
	fputs("{\n  \"meta\": {\"interval\": ", to->out);
	print_ms(to->out, ev_timed_interval(report, 0));
	fprintf(to->out, ", \"startTime\": %" PRId64, start_ms(report));
	fputs(", \"processType\": 0, \"product\": ", to->out);
	ev_json_text(to->out,
		     ev_arena_printf(&to->scratch, "%s%s", ev_export_origin(report, &to->scratch),
				     timed ? "" : "; no times: samples stand in a row"));
	fputs(", \"oscpu\": ", to->out);
	ev_json_text(to->out, recording && recording->osrelease ? recording->osrelease : "");
	fprintf(to->out,
		", \"stackwalk\": 1, \"version\": %d, \"preprocessedProfileVersion\": %d, "
		"\"symbolicated\": true, \"markerSchema\": [], \"usesOnlyOneStackType\": true, "
		"\"sourceCodeIsNotOnSearchfox\": true, \"sampleUnits\": {\"time\": \"ms\", "
		"\"eventDelay\": \"ms\", \"threadCPUDelta\": \"ns\"},\n    \"categories\": %s},\n",
		GECKO_VERSION, FORMAT_VERSION, categories);
	ev_arena_reset(&to->scratch);
}

int ev_report_firefox(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, struct ev_err *err)
{
	struct firefox to = {
		.out = out, .report = report, .options = options, .named = report->named
	};
	ev_timed_list list = { 0 };
	bool timed = ev_timed_collect(report, &list);
	(void)err;
	ev_firefox_number(&to);
	print_meta(&to, timed);
	print_libraries(&to);
	ev_firefox_tables(&to);
	print_threads(&to, &list);
	fputs("  \"counters\": [], \"pages\": [], \"profilerOverhead\": []\n}\n", out);
	ev_array_done(&list);
	ev_firefox_done(&to);
	return 0;
}
