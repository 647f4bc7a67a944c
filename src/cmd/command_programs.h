/* What running a command executes. */
#ifndef CMD_COMMAND_PROGRAMS_H
#define CMD_COMMAND_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

/* The file of a command, as execvp would find it, to be freed; NULL where there is none. */
char *command_find(const char *name);
/* The line of a script after "#!", as much as there is room for; false for other files. */
bool command_script_line(const char *path, char *line, size_t room_bytes);
/* `take` gets the path of each program that a command begins with, as execvp would find it: of a
 * script also that of its interpreter, and what env is told to run. None for what is not found. */
void command_programs(const char *name, void (*take)(void *context, const char *path),
		      void *context);

#endif
