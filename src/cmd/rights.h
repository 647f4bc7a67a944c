/* Commands that the kernel stops watching as they begin. */
#ifndef CMD_RIGHTS_H
#define CMD_RIGHTS_H

/* "others' rights (setuid)" for a command that gets them when this user starts it, found as execvp
 * finds it; NULL for all others. The kernel then takes away whatever watched it. */
const char *command_rights(const char *command);

#endif
