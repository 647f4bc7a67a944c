/* Files of the browser: what is shown is written into one, and the recordings of the folder are
 * found. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "browse.h"

enum { NAME_LIMIT = 120, TRIES = 10000, OTHERS_LIMIT = 1000 };

/* ---- writing ------------------------------------------------------------------------------------
 */

/* Names of functions hold anything: a file's name is of this folder and plain. */
static char *plain_name(const char *name)
{
	char *plain = ev_strdup(name);
	if (strlen(plain) > NAME_LIMIT)
		memmove(plain, plain + strlen(plain) - NAME_LIMIT, NAME_LIMIT + 1);
	for (char *at = plain; *at; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f ||
		    strchr("/\\'\"$&|;<>*?`(){}[]!", *at))
			*at = '_';
	if (*plain == '.' || *plain == '-')
		*plain = '_';
	return plain;
}

char *browse_free_name(const char *name, bool numbered, int *fd, struct ev_err *err)
{
	char *plain = plain_name(name), *path = NULL;
	*fd = -1;
	for (int i = numbered ? 0 : -1; i < TRIES && *fd < 0; i++) {
		free(path);
		path = i < 0 ? ev_strdup(plain) : ev_printf("%s.%d", plain, i);
		*fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (*fd < 0 && errno != EEXIST)
			break;
	}
	if (*fd < 0) {
		ev_fail(err, errno, "cannot write '%s': %m", path);
		free(path);
		path = NULL;
	}
	free(plain);
	return path;
}

int browse_keep(void *self, const char *name, const char *text, size_t size_bytes, char said[256],
		struct ev_err *err)
{
	int fd, rc = 0;
	(void)self;
	char *path = browse_free_name(name, !strncmp(name, "perf.", 5), &fd, err);
	if (!path)
		return err ? -err->code : -EIO;
	FILE *out = fdopen(fd, "w");
	bool written = out && fwrite(text, 1, size_bytes, out) == size_bytes;
	if ((out ? fclose(out) : close(fd)) || !written)
		rc = ev_fail(err, errno, "could not write '%s': %m", path);
	if (rc)
		unlink(path);
	else
		snprintf(said, 256, "written: %.200s", path);
	free(path);
	return rc;
}

/* ---- recordings ---------------------------------------------------------------------------------
 */

/* By its first bytes, in whatever order of bytes. */
static bool is_recording(const char *path)
{
	char magic[8];
	struct stat about;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && !fstat(fd, &about) && S_ISREG(about.st_mode) &&
		  read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
		  (!memcmp(magic, "PERFILE2", 8) || !memcmp(magic, "2ELIFREP", 8));
	if (fd >= 0)
		close(fd);
	return is;
}

void browse_recordings_done(struct browse *browse)
{
	for (size_t i = 0; i < browse->other_count; i++)
		free(browse->others[i]);
	free(browse->others);
	browse->others = NULL;
	browse->other_count = 0;
}

/* But for the one that is shown. */
size_t browse_recordings(void *self, const char *const **paths)
{
	struct browse *browse = self;
	struct dirent **names = NULL;
	struct stat shown, about;
	bool known = !stat(browse->base->input, &shown);
	int count = scandir(".", &names, NULL, alphasort);
	browse_recordings_done(browse);
	browse->others = ev_alloc((count > 0 ? (size_t)count : 1) * sizeof(*browse->others));
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		bool is_shown = known && !stat(name, &about) && about.st_dev == shown.st_dev &&
				about.st_ino == shown.st_ino;
		if (!is_shown && browse->other_count < OTHERS_LIMIT && is_recording(name))
			browse->others[browse->other_count++] = ev_strdup(name);
		free(names[i]);
	}
	free(names);
	*paths = (const char *const *)browse->others;
	return browse->other_count;
}
