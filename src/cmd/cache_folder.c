/* XDG_CACHE_HOME and HOME become a folder that is this user's own. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <evprof/base.h>
#include "cache_folder.h"

static bool is_own_folder(const char *path)
{
	struct stat status;
	return !stat(path, &status) && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

char *cache_folder(void)
{
	const char *chosen = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	/* Relative paths are to be ignored, says the XDG Base Directory Specification. */
	if (chosen && *chosen == '/')
		return is_own_folder(chosen) ? ev_printf("%s/evprof", chosen) : NULL;
	if (!home || *home != '/' || !is_own_folder(home))
		return NULL;
	char *base = ev_printf("%s/.cache", home), *folder = NULL;
	mkdir(base, 0700);
	if (is_own_folder(base))
		folder = ev_printf("%s/evprof", base);
	free(base);
	return folder;
}
