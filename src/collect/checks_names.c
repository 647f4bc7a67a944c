/* Where names and lines come from: tracefs, debug files of the kernel, libc and Python. */
#include <errno.h>
#include <glob.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "checks.h"
#include "machine.h"

/* ---- tracefs ------------------------------------------------------------------------------------
 */

void ev_check_tracefs(struct ev_check *check, struct ev_checks *checks)
{
	static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	int error = ENOENT;
	(void)checks;
	for (size_t i = 0; i < EV_LENGTH(folders); i++) {
		char path[128];
		int64_t id;
		snprintf(path, sizeof(path), "%s/events/sched/sched_switch/id", folders[i]);
		int rc = ev_file_number(path, &id);
		if (!rc) {
			ev_check_ok(check, "%s can be read", folders[i]);
			return;
		}
		if (rc == -EACCES || rc == -EPERM)
			error = -rc;
	}
	ev_check_missing(check, "tracepoints cannot be looked up");
	if (error == ENOENT) {
		ev_check_why(check, "tracefs is not mounted");
		ev_check_cure(check, "sudo mount -t tracefs nodev /sys/kernel/tracing");
		ev_check_unmounted(check, "/sys/kernel/tracing");
	} else {
		ev_check_why(check, "only root may read it here");
		ev_check_cure(check, "sudo mount -o remount,mode=755,gid=%u /sys/kernel/tracing",
			      (unsigned)getegid());
	}
}

/* ---- debug information --------------------------------------------------------------------------
 */

/* How the distribution that is found here installs it; its tool's presence tells which. */
enum what { KERNEL, LIBC, PYTHON };
static const struct {
	const char *tool, *install[3]; /* %s: the kernel's release, python3.x */
} packages[] = {
	{ "/etc/dpkg/origins/ubuntu",
	  { "sudo apt install linux-image-%s-dbgsym", "sudo apt install libc6-dbg",
	    "sudo apt install %s-dbg" } },
	{ "/usr/bin/apt",
	  { "sudo apt install linux-image-%s-dbg", "sudo apt install libc6-dbg",
	    "sudo apt install %s-dbg" } },
	{ "/usr/bin/dnf",
	  { "sudo dnf debuginfo-install kernel-%s", "sudo dnf debuginfo-install glibc",
	    "sudo dnf debuginfo-install %s" } },
	{ "/usr/bin/zypper",
	  { "sudo zypper install kernel-default-debuginfo", "sudo zypper install glibc-debuginfo",
	    "sudo zypper install %s-debuginfo" } },
	{ "/usr/bin/pacman",
	  { "export DEBUGINFOD_URLS=https://debuginfod.archlinux.org",
	    "export DEBUGINFOD_URLS=https://debuginfod.archlinux.org",
	    "export DEBUGINFOD_URLS=https://debuginfod.archlinux.org" } },
};

static void cure(struct ev_check *check, enum what what, const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(packages); i++)
		if (!access(packages[i].tool, F_OK)) {
			ev_check_cure(check, packages[i].install[what], name);
			return;
		}
	ev_check_cure(check, "your distribution's debug package, or DEBUGINFOD_URLS");
}

/* True when all is there. */
static bool tell_kind(struct ev_check *check, enum ev_debug_kind kind, const char *what)
{
	if (kind == EV_DEBUG_LINES)
		ev_check_ok(check, "source lines found (%s)", what);
	else if (kind == EV_DEBUG_NAMES)
		ev_check_limited(check, "all functions, no source lines (%s)", what);
	else if (kind == EV_DEBUG_EXPORTS)
		ev_check_limited(check, "exported functions, no source lines (%s)", what);
	else
		ev_check_missing(check, "no debug information found (%s)", what);
	return kind == EV_DEBUG_LINES;
}

void ev_check_kernel_debug(struct ev_check *check, struct ev_checks *checks)
{
	struct utsname name = { 0 };
	char *notes, path[256];
	size_t size_bytes, id_bytes = 0;
	uint8_t id[20];
	enum ev_debug_kind kind = EV_DEBUG_UNREADABLE;
	(void)checks;
	uname(&name);
	if (!ev_file_read("/sys/kernel/notes", &notes, &size_bytes)) {
		id_bytes = ev_build_id_of_notes(notes, size_bytes, id);
		free(notes);
	}
	if (id_bytes)
		kind = ev_debug_kind_of_id(id, id_bytes);
	static const char *const places[] = { "/usr/lib/debug/boot/vmlinux-%s",
					      "/usr/lib/debug/lib/modules/%s/vmlinux",
					      "/lib/modules/%s/build/vmlinux" };
	for (size_t i = 0; i < EV_LENGTH(places) && kind != EV_DEBUG_LINES; i++) {
		snprintf(path, sizeof(path), places[i], name.release);
		enum ev_debug_kind here = ev_debug_kind_of(path);
		kind = here > kind ? here : kind;
	}
	if (tell_kind(check, kind, name.release))
		return;
	ev_check_why(check, "functions of the kernel have names without it, but no lines");
	/* Where the kernel itself is no package, there is none of its debug information either. */
	snprintf(path, sizeof(path), "/var/lib/dpkg/info/linux-image-%s.list", name.release);
	if (!access("/usr/bin/apt", F_OK) && access(path, F_OK))
		ev_check_cure(check,
			      "the vmlinux of whoever built this kernel, as "
			      "/usr/lib/debug/boot/vmlinux-%s",
			      name.release);
	else
		cure(check, KERNEL, name.release);
}

/* The file that a function of libc was mapped from. */
static int find_libc(struct dl_phdr_info *object, size_t size_bytes, void *context)
{
	const char *slash = strrchr(object->dlpi_name, '/');
	(void)size_bytes;
	if (!slash || (strncmp(slash, "/libc.so", 8) && strncmp(slash, "/libc-", 6) &&
		       strncmp(slash, "/ld-musl", 8)))
		return 0;
	*(char **)context = ev_strdup(object->dlpi_name);
	return 1;
}

void ev_check_libc_debug(struct ev_check *check, struct ev_checks *checks)
{
	char *path = NULL;
	(void)checks;
	dl_iterate_phdr(find_libc, &path);
	if (!path) {
		ev_check_limited(check, "not known: this evprof brings its own libc");
		return;
	}
	if (!tell_kind(check, ev_debug_kind_of(path), path))
		cure(check, LIBC, "");
	free(path);
}

void ev_check_python_debug(struct ev_check *check, struct ev_checks *checks)
{
	/* The interpreter itself, behind wrappers and links, and its library where it has one. */
	static const char script[] =
		"import os, sys, sysconfig as c\n"
		"library = os.path.join(c.get_config_var('LIBDIR') or '', c.get_config_var("
		"'INSTSONAME') or '')\n"
		"shared = c.get_config_var('Py_ENABLE_SHARED') and os.path.isfile(library)\n"
		"print('python%d.%d' % sys.version_info[:2],"
		" os.path.realpath(library if shared else sys.executable))";
	char *argv[] = { (char *)"python3", (char *)"-I", (char *)"-c", (char *)script, NULL };
	char line[4096];
	(void)checks;
	int rc = ev_program_line(argv, 1000, line, sizeof(line));
	if (rc) {
		ev_check_missing(check, "no Python to look at");
		ev_check_why(check, "python3: %s", strerror(-rc));
		return;
	}
	char *path = strchr(line, ' ');
	if (!path) {
		ev_check_missing(check, "python3 does not say where it is");
		return;
	}
	*path++ = 0;
	if (tell_kind(check, ev_debug_kind_of(path), path))
		return;
	/* What stands elsewhere is no package of the distribution. */
	if (!strncmp(path, "/usr/bin/", 9) || !strncmp(path, "/usr/lib/", 9))
		cure(check, PYTHON, line);
	else
		ev_check_cure(check, "build that Python with debug information: CFLAGS=-g");
}

/* ---- debuginfod ---------------------------------------------------------------------------------
 */

void ev_check_debuginfod(struct ev_check *check, struct ev_checks *checks)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	glob_t files = { 0 };
	(void)checks;
	if (urls && *urls) {
		ev_check_ok(check, "DEBUGINFOD_URLS is %s", urls);
		return;
	}
	bool offered = !glob("/etc/debuginfod/*.urls", 0, NULL, &files) && files.gl_pathc;
	globfree(&files);
	ev_check_limited(check, "DEBUGINFOD_URLS is not set");
	ev_check_why(check, "missing debug information is not fetched from a server");
	ev_check_cure(check, offered ? "export DEBUGINFOD_URLS=\"$(cat /etc/debuginfod/*.urls)\""
				     : "export DEBUGINFOD_URLS=https://debuginfod.elfutils.org");
}
