/* What the files of this stage know of the profile beyond its public face. */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <evprof/profile.h>

/* Give back the memory of the search tables; the next addition makes them again. */
void ev_profile_forget_index(struct ev_profile *profile);

#endif
