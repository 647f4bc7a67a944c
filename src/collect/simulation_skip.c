/* Names of functions that the simulator is to know -> patterns for all others, which it takes as
 * part of who called them: it has a word for "these not", and none for "these only". */
#include <stdlib.h>
#include <string.h>
#include "python_agent.h"
#include "simulation.h"

/* Beginnings of names: what the simulator itself has to see (the loader's jumps; fork and exec,
 * where it writes down its counts), the agent, the interpreter's public steps
 * (Py_InitializeFromConfig) and the addresses of Python's calls. */
static const char *const kept[] = {
	"_dl_r",
	"fork",
	"vfork",
	"_F",
	"__libc_f",
	"posix_s",
	"__posix_s",
	"execv",
	"__exec",
	"fexec",
	"__spawn",
	"Py_Init",
	"Py_Run",
	"Py_Fin",
	"Py_Bytes",
	"Py_Main",
	"main",
	"_start",
	"start_",
	"clone",
	"__clone",
	"0x000003",
	PYTHON_AGENT_PREFIX,
};
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$@";

static bool is_kept(const char *prefix, size_t length, char letter, bool *whole)
{
	bool any = false;
	*whole = false;
	for (size_t i = 0; i < EV_LENGTH(kept); i++)
		if (!strncmp(kept[i], prefix, length) && kept[i][length] == letter) {
			any = true;
			*whole |= !kept[i][length + 1];
		}
	return any;
}

/* All names that begin with `prefix`, but for those that are kept. */
static void skip_below(struct ev_simulated_words *words, char *prefix, size_t length)
{
	for (const char *letter = letters; *letter; letter++) {
		bool whole;
		if (!is_kept(prefix, length, *letter, &whole)) {
			*ev_array_add(&words->items) =
				ev_printf("--fn-skip=%.*s%c*", (int)length, prefix, *letter);
		} else if (!whole) {
			prefix[length] = *letter;
			skip_below(words, prefix, length + 1);
		}
	}
}

void ev_simulated_skip(struct ev_simulated_words *words)
{
	char prefix[32];
	skip_below(words, prefix, 0);
}
