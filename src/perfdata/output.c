/* The file that is being written: a draft beside its place until it is published, extended with
 * care for full disks, and taken back with nothing else lost when nothing came of it. */
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

/* What stands at the path: something to be replaced, or a device or pipe, to be written to. */
static int look_at(const char *path, bool *is_regular, struct ev_err *err)
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
	rc = look_at(path, &is_regular, err);
	if (rc < 0)
		return rc;
	if (is_regular) {
		output->draft_path = ev_printf("%s.XXXXXX", path);
		output->fd = mkostemp(output->draft_path, O_CLOEXEC); /* mode 0600 */
	} else {
		output->fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (output->fd < 0) {
		int code = errno;

		free(output->draft_path);
		output->draft_path = NULL;
		return ev_fail(err, code, "can't create %s: %s", path, strerror(code));
	}
	output->path = ev_strdup(path);
	output->seekable = is_regular;
	if (is_regular && sudo_owner)
		give_to_sudo_user(output->fd);
	return 0;
}

/* Rename, or an error and `to` is free again. Takes `to` over. */
static int move(const char *from, char *to, char **moved_to, struct ev_err *err)
{
	if (rename(from, to) < 0) {
		int code = errno;

		ev_fail(err, code, "can't rename %s to %s: %s", from, to, strerror(code));
		free(to);
		return -code;
	}
	*moved_to = to;
	return 0;
}

/* What stands at path.old waits under a name of its own: it is wanted again if nothing comes of
 * this file. */
static int put_older_aside(struct ev_output *output, const char *old_path, struct ev_err *err)
{
	char *name = ev_printf("%s.XXXXXX", old_path);
	int fd = mkostemp(name, O_CLOEXEC), rc;

	if (fd < 0) {
		int code = errno;

		free(name);
		return ev_fail(err, code, "can't keep %s: %s", old_path, strerror(code));
	}
	close(fd);
	rc = move(old_path, ev_strdup(name), &output->older_path, err);
	if (rc < 0)
		unlink(name);
	free(name);
	return rc;
}

static int make_way(struct ev_output *output, struct ev_err *err)
{
	char *old_path;
	struct stat st;
	int rc = 0;

	if (lstat(output->path, &st) < 0)
		return 0; /* a fault here is one of the rename that follows */
	old_path = ev_printf("%s.old", output->path);
	if (lstat(old_path, &st) == 0)
		rc = put_older_aside(output, old_path, err);
	if (rc < 0)
		free(old_path);
	return rc < 0 ? rc : move(output->path, old_path, &output->old_path, err);
}

/* The inverse of make_way. */
static void put_back(struct ev_output *output)
{
	char *old_path = ev_printf("%s.old", output->path);

	if (output->old_path)
		rename(output->old_path, output->path);
	if (output->older_path)
		rename(output->older_path, old_path);
	free(old_path);
	free(output->old_path);
	free(output->older_path);
	output->old_path = output->older_path = NULL;
}

int ev_output_publish(struct ev_output *output, struct ev_err *err)
{
	char *path;
	int rc;

	if (!output->draft_path)
		return 0;
	rc = make_way(output, err);
	if (rc == 0)
		rc = move(output->draft_path, ev_strdup(output->path), &path, err);
	if (rc < 0) {
		put_back(output);
		return rc;
	}
	free(path);
	free(output->draft_path);
	output->draft_path = NULL;
	return 0;
}

void ev_output_settle(struct ev_output *output)
{
	if (output->older_path)
		unlink(output->older_path);
	free(output->older_path);
	output->older_path = NULL;
}

static int write_failed(const struct ev_output *output, int code, struct ev_err *err)
{
	return ev_fail(err, code, "can't write %s: %s", output->path ? output->path : "to stdout",
		       strerror(code));
}

/* Some file systems refuse the whole of a write of which a part would fit. */
static bool may_fit_in_part(int code, size_t size_bytes)
{
	enum { SMALLEST_WRITE_BYTES = 4096 };

	return (code == ENOSPC || code == EDQUOT || code == EFBIG) &&
	       size_bytes > SMALLEST_WRITE_BYTES;
}

int ev_output_append(struct ev_output *output, const void *bytes, size_t size_bytes,
		     struct ev_err *err)
{
	size_t left = size_bytes, most = size_bytes;

	while (left) {
		size_t here = left < most ? left : most;
		ssize_t done = write(output->fd, (const uint8_t *)bytes + size_bytes - left, here);
		int code = done < 0 ? errno : ENOSPC;

		if (done > 0) {
			left -= (size_t)done;
			output->end += (uint64_t)done;
		} else if (done < 0 && code == EINTR) {
			continue;
		} else if (done < 0 && may_fit_in_part(code, here)) {
			most = here / 2;
		} else {
			return write_failed(output, code, err);
		}
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
	if (!output->seekable)
		return;
	/* Readers go by the sizes in the header: what can't be cut does no harm. */
	int ignored = ftruncate(output->fd, (off_t)size_bytes);
	(void)ignored;
	lseek(output->fd, (off_t)size_bytes, SEEK_SET);
	output->end = size_bytes;
}

static void release(struct ev_output *output)
{
	if (output->fd >= 0 && !output->is_stdout)
		close(output->fd);
	output->fd = -1;
	free(output->path);
	free(output->draft_path);
	free(output->old_path);
	free(output->older_path);
	output->path = output->draft_path = output->old_path = output->older_path = NULL;
}

void ev_output_close(struct ev_output *output)
{
	/* Where that fails, the draft is better than nothing. */
	if (ev_output_publish(output, NULL) == 0)
		ev_output_settle(output);
	release(output);
}

void ev_output_discard(struct ev_output *output)
{
	if (output->draft_path) {
		unlink(output->draft_path);
	} else if (output->seekable && output->path) {
		if (!output->old_path)
			unlink(output->path);
		put_back(output);
	}
	release(output);
}
