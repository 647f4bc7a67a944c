/* -p, -t, -u, -a and -C become the target that collect opens. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <evprof/collect.h>
#include "target.h"

#define LARGEST_TID (1u << 30)
#define LARGEST_CPU 65535

static int parse_user(const char *text, struct ev_target *target, struct ev_err *err)
{
	uint64_t uid;
	const struct passwd *user = getpwnam(text);
	if (user)
		uid = user->pw_uid;
	else if (ev_parse_u64(text, &uid) || uid > UINT32_MAX)
		return ev_fail(err, EINVAL, "there is no user '%s'", text);
	target->ids = ev_alloc(sizeof(*target->ids));
	target->ids[0] = (uint32_t)uid;
	target->id_count = 1;
	return 0;
}

static int parse_list(const char *text, const char *what, uint32_t limit, uint32_t **numbers,
		      size_t *count, struct ev_err *err)
{
	if (!ev_parse_ranges(text, limit, numbers, count))
		return 0;
	return ev_fail(err, EINVAL, "'%s' is no list of %s such as 12 or 12,15", text, what);
}

int target_resolve(const struct target_options *options, bool has_command, struct ev_target *target,
		   struct ev_err *err)
{
	int ways = !!options->pids + !!options->tids + !!options->user +
		   (options->system_wide || options->cpus);
	*target = (struct ev_target){ .no_inherit = options->no_inherit };
	if (ways > 1)
		return ev_fail(err, EINVAL,
			       "-p, -t, -u and -a/-C each name who is watched: give one of them");
	if (!ways && !has_command)
		return ev_fail(err, EINVAL,
			       "nothing to watch: give a command, or -p PID, or -a for "
			       "the whole machine");
	int rc = 0;
	if (options->pids) {
		target->kind = EV_TARGET_PIDS;
		rc = ev_processes_find(options->pids, &target->ids, &target->id_count,
				       &target->by_name, err);
	} else if (options->tids) {
		target->kind = EV_TARGET_TIDS;
		rc = parse_list(options->tids, "thread ids", LARGEST_TID, &target->ids,
				&target->id_count, err);
	} else if (options->user) {
		target->kind = EV_TARGET_USER;
		rc = parse_user(options->user, target, err);
	} else if (ways) {
		target->kind = EV_TARGET_SYSTEM;
		if (options->cpus)
			rc = parse_list(options->cpus, "CPUs", LARGEST_CPU, &target->cpus,
					&target->cpu_count, err);
	}
	if (rc)
		target_done(target);
	return rc;
}

void target_done(struct ev_target *target)
{
	free(target->ids);
	free(target->cpus);
	*target = (struct ev_target){ 0 };
}

const char *target_name(const struct target_options *options, char *const *command,
			struct ev_arena *arena)
{
	if (options->cpus)
		return ev_arena_printf(arena, "'CPU(s) %s'", options->cpus);
	if (options->system_wide)
		return "'system wide'";
	if (options->pids)
		return ev_arena_printf(arena, "process id '%s'", options->pids);
	if (options->tids)
		return ev_arena_printf(arena, "thread id '%s'", options->tids);
	if (options->user)
		return ev_arena_printf(arena, "user '%s'", options->user);
	struct ev_buffer words = { 0 };
	for (size_t i = 0; command && command[i]; i++)
		ev_buffer_printf(&words, "%s%s", i ? " " : "", command[i]);
	ev_buffer_u8(&words, 0);
	const char *name = ev_arena_printf(arena, "'%s'", ev_text_safe(arena, (char *)words.bytes));
	ev_buffer_done(&words);
	return name;
}
