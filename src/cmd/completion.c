/* evprof completion: a shell asks for what can be typed next; the answer is made of the tables that
 * parse it. The scripts for the shells only ask. */
#include <errno.h>
#include <string.h>
#include "completion.h"
#include "verbs.h"

static const char bash_script[] =
	"# bash completion for evprof: source <(evprof completion bash)\n"
	"_evprof() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} word about before\n"
	"\tlocal -a words\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tword=${words[${#words[@]} - 1]}\n"
	"\tbefore=${word%\"${word##*[=:]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS=$'\\t' read -r word about; do\n"
	"\t\tCOMPREPLY+=(\"${word#\"$before\"}\")\n"
	"\tdone < <(\"${words[0]}\" completion words -- \"${words[@]}\" 2>/dev/null)\n"
	"\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null\n"
	"\treturn 0\n"
	"}\n"
	"complete -o bashdefault -o default -F _evprof evprof\n";

static const char zsh_script[] =
	"#compdef evprof\n"
	"# zsh completion for evprof: in a folder of $fpath as _evprof\n"
	"_evprof() {\n"
	"\tlocal -a found plain about\n"
	"\tlocal line typed=\"${words[CURRENT]}\"\n"
	"\tfound=(${(f)\"$(${words[1]} completion words -- \"${(@)words[1,CURRENT-1]}\" "
	"\"${PREFIX}\" 2>/dev/null)\"})\n"
	"\tif (( ! $#found )); then\n"
	"\t\t_files\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tfor line in $found; do\n"
	"\t\tplain+=(\"${line%%$'\\t'*}\")\n"
	"\t\tabout+=(\"${line/$'\\t'/  }\")\n"
	"\tdone\n"
	"\tcompadd -l -d about -a plain\n"
	"}\n"
	"if [[ $funcstack[1] == _evprof ]]; then\n"
	"\t_evprof \"$@\"\n"
	"else\n"
	"\tcompdef _evprof evprof\n"
	"fi\n";

static const char fish_script[] =
	"# fish completion for evprof: evprof completion fish | source\n"
	"function __evprof_words\n"
	"\tset -l typed (commandline -opc)\n"
	"\t$typed[1] completion words -- $typed (commandline -ct) 2>/dev/null\n"
	"end\n"
	"complete -c evprof -a '(__evprof_words)'\n";

static const struct {
	const char *name, *script;
} shells[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };

/* ---- what was typed ----------------------------------------------------------------------------
 */

static const struct option_row *find_row(const struct verb *verb, const char *name, size_t length)
{
	for (const struct option_row *row = verb->options; row && row->name; row++)
		if (*row->name && strlen(row->name) == length && !memcmp(row->name, name, length))
			return row;
	return NULL;
}

/* The option of a word whose value is the next word; NULL when it wants none. */
static const struct option_row *wants_next(const struct verb *verb, const char *word)
{
	const struct option_row *row = NULL;
	if (!strncmp(word, "--", 2))
		row = strchr(word, '=') ? NULL : find_row(verb, word + 2, strlen(word + 2));
	for (const char *letter = word + 1; word[1] != '-' && *letter; letter++) {
		row = verb->options;
		while (row && row->name && (row->letter != *letter || !*row->name))
			row++;
		if (!row || !row->name)
			return NULL;
		if (row->value && letter[1])
			return NULL; /* the rest of the word is its value */
	}
	return row && row->value && !row->value_is_optional ? row : NULL;
}

/* Words behind those of evprof's own belong to the command that it starts. */
static bool starts_command(const struct verb *verb)
{
	return strstr(verb->synopsis, "COMMAND") && strcmp(verb->name, "control");
}

static void offer_options(FILE *out, const struct verb *verb, const char *typed)
{
	for (const struct option_row *row = verb->options; row && row->name; row++)
		if (*row->name && !row->hidden)
			completion_offer(out, typed, "--", row->name, row->help);
	completion_offer(out, typed, "--", "help", "what there is, with examples");
}

static void complete_verb(FILE *out, const struct verb *verb, char *const *words, size_t count)
{
	const char *typed = words[count - 1], *equals = strchr(typed, '=');
	const struct option_row *row = NULL;
	bool ended = false;
	for (size_t i = 2; i + 1 < count; i++) {
		if (row) {
			row = NULL;
		} else if (ended || words[i][0] != '-' || !words[i][1]) {
			if (starts_command(verb))
				return;
		} else if (!strcmp(words[i], "--")) {
			ended = true;
		} else {
			row = wants_next(verb, words[i]);
		}
	}
	if (row) {
		completion_values(out, verb, row, typed);
	} else if (!ended && !strncmp(typed, "--", 2) && equals) {
		row = find_row(verb, typed + 2, (size_t)(equals - typed) - 2);
		if (row && row->value)
			completion_values(out, verb, row, typed);
	} else if (!ended && *typed == '-') {
		offer_options(out, verb, typed);
	} else if (!ended || !starts_command(verb)) {
		completion_arguments(out, verb, typed);
	}
}

void completion_print(FILE *out, char *const *words, size_t count)
{
	bool help = count == 3 && !strcmp(words[1], "help");
	if (count < 2)
		return;
	if (count == 2 || help) {
		for (size_t i = 0; i < all_verb_count; i++)
			completion_offer(out, words[count - 1], "", all_verbs[i]->name,
					 all_verbs[i]->about);
		completion_offer(out, words[count - 1], "--", "help", "the commands");
		completion_offer(out, words[count - 1], "--", "version", "what is built in");
		return;
	}
	for (size_t i = 0; i < all_verb_count; i++)
		if (!strcmp(words[1], all_verbs[i]->name))
			complete_verb(out, all_verbs[i], words, count);
}

/* ---- the verb ----------------------------------------------------------------------------------
 */

static const struct option_row rows[] = { { 0 } };

static const struct example examples[] = {
	{ "source <(evprof completion bash)", "in ~/.bashrc, where it is not installed" },
	{ "evprof completion zsh >~/.zfunc/_evprof", "a folder of zsh's $fpath" },
	{ "evprof completion fish | source", "in ~/.config/fish/config.fish" },
	{ NULL, NULL },
};

static int run_completion(const struct verb *verb, int argc, char **argv)
{
	struct option_list unused = { 0 };
	int first = 1;
	int status = options_parse(verb, &unused, argc, argv, &first);
	if (status >= 0)
		return status;
	if (argc > first + 2 && !strcmp(argv[first], "words") && !strcmp(argv[first + 1], "--")) {
		completion_print(stdout, argv + first + 2, (size_t)(argc - first - 2));
		return 0;
	}
	for (size_t i = 0; i < EV_LENGTH(shells) && argc == first + 1; i++)
		if (!strcmp(argv[first], shells[i].name)) {
			fputs(shells[i].script, stdout);
			return 0;
		}
	return complain_text(verb, STATUS_USAGE,
			     "name a shell: evprof completion bash, zsh or fish");
}

const struct verb completion_verb = {
	.name = "completion",
	.synopsis = "bash|zsh|fish",
	.about = "Print what makes a shell complete commands, options, events and recordings.",
	.options = rows,
	.examples = examples,
	.run = run_completion,
	.notes = "make install puts it where each shell looks. The scripts ask evprof itself, as "
		 "in: "
		 "evprof completion words -- evprof report --format ''",
};
