/* Where evprof keeps what takes long to find out again. */
#ifndef CMD_CACHE_FOLDER_H
#define CMD_CACHE_FOLDER_H

/* $XDG_CACHE_HOME/evprof or ~/.cache/evprof; NULL where that is not this user's own, as under sudo.
 * free() it. */
char *cache_folder(void);

#endif
