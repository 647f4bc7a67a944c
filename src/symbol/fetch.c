/* Build-ids of objects that lack debug info become files, from the servers in DEBUGINFOD_URLS: by
 * elfutils' client library where it is installed, within one budget of time for all of them. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "build_id.h"
#include "symbolizer.h"

#define LIBRARY "libdebuginfod.so.1"

/* Interface of libdebuginfod, man debuginfod_find_debuginfo. */
struct client {
	void *library, *handle;
	void *(*begin)(void);
	void (*end)(void *handle);
	int (*find_debuginfo)(void *handle, const unsigned char *id, int id_bytes, char **path);
	int (*find_executable)(void *handle, const unsigned char *id, int id_bytes, char **path);
	void (*set_data)(void *handle, void *data);
	void (*set_progress)(void *handle, int (*call)(void *handle, long done, long all));
};

struct fetching {
	struct client client;
	const struct ev_fetch_options *options;
	const char *object; /* that is being fetched */
	uint64_t deadline_ns;
	bool late;
};

static uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int open_client(struct client *client, struct ev_err *err)
{
	*client = (struct client){ .library =
					   dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) };
	if (!client->library)
		return ev_fail(err, ENOENT,
			       "--debuginfod needs " LIBRARY
			       ", which is not installed: apt-get install libdebuginfod1");
	const struct {
		const char *name;
		void *into;
	} functions[] = {
		{ "debuginfod_begin", &client->begin },
		{ "debuginfod_end", &client->end },
		{ "debuginfod_find_debuginfo", &client->find_debuginfo },
		{ "debuginfod_find_executable", &client->find_executable },
		{ "debuginfod_set_user_data", &client->set_data },
		{ "debuginfod_set_progressfn", &client->set_progress },
	};
	for (size_t i = 0; i < EV_LENGTH(functions); i++) {
		void *found = dlsym(client->library, functions[i].name);
		if (!found)
			return ev_fail(err, ENOSYS, LIBRARY " is too old: it has no %s",
				       functions[i].name);
		memcpy(functions[i].into, &found, sizeof(found));
	}
	client->handle = client->begin();
	return client->handle ? 0 : ev_fail(err, EIO, LIBRARY " could not be started");
}

static void close_client(struct client *client)
{
	if (client->handle)
		client->end(client->handle);
	/* The library stays: what it uses of others is not made to be unloaded. */
}

/* The handle is all that a callback gets, and the library keeps with it what was asked for. */
static struct fetching *fetching_of(void *handle)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD);
	void *found = library ? dlsym(library, "debuginfod_get_user_data") : NULL;
	void *(*data)(void *handle);
	memcpy(&data, &found, sizeof(found));
	struct fetching *fetching = data ? data(handle) : NULL;
	if (library)
		dlclose(library);
	return fetching;
}

static int progressed(void *handle, long done, long all)
{
	struct fetching *fetching = fetching_of(handle);
	if (!fetching)
		return 1;
	if (clock_ns() >= fetching->deadline_ns) {
		fetching->late = true;
		return 1;
	}
	if (fetching->options->progress)
		fetching->options->progress(fetching->options->context, fetching->object,
					    done > 0 ? (uint64_t)done : 0,
					    all > 0 ? (uint64_t)all : 0);
	return 0;
}

/* What is missing of an object; a file that is here, but has no debug info, needs only that. */
static bool lacks_debug_info(struct ev_symbolizer *symbolizer, uint32_t index, bool *lacks_file)
{
	const struct object *object = ev_space_object(symbolizer->set, index);
	if (object->shown.kind != EV_OBJECT_FILE || object->shown.build_id_bytes < 2)
		return false;
	struct names *names = ev_names_at_hand(symbolizer, index);
	*lacks_file = !names->outline.segment_count;
	return !names->debug_path && !names->debug;
}

static char *ask(struct fetching *fetching, bool executable, const struct ev_object *object)
{
	struct client *client = &fetching->client;
	char *path = NULL;
	if (clock_ns() >= fetching->deadline_ns) {
		fetching->late = true;
		return NULL;
	}
	int fd = (executable ? client->find_executable
			     : client->find_debuginfo)(client->handle, object->build_id,
						       object->build_id_bytes, &path);
	if (fd >= 0)
		close(fd);
	if (fd < 0) {
		free(path);
		return NULL;
	}
	return path;
}

static bool fetch_one(struct ev_symbolizer *symbolizer, struct fetching *fetching, uint32_t index,
		      bool lacks_file)
{
	const struct ev_object *object = ev_space_set_object(symbolizer->set, index);
	struct fetched fetched = { 0 };
	fetching->object = object->name;
	char *debug = ask(fetching, false, object);
	char *file = lacks_file && debug ? ask(fetching, true, object) : NULL;
	bool useful = debug && (file || !lacks_file);
	memcpy(fetched.build_id, object->build_id, sizeof(fetched.build_id));
	fetched.build_id_bytes = object->build_id_bytes;
	if (debug)
		fetched.debug = ev_arena_text(&symbolizer->arena, debug, strlen(debug));
	if (file)
		fetched.file = ev_arena_text(&symbolizer->arena, file, strlen(file));
	free(debug);
	free(file);
	if (!useful)
		return false;
	*ev_array_add(&symbolizer->fetched) = fetched;
	/* Loaded anew when it is asked for, and then from these. */
	ev_names_done(&symbolizer->objects.items[index]);
	return true;
}

const struct fetched *ev_fetched_find(const struct ev_symbolizer *symbolizer, const uint8_t *id,
				      size_t id_bytes)
{
	for (size_t i = 0; i < symbolizer->fetched.count && id_bytes; i++) {
		const struct fetched *fetched = &symbolizer->fetched.items[i];
		if (ev_build_id_equal(fetched->build_id, fetched->build_id_bytes, id, id_bytes))
			return fetched;
	}
	return NULL;
}

int ev_symbolizer_fetch(struct ev_symbolizer *symbolizer, const uint32_t *objects, size_t count,
			const struct ev_fetch_options *options, struct ev_fetch_tally *tally,
			struct ev_err *err)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct fetching fetching = { .options = options };
	*tally = (struct ev_fetch_tally){ 0 };
	if (!urls || !*urls)
		return ev_fail(err, EINVAL,
			       "--debuginfod: no server is named; for example: export "
			       "DEBUGINFOD_URLS=https://debuginfod.elfutils.org/");
	int rc = open_client(&fetching.client, err);
	if (!rc) {
		fetching.client.set_data(fetching.client.handle, &fetching);
		fetching.client.set_progress(fetching.client.handle, progressed);
	}
	fetching.deadline_ns = clock_ns() + (uint64_t)(options->budget_s * 1e9);
	for (size_t i = 0; i < count && !rc; i++) {
		bool lacks_file = false;
		if (!lacks_debug_info(symbolizer, objects[i], &lacks_file))
			continue;
		tally->wanted++;
		if (fetching.late)
			continue;
		bool got = fetch_one(symbolizer, &fetching, objects[i], lacks_file);
		tally->fetched += got;
		if (!got && !fetching.late)
			tally->absent++;
	}
	tally->late = fetching.late;
	close_client(&fetching.client);
	return rc;
}
