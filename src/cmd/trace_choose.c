/* -f and the target become the functions that are traced, and the way in which each is seen to
 * end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trace.h"

/* ---- programs ---------------------------------------------------------------------------------
 */

/* As execvp looks for it; NULL with errno. */
static const char *command_path(struct trace_run *run)
{
	const char *name = run->command[0], *path = getenv("PATH");
	int error = ENOENT;
	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : name;
	for (const char *at = path ? path : "/bin:/usr/bin";; at++) {
		size_t length = strcspn(at, ":");
		const char *file = ev_arena_printf(&run->arena, "%.*s%s%s", (int)length, at,
						   length ? "/" : "./", name);
		struct stat status;
		if (!access(file, X_OK) && !stat(file, &status) && S_ISREG(status.st_mode))
			return file;
		error = errno == EACCES ? EACCES : error;
		at += length;
		if (!*at)
			break;
	}
	errno = error;
	return NULL;
}

/* The program of a process: its path where that still leads to the same file. */
static const char *process_path(struct trace_run *run, uint32_t pid)
{
	char path[4096];
	struct stat running, found;
	const char *link = ev_arena_printf(&run->arena, "/proc/%u/exe", pid);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return NULL;
	path[length] = 0;
	if (stat(link, &running) || stat(path, &found) || running.st_ino != found.st_ino ||
	    running.st_dev != found.st_dev)
		return link;
	return ev_arena_text(&run->arena, path, (size_t)length);
}

static int find_programs(struct trace_run *run)
{
	size_t wanted = run->command ? 1 : run->pid_count;
	const char **programs = ev_arena_take(&run->arena, (wanted + 1) * sizeof(*programs));
	run->programs = programs;
	if (run->command) {
		programs[0] = command_path(run);
		run->program_count = 1;
		if (!programs[0])
			return complain_text(run->verb,
					     errno == ENOENT ? STATUS_NOT_FOUND
							     : STATUS_NOT_EXECUTABLE,
					     "cannot execute '%s': %m",
					     ev_text_safe(&run->arena, run->command[0]));
		return 0;
	}
	for (size_t i = 0; i < run->pid_count; i++) {
		const char *path = process_path(run, run->pids[i]);
		bool known = false;
		if (!path)
			return complain_text(run->verb, STATUS_REFUSED,
					     "the program of process %u cannot be found: %m",
					     run->pids[i]);
		for (size_t k = 0; k < run->program_count; k++)
			known |= !strcmp(programs[k], path);
		if (!known)
			programs[run->program_count++] = path;
	}
	return 0;
}

/* ---- mapped files of running processes
 * -----------------------------------------------------------
 */

/* The file that a process has mapped whose name a glob means; NULL when it has none. `walker` (may
 * be NULL) gets why a library in there walks stacks. */
static const char *mapped_file(struct trace_run *run, uint32_t pid, const char *glob,
			       const char **walker)
{
	char *text, *maps = ev_printf("/proc/%u/maps", pid);
	const char *found = NULL;
	size_t size;
	int rc = ev_file_read(maps, &text, &size);
	free(maps);
	if (rc)
		return NULL;
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n");
		char *path = memchr(line, '/', length);
		if (!path)
			continue;
		path = ev_arena_text(&run->arena, path, length - (size_t)(path - line));
		const char *name = strrchr(path, '/') + 1;
		if (!found && glob && ev_glob_match_exact(glob, name))
			found = path;
		if (walker && !*walker)
			*walker = ev_stack_walker_named(name);
	}
	free(text);
	return found;
}

static const char *library_of(struct trace_run *run, const char *file)
{
	const char *found = NULL;
	for (size_t i = 0; i < run->pid_count && !found && !strchr(file, '/'); i++)
		found = mapped_file(run, run->pids[i], file, NULL);
	return found ? found : file;
}

/* ---- functions --------------------------------------------------------------------------------
 */

/* "libc.so.6:mem*" is a file and its functions; "ns::f" is none. */
static const char *file_part(struct trace_run *run, const char *text, const char **functions)
{
	for (const char *at = text; *at; at++) {
		if (*at != ':')
			continue;
		if (at[1] == ':') {
			at++;
			continue;
		}
		*functions = at + 1;
		return at > text && at[1] ? ev_arena_text(&run->arena, text, (size_t)(at - text))
					  : NULL;
	}
	*functions = text;
	return NULL;
}

static int add_functions(struct trace_run *run, const char *text, struct ev_err *err)
{
	const char *functions, *file = file_part(run, text, &functions);
	uint64_t limit = run->options->limit;
	struct ev_err first = { 0 };
	size_t failed = 0;
	if (file)
		return ev_call_points_add(&run->points, library_of(run, file), functions,
					  (size_t)limit, err);
	for (size_t i = 0; i < run->program_count; i++) {
		struct ev_err here = { 0 };
		if (!ev_call_points_add(&run->points, run->programs[i], functions, (size_t)limit,
					&here))
			continue;
		failed++;
		first = first.code ? first : here;
	}
	if (failed < run->program_count)
		return 0;
	*err = first;
	return -first.code;
}

static void find_walkers(struct trace_run *run)
{
	for (size_t i = 0; i < run->program_count && !run->walker; i++)
		run->walker = ev_stack_walker_of(run->programs[i]);
	for (size_t i = 0; i < run->points.count && !run->walker; i++)
		if (!i || run->points.items[i].path != run->points.items[i - 1].path)
			run->walker = ev_stack_walker_of(run->points.items[i].path);
	for (size_t i = 0; i < run->pid_count && !run->walker; i++)
		mapped_file(run, run->pids[i], NULL, &run->walker);
}

static void find_leavers(struct trace_run *run)
{
	for (size_t i = 0; i < run->program_count; i++)
		ev_leavers_add(&run->leavers, run->programs[i], &run->arena);
	ev_leavers_add(&run->leavers, library_of(run, "libc.so.6"), &run->arena);
	ev_leavers_add(&run->leavers, library_of(run, "libgcc_s.so.1"), &run->arena);
}

/* ---- how each ends ----------------------------------------------------------------------------
 */

static bool wants_code(const struct trace_run *run, const struct ev_call_point *point)
{
	if (run->options->exits != TRACE_EXITS_AUTO)
		return run->options->exits == TRACE_EXITS_CODE;
	return run->walker || (point->recursive && point->exits_known);
}

/* Leaves out what is not known to end. */
static void plan_exits(struct trace_run *run)
{
	size_t kept = 0;
	run->functions =
		ev_arena_take(&run->arena, (run->points.count + 1) * sizeof(*run->functions));
	for (size_t i = 0; i < run->points.count; i++) {
		const struct ev_call_point *point = &run->points.items[i];
		bool code = wants_code(run, point);
		if (code && !point->exits_known) {
			run->unknown++;
			run->unknown_name = point->name;
			continue;
		}
		run->functions[kept] = (struct ev_trace_function){
			.path = point->path,
			.offset = point->offset,
			.stack_bytes = point->stack_bytes,
			.cheap = point->cheap,
			.by_instructions = code,
			.returns = point->returns,
			.return_count = point->return_count,
			.jumps = point->jumps,
			.jump_count = point->jump_count,
		};
		/* The kernel takes the return address from the top of the stack. */
		if (!code && point->stack_bytes) {
			uint64_t into = point->offset - point->entry_offset;
			run->functions[kept].offset -= into;
			run->functions[kept].stack_bytes = 0;
			run->functions[kept].cheap = false;
		}
		run->points.items[kept++] = *point;
	}
	run->points.count = kept;
}

/* Addresses that the jumps lead to become numbers of traced functions. */
static void plan_jumps(struct trace_run *run)
{
	struct ev_map known = { 0 };
	for (size_t i = 0; i < run->points.count; i++)
		*ev_map_add(&known, run->points.items[i].address,
			    (uintptr_t)run->points.items[i].path, NULL) = (uint32_t)i + 1;
	for (size_t i = 0; i < run->points.count; i++) {
		const struct ev_call_point *point = &run->points.items[i];
		uint32_t *targets =
			ev_arena_take(&run->arena, (point->jump_count + 1) * sizeof(*targets));
		for (size_t k = 0; k < point->jump_count; k++) {
			const uint32_t *target =
				ev_map_find(&known, point->jump_targets[k], (uintptr_t)point->path);
			targets[k] = target ? *target : 0;
		}
		run->functions[i].jump_targets = targets;
	}
	ev_map_done(&known);
}

int trace_choose(struct trace_run *run)
{
	const struct option_list *functions = &run->options->functions;
	struct ev_err err = { 0 };
	int status = find_programs(run), rc = 0;
	if (status)
		return status;
	for (size_t i = 0; i < functions->count && !rc; i++)
		rc = add_functions(run, functions->items[i].text, &err);
	if (!functions->count)
		rc = add_functions(run, "*", &err);
	if (rc)
		return complain(run->verb, &err, STATUS_REFUSED);
	ev_call_points_ready(&run->points);
	find_walkers(run);
	find_leavers(run);
	plan_exits(run);
	plan_jumps(run);
	if (run->points.count)
		return 0;
	const char *name = run->unknown_name ? run->unknown_name : "";
	return complain_text(run->verb, STATUS_REFUSED,
			     "none of these functions can be traced: where '%s' returns can not be "
			     "read from its code%s%s%s",
			     ev_text_safe(&run->arena, name),
			     run->walker ? ", and the kernel's way would disturb " : "",
			     run->walker ? run->walker : "",
			     EV_HAVE_CAPSTONE ? "" : " (evprof was built without capstone)");
}
