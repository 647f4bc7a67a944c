/* The file of a command becomes the rights that it gets beyond those of who starts it. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "command_programs.h"
#include "rights.h"

static const char *of_file(const char *path)
{
	struct stat file;
	struct statvfs place;
	if (stat(path, &file) || statvfs(path, &place) || place.f_flag & ST_NOSUID)
		return NULL;
	if (file.st_mode & S_ISUID && file.st_uid != getuid())
		return "others' rights (setuid)";
	/* Without the right to execute, the bit means another thing. */
	if (file.st_mode & S_ISGID && file.st_mode & S_IXGRP && file.st_gid != getgid())
		return "others' rights (setgid)";
	return NULL;
}

const char *command_rights(const char *command)
{
	char *path = command_find(command);
	const char *rights = path ? of_file(path) : NULL;
	free(path);
	return rights;
}
