/* The values that options and words take: formats, sort keys, events, recordings, processes. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <evprof/event.h>
#include <evprof/view.h>
#include "completion.h"

enum { FILES_MAX = 4096, EVENTS_MAX = 2000 };

static bool is_plain(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < ' ' || *word == 127)
			return false;
	return true;
}

void completion_offer(FILE *out, const char *typed, const char *before, const char *word,
		      const char *about)
{
	size_t length = strlen(before), wanted = strlen(typed);
	size_t shared = length < wanted ? length : wanted;
	if (memcmp(typed, before, shared) || !is_plain(before) || !is_plain(word) ||
	    (wanted > length && strncmp(word, typed + length, wanted - length)))
		return;
	fprintf(out, "%s%s\t%s\n", before, word, is_plain(about) ? about : "");
}

/* What was typed up to the last comma and the like, or an option's "--name=". */
static char *typed_before(const char *typed, const char *separators)
{
	size_t length = strlen(typed);
	while (length && !strchr(separators, typed[length - 1]))
		length--;
	char *before = ev_strdup(typed);
	before[length] = 0;
	return before;
}

static void offer_events(FILE *out, const char *typed)
{
	char *before = typed_before(typed, ",{=");
	const char *begun = typed + strlen(before);
	unsigned groups = 1u << EV_GROUP_HARDWARE | 1u << EV_GROUP_CACHE | 1u << EV_GROUP_SOFTWARE |
			  1u << EV_GROUP_TOOL;
	if (*begun) /* there are thousands of others */
		groups |= 1u << EV_GROUP_PMU | 1u << EV_GROUP_PFM | 1u << EV_GROUP_TRACEPOINT;
	struct ev_catalogue catalogue = { 0 };
	size_t offered = 0;
	ev_catalogue_fill(&catalogue, groups);
	for (size_t i = 0; i < catalogue.count && offered < EVENTS_MAX; i++) {
		const struct ev_catalogue_row *row = &catalogue.rows[i];
		if (strncmp(row->name, begun, strlen(begun)))
			continue;
		completion_offer(out, typed, before, row->name, row->about);
		offered++;
	}
	ev_catalogue_done(&catalogue);
	free(before);
}

static void offer_keys(FILE *out, const char *typed)
{
	char *before = typed_before(typed, ",=+");
	for (enum ev_key key = 0; key < EV_KEY_FIELD; key++)
		completion_offer(out, typed, before, ev_keys[key].name, ev_keys[key].title);
	free(before);
}

static void offer_formats(FILE *out, const struct verb *verb, const char *typed)
{
	char *before = typed_before(typed, "=");
	if (!strcmp(verb->name, "diff"))
		for (size_t i = 0; i < ev_diff_format_count; i++)
			completion_offer(out, typed, before, ev_diff_formats[i].name,
					 ev_diff_formats[i].about);
	else
		for (size_t i = 0; i < ev_report_format_count; i++)
			completion_offer(out, typed, before, ev_report_formats[i].name,
					 ev_report_formats[i].about);
	free(before);
}

/* "intel|att": words in lower case between bars; false when there are none. */
static bool offer_words(FILE *out, const char *value, const char *typed)
{
	char *words = ev_strdup(value), *rest = words, *before = typed_before(typed, "=");
	bool any = false;
	for (char *word; strchr(value, '|') && (word = strsep(&rest, "|"));) {
		word[strcspn(word, "[,:=")] = 0;
		bool lower = *word;
		for (const char *at = word; *at; at++)
			lower &= islower((unsigned char)*at) || isdigit((unsigned char)*at) ||
				 *at == '-';
		if (lower)
			completion_offer(out, typed, before, word, "");
		any |= lower;
	}
	free(words);
	free(before);
	return any;
}

static void offer_processes(FILE *out, const char *typed)
{
	char *before = typed_before(typed, ",=");
	DIR *folder = opendir("/proc");
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		char path[300], *comm = NULL;
		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (ev_file_read(path, &comm, NULL))
			continue;
		comm[strcspn(comm, "\n")] = 0;
		completion_offer(out, typed, before, entry->d_name, comm);
		free(comm);
	}
	if (folder)
		closedir(folder);
	free(before);
}

/* ---- recordings --------------------------------------------------------------------------------
 */

static bool is_recording(const char *path)
{
	char magic[8] = "";
	FILE *file = fopen(path, "re");
	size_t got = file ? fread(magic, 1, sizeof(magic), file) : 0;
	if (file)
		fclose(file);
	return got == sizeof(magic) &&
	       (!memcmp(magic, "PERFILE2", 8) || !memcmp(magic, "2ELIFREP", 8));
}

/* Recordings, and folders on the way to some, in the folder that was typed. */
static void offer_recordings(FILE *out, const char *typed)
{
	char *option = typed_before(typed, "="), *before = typed_before(typed, "/=");
	const char *in = before + strlen(option);
	size_t begun = strlen(typed) - strlen(before), looked_at = 0;
	DIR *folder = opendir(*in ? in : ".");
	for (struct dirent *entry; folder && (entry = readdir(folder)) && looked_at < FILES_MAX;) {
		struct stat status;
		if ((*entry->d_name == '.' && !begun) ||
		    strncmp(entry->d_name, typed + strlen(before), begun))
			continue;
		looked_at++;
		char *path = ev_printf("%s%s", in, entry->d_name);
		char *name = ev_printf("%s/", entry->d_name);
		if (stat(path, &status))
			status.st_mode = 0;
		if (S_ISDIR(status.st_mode))
			completion_offer(out, typed, before, name, "folder");
		else if (S_ISREG(status.st_mode) && is_recording(path))
			completion_offer(out, typed, before, entry->d_name, "recording");
		free(path);
		free(name);
	}
	if (folder)
		closedir(folder);
	free(option);
	free(before);
}

/* ---- whose values ------------------------------------------------------------------------------
 */

bool completion_values(FILE *out, const struct verb *verb, const struct option_row *row,
		       const char *typed)
{
	if (!strcmp(row->name, "event"))
		offer_events(out, typed);
	else if (!strcmp(row->name, "input"))
		offer_recordings(out, typed);
	else if (strstr(row->value, "FORMAT"))
		offer_formats(out, verb, typed);
	else if (strstr(row->value, "KEY") && strcmp(verb->name, "trace"))
		offer_keys(out, typed);
	else if (!strncmp(row->value, "PID", 3))
		offer_processes(out, typed);
	else
		return offer_words(out, row->value, typed);
	return true;
}

bool completion_arguments(FILE *out, const struct verb *verb, const char *typed)
{
	if (!strcmp(verb->name, "report") || !strcmp(verb->name, "diff"))
		offer_recordings(out, typed);
	else if (!strcmp(verb->name, "completion"))
		return offer_words(out, verb->synopsis, typed);
	else if (!strcmp(verb->name, "list"))
		offer_events(out, typed);
	else
		return false;
	return true;
}
