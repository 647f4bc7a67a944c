/* What runs before a recording begins becomes the records that it would have made: the kernel,
 * then each process with its name, its threads and its mapped files. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "machine.h"
#include "synthesize.h"
#include "tasks.h"

#define NO_FILE "//anon" /* perf's name of mapped memory without a file */

/* ---- build-ids ---------------------------------------------------------------------------------
 */

/* A path under which the mapped file can be opened from here: its own, the one seen from the
 * process's root (containers), or the map itself (deleted files). */
static size_t build_id_of_mapping(uint32_t pid, const struct ev_mmap *mmap, uint8_t id[20])
{
	char path[4400];
	struct stat status;
	size_t length = strlen(mmap->path);
	bool deleted = length > 10 && !strcmp(mmap->path + length - 10, " (deleted)");
	if (!deleted) {
		if (!stat(mmap->path, &status) && status.st_ino == mmap->inode)
			return ev_build_id_of_file(mmap->path, id);
		snprintf(path, sizeof(path), "/proc/%u/root%s", pid, mmap->path);
		size_t found = ev_build_id_of_file(path, id);
		if (found)
			return found;
	}
	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, pid, mmap->start,
		 mmap->start + mmap->length);
	return ev_build_id_of_file(path, id);
}

/* The vdso is the same for all; evprof's own lies in its memory. */
static void read_vdso_id(struct ev_synthesis *synthesis)
{
	const uint8_t *base = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *header = (const void *)base;
	if (!base || memcmp(header->e_ident, ELFMAG, SELFMAG))
		return;
	const ElfW(Phdr) *segments = (const void *)(base + header->e_phoff);
	for (unsigned i = 0; i < header->e_phnum && !synthesis->vdso_id_bytes; i++)
		if (segments[i].p_type == PT_NOTE)
			synthesis->vdso_id_bytes =
				(uint8_t)ev_build_id_of_notes(base + segments[i].p_offset,
							      segments[i].p_filesz,
							      synthesis->vdso_id);
}

static void find_build_id(struct ev_synthesis *synthesis, uint32_t pid, struct ev_mmap *mmap)
{
	bool added;
	if (!strcmp(mmap->path, "[vdso]")) {
		memcpy(mmap->build_id, synthesis->vdso_id, sizeof(mmap->build_id));
		mmap->build_id_bytes = synthesis->vdso_id_bytes;
	}
	if (mmap->path[0] != '/' || mmap->path[1] == '/')
		return;
	uint64_t device = (uint64_t)mmap->major << 32 | mmap->minor;
	uint32_t *index = ev_map_add(&synthesis->known_files, device, mmap->inode, &added);
	if (added) {
		struct ev_known_build_id *known = ev_array_add(&synthesis->build_ids);
		known->id_bytes = (uint8_t)build_id_of_mapping(pid, mmap, known->id);
		*index = (uint32_t)synthesis->build_ids.count;
	}
	const struct ev_known_build_id *known = &synthesis->build_ids.items[*index - 1];
	memcpy(mmap->build_id, known->id, sizeof(mmap->build_id));
	mmap->build_id_bytes = known->id_bytes;
}

/* ---- mappings ----------------------------------------------------------------------------------
 */

bool ev_maps_parse(const char *line, size_t length, struct ev_mmap *mmap, char *path,
		   size_t size_bytes)
{
	char text[160], rights[5];
	uint64_t end;
	int used = 0;
	/* Everything but the path is short; a copy bounds what sscanf may look at. */
	snprintf(text, sizeof(text), "%.*s", (int)(length < 150 ? length : 150), line);
	*mmap = (struct ev_mmap){ 0 };
	if (sscanf(text, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n",
		   &mmap->start, &end, rights, &mmap->file_offset, &mmap->major, &mmap->minor,
		   &mmap->inode, &used) != 7 ||
	    strlen(rights) != 4 || end <= mmap->start)
		return false;
	mmap->length = end - mmap->start;
	mmap->prot = (rights[0] == 'r' ? 1u : 0) | (rights[1] == 'w' ? 2u : 0) |
		     (rights[2] == 'x' ? 4u : 0);
	mmap->flags = rights[3] == 's' ? 1 : 2; /* MAP_SHARED, MAP_PRIVATE */
	mmap->executable = rights[2] == 'x';
	size_t at = (size_t)used;
	while (at < length && line[at] == ' ')
		at++;
	snprintf(path, size_bytes, "%.*s", (int)(length - at), line + at);
	if (!*path)
		snprintf(path, size_bytes, NO_FILE);
	mmap->path = path;
	return true;
}

/* The whole of a file into synthesis->text, NUL-terminated; 0 or -errno. */
static int read_text(struct ev_synthesis *synthesis, const char *path)
{
	struct ev_buffer *text = &synthesis->text;
	char part[16384];
	ssize_t got;
	text->size_bytes = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((got = read(fd, part, sizeof(part))) > 0)
		ev_buffer_add(text, part, (size_t)got);
	int rc = got < 0 ? -errno : 0;
	close(fd);
	ev_buffer_u8(text, 0);
	return rc;
}

/* Most lines are of data: told apart without parsing them. */
static bool may_be_executable(const char *line, size_t length)
{
	const char *rights = memchr(line, ' ', length);
	return rights && rights + 3 < line + length && rights[3] == 'x';
}

/* False for kernel threads and for processes that have ended: they have no maps to miss. */
static bool has_memory(uint32_t pid)
{
	char path[64], *text, field[32];
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (ev_file_read(path, &text, NULL))
		return false;
	bool found = ev_proc_field(text, "VmSize", field, sizeof(field));
	free(text);
	return found;
}

static int give_maps(struct ev_synthesis *synthesis, uint32_t pid, struct ev_err *err)
{
	char name[64], path[4160];
	snprintf(name, sizeof(name), "/proc/%u/maps", pid);
	int rc = read_text(synthesis, name);
	if ((rc == -EACCES || rc == -EPERM) && synthesis->unreadable && has_memory(pid))
		++*synthesis->unreadable;
	if (rc)
		return 0;
	for (const char *line = (const char *)synthesis->text.bytes; *line && !rc;) {
		struct ev_record record = { .type = PERF_RECORD_MMAP2,
					    .misc = PERF_RECORD_MISC_USER };
		size_t length = strcspn(line, "\n");
		if (may_be_executable(line, length) &&
		    ev_maps_parse(line, length, &record.mmap, path, sizeof(path))) {
			record.pid = record.tid = record.mmap.pid = record.mmap.tid = pid;
			find_build_id(synthesis, pid, &record.mmap);
			if (record.mmap.build_id_bytes)
				record.misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
			rc = synthesis->take(synthesis->context, &record, err);
		}
		line += length + (line[length] == '\n');
	}
	return rc;
}

/* ---- processes ---------------------------------------------------------------------------------
 */

static int give_task(struct ev_synthesis *synthesis, uint32_t pid, uint32_t tid,
		     uint32_t parent_pid, const char *comm, struct ev_err *err)
{
	struct ev_record record = {
		.type = PERF_RECORD_FORK,
		.misc = PERF_RECORD_MISC_FORK_EXEC, /* it has maps of its own */
		.pid = pid,
		.tid = tid,
		.task = { .pid = pid,
			  .tid = tid,
			  .parent_pid = parent_pid,
			  .parent_tid = parent_pid },
	};
	int rc = synthesis->take(synthesis->context, &record, err);
	if (rc)
		return rc;
	record = (struct ev_record){ .type = PERF_RECORD_COMM,
				     .pid = pid,
				     .tid = tid,
				     .comm = { .pid = pid, .tid = tid, .comm = comm } };
	return synthesis->take(synthesis->context, &record, err);
}

int ev_synthesize_process(struct ev_synthesis *synthesis, uint32_t pid, struct ev_err *err)
{
	struct ev_task_list threads = { 0 };
	char comm[16];
	uint32_t parent;
	if (!ev_process_parent(pid, comm, &parent) || ev_process_threads(pid, &threads)) {
		ev_array_done(&threads);
		return 0; /* it ended meanwhile */
	}
	int rc = give_task(synthesis, pid, pid, parent, comm, err);
	if (!rc && !synthesis->unborn)
		rc = give_maps(synthesis, pid, err);
	for (size_t i = 0; i < threads.count && !rc; i++) {
		if (threads.items[i] == pid)
			continue;
		ev_task_comm(threads.items[i], comm);
		rc = *comm ? give_task(synthesis, pid, threads.items[i], pid, comm, err) : 0;
	}
	ev_array_done(&threads);
	return rc;
}

/* Process of a thread; the thread's own id when it is gone. */
static uint32_t process_of(uint32_t tid)
{
	char path[64], *text, field[32];
	uint32_t pid = tid;
	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	if (ev_file_read(path, &text, NULL))
		return tid;
	if (ev_proc_field(text, "Tgid", field, sizeof(field)))
		pid = (uint32_t)strtoul(field, NULL, 10);
	free(text);
	return pid;
}

void ev_synthesized_processes(const struct ev_target *target, struct ev_task_list *pids)
{
	struct ev_map seen = { 0 };
	bool added;
	if (target->kind == EV_TARGET_SYSTEM)
		ev_processes_list(pids, false, 0);
	else if (target->kind == EV_TARGET_USER && target->id_count)
		ev_processes_list(pids, true, target->ids[0]);
	else
		for (size_t i = 0; i < target->id_count; i++) {
			uint32_t pid = process_of(target->ids[i]);
			ev_map_add(&seen, pid, 0, &added);
			if (added)
				*ev_array_add(pids) = pid;
		}
	ev_map_done(&seen);
}

int ev_synthesize(const struct ev_target *target, ev_take_record take, void *context,
		  size_t *unreadable, struct ev_err *err)
{
	struct ev_synthesis synthesis = { .take = take,
					  .context = context,
					  .unreadable = unreadable,
					  .unborn = target->kind == EV_TARGET_COMMAND };
	struct ev_task_list pids = { 0 };
	if (unreadable)
		*unreadable = 0;
	int rc = ev_synthesize_kernel(&synthesis, err);
	read_vdso_id(&synthesis);
	ev_synthesized_processes(target, &pids);
	for (size_t i = 0; i < pids.count && !rc; i++)
		rc = ev_synthesize_process(&synthesis, pids.items[i], err);
	ev_array_done(&pids);
	ev_map_done(&synthesis.known_files);
	ev_array_done(&synthesis.build_ids);
	ev_buffer_done(&synthesis.text);
	return rc;
}
