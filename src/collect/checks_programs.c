/* Other programs that evprof works with, each really started: Python, valgrind; and the files by
 * which JIT compilers tell their names. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "checks.h"
#include "syscalls.h"

extern char **environ;

/* ---- running one --------------------------------------------------------------------------------
 */

bool ev_program_path(const char *name, char *path, size_t size_bytes)
{
	const char *at = getenv("PATH");
	struct stat status;
	if (!at || !*at)
		at = "/usr/local/bin:/usr/bin:/bin";
	for (; *at; at += *at == ':') {
		size_t length = strcspn(at, ":");
		int size = snprintf(path, size_bytes, "%.*s/%s", (int)length, at, name);
		at += length;
		if (length && (size_t)size < size_bytes && !access(path, X_OK) &&
		    !stat(path, &status) && S_ISREG(status.st_mode))
			return true;
	}
	return false;
}

static int spawn(const char *path, char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t ways;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&ways);
	/* A group of its own: what it starts ends with it. */
	posix_spawnattr_setflags(&ways, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&ways, &none);
	posix_spawnattr_setsigdefault(&ways, &all);
	int rc = posix_spawn(pid, path, &files, &ways, argv, environ);
	posix_spawnattr_destroy(&ways);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

/* What it prints, until it closes its output: 0, -ETIMEDOUT, -errno. */
static int read_output(int fd, uint64_t until_ns, char *line, size_t size_bytes)
{
	char rest[256];
	size_t used = 0;
	for (;;) {
		uint64_t now_ns = ev_now_ns();
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (now_ns >= until_ns)
			return -ETIMEDOUT;
		int rc = ev_sys_poll(&wait, 1, (int)((until_ns - now_ns) / 1000000) + 1);
		if (rc < 0 && rc != -EINTR)
			return rc;
		if (rc <= 0)
			continue;
		bool room = used < size_bytes - 1;
		ssize_t got = ev_sys_read(fd, room ? line + used : rest,
					  room ? size_bytes - 1 - used : sizeof(rest));
		if (got <= 0) {
			line[used] = 0;
			line[strcspn(line, "\n")] = 0;
			return (int)got;
		}
		used += room ? (size_t)got : 0;
	}
}

int ev_program_line(char *const *argv, int limit_ms, char *line, size_t size_bytes)
{
	uint64_t until_ns = ev_now_ns() + (uint64_t)limit_ms * 1000000;
	char path[4096];
	int out[2], status = 0;
	pid_t pid;
	*line = 0;
	if (!ev_program_path(argv[0], path, sizeof(path)))
		return -ENOENT;
	if (pipe2(out, O_CLOEXEC))
		return -errno;
	int rc = spawn(path, argv, out[1], &pid);
	close(out[1]);
	if (rc) {
		close(out[0]);
		return rc;
	}
	rc = read_output(out[0], until_ns, line, size_bytes);
	close(out[0]);
	/* It may close its output and stay. */
	while (!rc && !waitpid(pid, &status, WNOHANG) && ev_now_ns() < until_ns)
		usleep(1000);
	if (rc || !WIFEXITED(status))
		rc = rc ? rc : -EIO;
	kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid || errno == ECHILD)
		return rc ? rc : !WIFEXITED(status) || WEXITSTATUS(status) ? -EIO : 0;
	return -errno;
}

/* ---- Python -------------------------------------------------------------------------------------
 */

void ev_check_python(struct ev_check *check, struct ev_checks *checks)
{
	static const char script[] =
		"import platform, sys\n"
		"f = getattr(sys, 'is_stack_trampoline_active', None)\n"
		"print(platform.python_implementation(), platform.python_version(),"
		" 'trampoline' if f and f() else 'plain')";
	char *argv[] = { (char *)"python3", (char *)"-I",   (char *)"-X", (char *)"perf",
			 (char *)"-c",      (char *)script, NULL };
	char line[200], path[4096];
	(void)checks;
	int rc = ev_program_line(argv, 1000, line, sizeof(line));
	if (rc) {
		ev_check_missing(check,
				 rc == -ENOENT ? "there is no python3" : "python3 does not run");
		ev_check_why(check, "%s", strerror(-rc));
		if (!access("/usr/bin/apt", X_OK))
			ev_check_cure(check, "sudo apt install python3");
		return;
	}
	char *last = strrchr(line, ' ');
	if (last)
		*last++ = 0;
	ev_program_path("python3", path, sizeof(path));
	if (last && !strcmp(last, "trampoline")) {
		ev_check_ok(check, "%s at %.80s, with python3 -X perf", line, path);
		return;
	}
	ev_check_limited(check, "%s at %.80s", line, path);
	ev_check_why(check, "-X perf does nothing in it: its functions have no frames");
	ev_check_cure(check, "CPython 3.12 or later, started as python3 -X perf");
}

/* ---- names of compiled code ---------------------------------------------------------------------
 */

/* A new empty file of that name, which nobody else could have put there; a descriptor or -errno. */
static int make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

void ev_check_perf_map(struct ev_check *check, struct ev_checks *checks)
{
	char path[64];
	(void)checks;
	snprintf(path, sizeof(path), "/tmp/perf-evprof-%d.map", (int)getpid());
	int fd = make(path);
	if (fd < 0) {
		ev_check_missing(check, "JIT compilers cannot leave /tmp/perf-PID.map");
		ev_check_why(check, "/tmp: %s", strerror(-fd));
		ev_check_cure(check, "sudo mkdir -p /tmp && sudo chmod 1777 /tmp");
		return;
	}
	close(fd);
	unlink(path);
	ev_check_ok(check, "/tmp/perf-PID.map can be written");
}

void ev_check_jitdump(struct ev_check *check, struct ev_checks *checks)
{
	char path[64];
	(void)checks;
	snprintf(path, sizeof(path), "/tmp/jit-evprof-%d.dump", (int)getpid());
	int fd = make(path), error = -fd;
	if (fd >= 0) {
		long page_bytes = sysconf(_SC_PAGESIZE);
		error = ftruncate(fd, page_bytes) ? errno : 0;
		/* How a JIT compiler tells the profiler of its file. */
		void *base = error ? MAP_FAILED
				   : mmap(NULL, (size_t)page_bytes, PROT_READ | PROT_EXEC,
					  MAP_PRIVATE, fd, 0);
		error = error ? error : base == MAP_FAILED ? errno : 0;
		if (base != MAP_FAILED)
			munmap(base, (size_t)page_bytes);
		close(fd);
		unlink(path);
	}
	if (!error) {
		ev_check_ok(check, "jit-PID.dump in /tmp can be mapped");
		return;
	}
	ev_check_missing(check, "JIT compilers cannot announce a jit-PID.dump in /tmp");
	ev_check_why(check, "%s%s", strerror(error),
		     error == EPERM ? ": /tmp is mounted noexec" : "");
	ev_check_cure(check, error == EPERM ? "sudo mount -o remount,exec /tmp, or another folder: "
					      "export JITDUMPDIR=$HOME"
					    : "export JITDUMPDIR=$HOME");
}

void ev_check_valgrind(struct ev_check *check, struct ev_checks *checks)
{
	char *argv[] = { (char *)"valgrind", (char *)"--version", NULL };
	char line[120];
	(void)checks;
	int rc = ev_program_line(argv, 1000, line, sizeof(line));
	if (!rc) {
		ev_check_ok(check, "%s, for simulated caches and branches (--simulate)", line);
		return;
	}
	ev_check_missing(check, rc == -ENOENT ? "there is none" : "it does not run");
	ev_check_why(check, "without it caches and branches cannot be simulated (--simulate)");
	ev_check_cure(check, "%s",
		      !access("/usr/bin/dnf", X_OK) ? "sudo dnf install valgrind"
						    : "sudo apt install valgrind");
	if (rc != -ENOENT)
		ev_check_unmounted(check, "/proc/self");
}
