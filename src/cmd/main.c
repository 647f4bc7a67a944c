/*
 * evprof: where do a program's events come from? The map of the house; data walks it one way:
 *
 *   event ──▶ collect ──▶ perfdata ──▶ symbol ──▶ profile ──▶ view
 *   a text    counters    records      function,   stacks      tables, trees,
 *   → attr    and rings   in a file    file, line  + weights   folded, JSON
 *
 *   base serves all of them; cmd (this folder) wires them: one file or family of files per verb,
 *   each a loop that reads like the picture. Only cmd prints messages and ends the program.
 */
#include <locale.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/evprof.h>
#include "verbs.h"

const struct verb *const all_verbs[] = { &stat_verb,     &record_verb,    &report_verb, &top_verb,
					 &annotate_verb, &diff_verb,      &script_verb, &trace_verb,
					 &control_verb,  &dump_verb,      &import_verb, &list_verb,
					 &doctor_verb,   &completion_verb };
const size_t all_verb_count = EV_LENGTH(all_verbs);

static const struct example beginnings[] = {
	{ "evprof stat ./program", "how much of everything, and where the time went" },
	{ "evprof record ./program", "sample it; then `evprof report`: which functions" },
	{ "evprof annotate", "which lines, in their source" },
	{ "evprof list", "every event that this machine knows" },
	{ "evprof doctor", "what works here, and what cures the rest" },
	{ NULL, NULL },
};

static const struct verb program = {
	.name = "",
	.examples = beginnings,
	.synopsis = "COMMAND [OPTION]… [ARGUMENT]…",
	.about =
		"evprof counts and samples hardware and software events and tells which functions\n"
		"and lines they belong to.",
};

static void print_verbs(FILE *out)
{
	fprintf(out, "usage: evprof COMMAND [OPTION]… [ARGUMENT]…\n\n%s\n\nCommands\n",
		program.about);
	for (size_t i = 0; i < all_verb_count; i++) {
		fprintf(out, "  %-10s ", all_verbs[i]->name);
		print_wrapped(out, all_verbs[i]->about, 13);
	}
	fputs("\nBegin with\n", out);
	for (const struct example *e = beginnings; e->command; e++)
		fprintf(out, "  %-26s  %s\n", e->command, e->about);
	fputs("\nevprof COMMAND --help explains each; evprof --version tells what is built in.\n",
	      out);
}

static int print_version(void)
{
	char why[256];
	printf("evprof %s\n", EV_VERSION);
	printf("  libpfm4, elfutils, zstd, liblzma, zlib, libiberty: in\n");
	if (EV_HAVE_BPF)
		printf("  BPF: in%s%s\n",
		       ev_bpf_absence(why, sizeof(why)) ? "; not usable here: " : "",
		       ev_bpf_absence(why, sizeof(why)) ? why : "");
	else
		printf("  BPF: not built in (%s)\n", EV_BPF_WHY);
	if (EV_HAVE_CAPSTONE)
		printf("  capstone: in\n");
	else
		printf("  capstone: not built in (%s)\n", EV_CAPSTONE_WHY);
	if (EV_HAVE_NCURSES)
		printf("  ncurses: in\n");
	else
		printf("  ncurses: not built in (%s)\n", EV_NCURSES_WHY);
	return 0;
}

/* A full disk or closed pipe behind stdout must not look like success. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		if (!status)
			status = complain_text(&program, STATUS_FAILED,
					       "could not write all output: %m");
	}
	return status;
}

/* What is large is given back to the machine when it is freed, in whatever order that is: left to
 * itself the allocator takes ever larger blocks from its heap once one of their size was freed, and
 * keeps the holes. */
static void settle_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 2 << 20);
	mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

int main(int argc, char **argv)
{
	settle_memory();
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		print_verbs(stderr);
		return STATUS_USAGE;
	}
	const char *word = argv[1];
	if (!strcmp(word, "help") && argc > 2) {
		argv[1] = argv[2];
		argv[2] = (char *)"--help";
		word = argv[1];
	}
	if (!strcmp(word, "--version") || !strcmp(word, "-v") || !strcmp(word, "version"))
		return finish(print_version());
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
		print_verbs(stdout);
		return finish(0);
	}
	if (!strcmp(word, "--manual")) {
		print_program_manual(stdout, &program, all_verbs, all_verb_count);
		return finish(0);
	}
	unsigned nearest = 3;
	const char *near = NULL;
	for (size_t i = 0; i < all_verb_count; i++) {
		if (!strcmp(word, all_verbs[i]->name))
			return finish(all_verbs[i]->run(all_verbs[i], argc - 1, argv + 1));
		unsigned distance = ev_edit_distance(word, all_verbs[i]->name, 9);
		if (distance < nearest && distance * 2 <= strlen(word)) {
			nearest = distance;
			near = all_verbs[i]->name;
		}
	}
	struct ev_arena arena = { 0 };
	complain_text(&program, 0, "there is no command '%s'%s%s%s; `evprof --help` lists them",
		      ev_text_safe(&arena, word), near ? " (did you mean '" : "", near ? near : "",
		      near ? "'?)" : "");
	ev_arena_done(&arena);
	return STATUS_USAGE;
}
