/* A command becomes the same command under valgrind's callgrind, with a private folder for what
 * that leaves; the folder goes when it was read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "python_agent.h"
#include "simulation_python.h"

#define VALGRIND "valgrind"

/* A forked child keeps what its parent had counted, and a program that makes way for another by
 * exec takes its counts with it: both write down what they have, and begin anew, just before. */
static const char *const fixed[] = {
	"--tool=callgrind",
	"-v",
	"-v",
	"-v", /* tells where files are loaded */
	"--command-line-only=yes",
	"--vgdb=no",
	"--demangle=no",
	"--run-libc-freeres=no",
	"--run-cxx-freeres=no",
	"--cache-sim=yes",
	"--branch-sim=yes",
	"--dump-instr=yes",
	"--dump-line=no",
	"--separate-threads=yes",
	"--trace-children=yes",
	"--dump-before=fork",
	"--dump-before=__libc_fork",
	"--dump-before=_Fork",
	"--dump-before=vfork",
	"--dump-before=*posix_spawn*",
	"--dump-before=execve",
	"--dump-before=__execve",
	"--dump-before=fexecve",
};

/* ---- the command -------------------------------------------------------------------------------
 */

/* Where a shell would find the command; NULL, and errno says why not. free() it. */
static char *find_command(const char *name)
{
	const char *path = getenv("PATH");
	int error = ENOENT;
	if (strchr(name, '/'))
		return access(name, F_OK) ? NULL : ev_strdup(name);
	char *copy = ev_strdup(path ? path : "/usr/local/bin:/usr/bin:/bin"), *found = NULL;
	for (char *rest = copy, *folder; !found && (folder = strsep(&rest, ":"));) {
		struct stat status;
		char *candidate = ev_printf("%s/%s", *folder ? folder : ".", name);
		if (!stat(candidate, &status) && S_ISREG(status.st_mode)) {
			if (!access(candidate, X_OK)) {
				found = candidate;
				break;
			}
			error = EACCES;
		}
		free(candidate);
	}
	free(copy);
	errno = error;
	return found;
}

static int check_file(const char *name, const char *path, struct ev_err *err)
{
	struct stat status;
	if (stat(path, &status))
		return ev_fail(err, errno, "cannot run '%s': %s", name, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return ev_fail(err, EACCES, "cannot run '%s': %s", name, strerror(EISDIR));
	if (access(path, X_OK))
		return ev_fail(err, EACCES, "cannot run '%s': %s", name, strerror(errno));
	if (status.st_mode & (S_ISUID | S_ISGID))
		return ev_fail(err, EACCES,
			       "'%s' cannot be simulated: valgrind runs no setuid or setgid "
			       "programs; a copy without the bit can be: cp %s .",
			       name, path);
	return 0;
}

static int check_command(const char *name, struct ev_err *err)
{
	char *path = find_command(name);
	if (!path)
		return ev_fail(err, errno, "cannot run '%s': %s", name, strerror(errno));
	int rc = check_file(name, path, err);
	free(path);
	return rc;
}

static int check_valgrind(struct ev_err *err)
{
	char *path = find_command(VALGRIND);
	if (!path)
		return ev_fail(err, ENOPKG,
			       "the simulation needs valgrind, which is not installed: "
			       "sudo apt-get install -y --no-install-recommends valgrind");
	free(path);
	return 0;
}

/* ---- the folder --------------------------------------------------------------------------------
 */

static int make_folder(struct ev_simulation *simulation, struct ev_err *err)
{
	const char *base = getenv("TMPDIR");
	char *folder = ev_printf("%s/evprof-XXXXXX", base && *base == '/' ? base : "/tmp");
	if (!mkdtemp(folder)) { /* mode 0700 */
		int error = errno;
		/* Not the error's own number: that is kept for the command. */
		int rc = ev_fail(err, EIO, "cannot make a folder for the simulation, '%s': %s",
				 folder, strerror(error));
		free(folder);
		return rc;
	}
	simulation->folder = folder;
	simulation->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (simulation->watch_fd >= 0)
		inotify_add_watch(simulation->watch_fd, folder, IN_CLOSE_WRITE);
	return 0;
}

static void remove_folder(struct ev_simulation *simulation)
{
	if (!simulation->folder)
		return;
	DIR *folder = opendir(simulation->folder);
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		unlinkat(dirfd(folder), entry->d_name, 0); /* "." and "..": refused, no matter */
	if (folder)
		closedir(folder);
	rmdir(simulation->folder);
	free(simulation->folder);
	simulation->folder = NULL;
}

/* Finished parts are called cost.PID.PART-THREAD; the last one, cost.PID-THREAD, is written as the
 * process ends, and nobody comes after it. */
static bool is_part(const char *name)
{
	const char *pid = name + strlen("cost.");
	return !strncmp(name, "cost.", 5) && strchr(pid, '.') && strchr(pid, '-');
}

void ev_simulation_tend(struct ev_simulation *simulation)
{
	union {
		char bytes[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
		struct inotify_event event;
	} read_into;
	ssize_t got;
	if (simulation->watch_fd < 0 || !simulation->folder)
		return;
	while ((got = read(simulation->watch_fd, &read_into, sizeof(read_into))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(read_into.bytes + at);
			at += (ssize_t)(sizeof(*event) + event->len);
			simulation->missed |= !!(event->mask & IN_Q_OVERFLOW);
			if (!event->len || !is_part(event->name))
				continue;
			char *from = ev_printf("%s/%s", simulation->folder, event->name);
			char *to = ev_printf("%s/kept.%u", simulation->folder, simulation->kept++);
			/* Where it fails it is read under its own name. */
			if (rename(from, to))
				simulation->kept--;
			free(from);
			free(to);
		}
	}
}

/* ---- all ---------------------------------------------------------------------------------------
 */

static void add_cache(struct ev_simulated_words *words, const char *option,
		      const struct ev_cache_model *model)
{
	*ev_array_add(&words->items) =
		ev_printf("--%s=%llu,%u,%u", option, (unsigned long long)model->size_bytes,
			  model->ways, model->line_bytes);
}

/* % begins a pattern in the names that valgrind takes. */
static char *pattern_of(const char *folder, const char *option, const char *name)
{
	struct ev_buffer text = { 0 };
	ev_buffer_printf(&text, "--%s=", option);
	for (; *folder; folder++)
		ev_buffer_printf(&text, *folder == '%' ? "%%%%" : "%c", *folder);
	ev_buffer_printf(&text, "/%s.%%p", name);
	ev_buffer_u8(&text, 0);
	return (char *)text.bytes;
}

static void fill_words(struct ev_simulated_words *words, const struct ev_simulation *simulation)
{
	const struct ev_simulation_options *options = simulation->options;
	for (size_t i = 0; i < EV_LENGTH(fixed); i++)
		*ev_array_add(&words->items) = ev_strdup(fixed[i]);
	add_cache(words, "I1", &options->caches.levels[EV_CACHE_L1I]);
	add_cache(words, "D1", &options->caches.levels[EV_CACHE_L1D]);
	add_cache(words, "LL", &options->caches.levels[EV_CACHE_LL]);
	if (options->callers)
		*ev_array_add(&words->items) = ev_printf("--separate-callers=%u", options->callers);
	if (options->python)
		ev_simulated_skip(words);
	*ev_array_add(&words->items) = pattern_of(simulation->folder, "callgrind-out-file", "cost");
	*ev_array_add(&words->items) = pattern_of(simulation->folder, "log-file", "log");
	*ev_array_add(&words->items) = ev_strdup("--");
	for (char *const *word = options->command; *word; word++)
		*ev_array_add(&words->items) = ev_strdup(*word);
	*ev_array_add(&words->items) = NULL;
}

/* The value of a variable, or none. */
static void set_variable(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* Where Python's functions are wanted, the command finds the agent in its environment; we do not.
 */
static int start_workload(struct ev_simulation *simulation, char *const *words, struct ev_err *err)
{
	static const char preload[] = "LD_PRELOAD";
	const struct ev_simulation_options *options = simulation->options;
	if (!options->python)
		return ev_workload_start(&simulation->workload, words, err);
	const char *found = getenv(preload);
	char *before = found ? ev_strdup(found) : NULL;
	char *with = ev_printf("%s%s%s", options->python_library, before ? ":" : "",
			       before ? before : "");
	set_variable(preload, with);
	set_variable(PYTHON_AGENT_SIMULATED_VARIABLE, simulation->folder);
	int rc = ev_workload_start(&simulation->workload, words, err);
	set_variable(preload, before);
	set_variable(PYTHON_AGENT_SIMULATED_VARIABLE, NULL);
	free(before);
	free(with);
	return rc;
}

int ev_simulation_start(struct ev_simulation **simulation,
			const struct ev_simulation_options *options, struct ev_err *err)
{
	*simulation = NULL;
	if (!options->command || !options->command[0])
		return ev_fail(err, EINVAL, "no command to run");
	int rc = check_command(options->command[0], err);
	if (!rc)
		rc = check_valgrind(err);
	if (rc)
		return rc;
	struct ev_simulation *made = ev_alloc(sizeof(*made));
	made->options = options;
	made->watch_fd = -1;
	rc = make_folder(made, err);
	if (!rc) {
		static char name[] = VALGRIND; /* the workload keeps it */
		struct ev_simulated_words words = { 0 };
		*ev_array_add(&words.items) = name;
		fill_words(&words, made);
		rc = start_workload(made, words.items.items, err);
		for (size_t i = 1; i < words.items.count; i++)
			free(words.items.items[i]);
		ev_array_done(&words.items);
	}
	made->strings = ev_strings_open();
	if (options->python)
		made->python = ev_simulated_python_open(options->python, options->callers);
	if (rc) {
		ev_simulation_close(made);
		return rc;
	}
	*simulation = made;
	return 0;
}

struct ev_workload *ev_simulation_workload(struct ev_simulation *simulation)
{
	return simulation->workload;
}

int ev_simulation_fd(const struct ev_simulation *simulation)
{
	return simulation->watch_fd;
}

void ev_simulation_close(struct ev_simulation *simulation)
{
	if (!simulation)
		return;
	ev_workload_close(simulation->workload);
	if (simulation->watch_fd >= 0)
		close(simulation->watch_fd);
	remove_folder(simulation);
	ev_simulated_python_close(simulation->python);
	ev_strings_close(simulation->strings);
	ev_array_done(&simulation->tasks);
	ev_map_done(&simulation->task_ids);
	ev_array_done(&simulation->rows);
	ev_array_done(&simulation->costs);
	ev_map_done(&simulation->row_ids);
	ev_map_done(&simulation->places);
	ev_array_done(&simulation->callers);
	ev_map_done(&simulation->caller_ids);
	ev_map_done(&simulation->parents);
	ev_map_done(&simulation->exec_pids);
	ev_array_done(&simulation->loads);
	free(simulation);
}
