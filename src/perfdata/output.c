/* The file that is being written: made with care for the one it replaces, extended with care for
 * full disks, and taken back when nothing came of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "layout.h"

/* The user behind sudo, who will want to read the file. */
static void give_to_sudo_user(int fd)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	uint64_t uid, gid;

	if (geteuid() != 0 || !uid_text || !gid_text)
		return;
	if (ev_parse_u64(uid_text, &uid) < 0 || ev_parse_u64(gid_text, &gid) < 0 ||
	    uid >= UINT32_MAX || gid >= UINT32_MAX)
		return;
	/* Without the right to do so the file stays root's: readable with sudo, nothing lost. */
	if (fchown(fd, (uid_t)uid, (gid_t)gid) < 0)
		return;
}

/* Move what stands at the path out of the way; devices and pipes stay where they are. */
static int keep_old(struct ev_output *output, const char *path, bool *is_regular,
		    struct ev_err *err)
{
	struct stat st;

	*is_regular = true;
	if (stat(path, &st) < 0 && lstat(path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : ev_fail(err, errno, "can't look at %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return ev_fail(err, EISDIR, "%s is a folder", path);
	*is_regular = S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
	if (!*is_regular)
		return 0;
	output->old_path = ev_printf("%s.old", path);
	if (rename(path, output->old_path) < 0) {
		int code = errno;

		free(output->old_path);
		output->old_path = NULL;
		return ev_fail(err, code, "can't rename %s to %s.old: %s", path, path,
			       strerror(code));
	}
	return 0;
}

int ev_output_open(struct ev_output *output, const char *path, bool sudo_owner, struct ev_err *err)
{
	bool is_regular;
	int rc;

	memset(output, 0, sizeof(*output));
	output->fd = -1;
	if (strcmp(path, "-") == 0) {
		output->is_stdout = true;
		output->fd = STDOUT_FILENO;
		return 0;
	}
	rc = keep_old(output, path, &is_regular, err);
	if (rc < 0)
		return rc;
	output->fd = open(path,
			  is_regular ? O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC : O_WRONLY | O_CLOEXEC,
			  0600);
	if (output->fd < 0) {
		int code = errno;

		if (output->old_path)
			rename(output->old_path, path);
		free(output->old_path);
		output->old_path = NULL;
		return ev_fail(err, code, "can't create %s: %s", path, strerror(code));
	}
	output->path = ev_strdup(path);
	output->seekable = is_regular;
	if (is_regular && sudo_owner)
		give_to_sudo_user(output->fd);
	return 0;
}

static int write_failed(const struct ev_output *output, int code, struct ev_err *err)
{
	return ev_fail(err, code, "can't write %s: %s", output->path ? output->path : "to stdout",
		       strerror(code));
}

int ev_output_append(struct ev_output *output, const void *bytes, size_t size_bytes,
		     struct ev_err *err)
{
	const uint8_t *at = bytes;

	while (size_bytes) {
		ssize_t done = write(output->fd, at, size_bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return write_failed(output, errno, err);
		if (done == 0)
			return write_failed(output, ENOSPC, err);
		at += done;
		size_bytes -= (size_t)done;
	}
	return 0;
}

int ev_output_patch(struct ev_output *output, uint64_t offset, const void *bytes, size_t size_bytes,
		    struct ev_err *err)
{
	const uint8_t *at = bytes;

	while (size_bytes) {
		ssize_t done = pwrite(output->fd, at, size_bytes, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return write_failed(output, errno, err);
		if (done == 0)
			return write_failed(output, ENOSPC, err);
		at += done;
		offset += (uint64_t)done;
		size_bytes -= (size_t)done;
	}
	return 0;
}

void ev_output_cut(struct ev_output *output, uint64_t size_bytes)
{
	/* Readers go by the sizes in the header: what can't be cut does no harm. */
	if (output->seekable && ftruncate(output->fd, (off_t)size_bytes) == 0)
		lseek(output->fd, (off_t)size_bytes, SEEK_SET);
}

void ev_output_close(struct ev_output *output)
{
	if (output->fd >= 0 && !output->is_stdout)
		close(output->fd);
	output->fd = -1;
	free(output->path);
	free(output->old_path);
	output->path = output->old_path = NULL;
}

void ev_output_discard(struct ev_output *output)
{
	if (output->seekable && output->path) {
		unlink(output->path);
		if (output->old_path)
			rename(output->old_path, output->path);
	}
	ev_output_close(output);
}
