/* What running a command executes. */
#ifndef CMD_COMMAND_PROGRAMS_H
#define CMD_COMMAND_PROGRAMS_H

/* `take` gets the path of each program that a command begins with, as execvp would find it: of a
 * script also that of its interpreter, and what env is told to run. None for what is not found. */
void command_programs(const char *name, void (*take)(void *context, const char *path),
		      void *context);

#endif
