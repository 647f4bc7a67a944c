/* Naming in its parts: places become frames, stacks of places become stacks of frames. */
#ifndef PROFILE_NAMED_H
#define PROFILE_NAMED_H

#include <evprof/profile.h>

/* Where names come from. */
struct ev_namer {
	/* As ev_symbolize. */
	/* As ev_variable_find; may be NULL. */
	bool (*find_variable)(void *context, struct ev_place place, struct ev_symbol *out,
			      bool *in_code);
	size_t (*symbolize)(void *context, struct ev_place place, unsigned flags,
			    struct ev_symbol *out, size_t limit);
	/* As ev_symbolizer_want and ev_symbolizer_forget; NULL where there is nothing to gain. */
	void (*want)(void *context, const struct ev_place *places, size_t count);
	void (*forget)(void *context, uint32_t object);
	/* As ev_frame_pointers_at; may be NULL. */
	enum ev_frame_pointers (*frame_pointers)(void *context, struct ev_place place,
						 bool behind_call);
	/* As ev_space_set_object. */
	const struct ev_object *(*object)(void *context, uint32_t object);
	uint32_t object_count;
	void *context;
	/* So many may ask at once, of different objects; 0 as 1. */
	size_t threads;
};
struct ev_named *ev_named_open_with(struct ev_profile *profile, const struct ev_namer *namer,
				    unsigned flags, bool by_line);

/* Guessed callers that are none go away, the others lose their mark. Cells of one tag may then have
 * the same stack. */
void ev_links_settle(struct ev_profile *profile, const struct ev_namer *namer);

/* Frames by all that they are. */
struct ev_frame_ids {
	bool by_size; /* else their sizes are all 0 */
	struct ev_map frames, sizes;
};
/* The number of such a frame: `next` for one that was not added before. */
uint32_t ev_frame_ids_add(struct ev_frame_ids *ids, const struct ev_frame *frame, uint32_t next,
			  bool *added);
void ev_frame_ids_done(struct ev_frame_ids *ids);

/* A place is looked up as an instruction that was running, as a return address, or both. */
enum ev_role { EV_ROLE_EXACT, EV_ROLE_RETURN, EV_ROLE_COUNT };

/* The frames of every place, root first: `first` is where they begin in `frames`, after their
 * number. 0 = the place has not this role. */
struct ev_place_names {
	uint32_t (*first)[EV_ROLE_COUNT];
	EV_ARRAY(uint32_t) frames;
	uint8_t *roles;  /* per place: bits 1 << ev_role that are needed */
	uint8_t *kernel; /* per place */
};
/* Look up every place in the roles it has, and intern its frames in named->frames. */
void ev_place_names_find(struct ev_place_names *names, struct ev_named *named,
			 const struct ev_namer *namer, unsigned flags, bool by_line);
void ev_place_names_done(struct ev_place_names *names);

/* Which roles every stack and place has, from the shape of the profile. */
uint8_t *ev_roles_find(const struct ev_profile *profile, struct ev_place_names *names);
/* The role of a stack's place as the parent of `child`. */
enum ev_role ev_role_of_parent(const struct ev_profile *profile, const struct ev_place_names *names,
			       uint32_t child);

/* The places in details of tags: that they are named, and their frames in named->frame_of_place. */
void ev_details_want(const struct ev_profile *profile, struct ev_place_names *names);
void ev_details_name(struct ev_named *named, const struct ev_place_names *names);
/* What data is called, in named->data_of_place. */
void ev_details_name_data(struct ev_named *named, const struct ev_namer *namer);

/* Is a frame one that no other calls: where a thread begins? */
bool ev_frame_is_root(const struct ev_named *named, uint32_t frame);
/* Per place, the frame that says that chains end there without having come to a root, 0 = they are
 * whole or nothing is known of them; NULL where profile->tell_ends is not set. free() it. */
uint32_t *ev_chain_ends_find(struct ev_named *named, const struct ev_place_names *names,
			     const struct ev_namer *namer);

/* Fill named->stacks and named->stack_of; `ends` as above. */
void ev_stacks_fold(struct ev_named *named, const struct ev_place_names *names,
		    const uint8_t *roles, const uint32_t *ends);
/* Fill named->stacks with others, parents first, so renumbered that what is under a stack follows
 * it; the new number of every old one, to free(). */
uint32_t *ev_stacks_number(struct ev_named *named, const struct ev_stack *old, size_t count);
/* Fill named->cells. */
void ev_cells_fold(struct ev_named *named);
/* Samples with a call chain that does not end where a thread begins. */
uint64_t ev_named_truncated(const struct ev_named *named);

#endif
