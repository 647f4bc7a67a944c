/* Places in files become probes: all of a kind in a file by one request, or each by itself where
 * the kernel has no such request (before 6.6). */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "bpf_trace.h"
#include "syscalls.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <trace.skel.h>

#define TOGETHER 16

static struct bpf_program *program_of(const struct ev_trace *trace, enum trace_probe kind)
{
	struct bpf_program *const programs[] = {
		[TRACE_PROBE_RETURN] = trace->programs->progs.on_return,
		[TRACE_PROBE_RETURNED] = trace->programs->progs.on_returned,
		[TRACE_PROBE_JUMP] = trace->programs->progs.on_jump,
		[TRACE_PROBE_LEAVING] = trace->programs->progs.on_leaving,
		[TRACE_PROBE_ENTRY] = trace->programs->progs.on_entry,
	};
	return programs[kind];
}

/* Entries are told apart from those of an earlier request for the same function; jumps tell where
 * to. */
static uint64_t cookie_of(const struct trace_site *site, uint32_t generation)
{
	return site->kind == TRACE_PROBE_JUMP ? site->target
					      : (uint64_t)generation << 32 | site->function;
}

/* ---- many at once -----------------------------------------------------------------------------
 */

/* 0, or -errno. */
static int put_many(struct ev_trace *trace, const struct trace_site *sites, const size_t *chosen,
		    size_t count, uint32_t generation)
{
	uint64_t *offsets = ev_alloc(count * sizeof(*offsets));
	uint64_t *cookies = ev_alloc(count * sizeof(*cookies));
	const struct trace_site *first = &sites[chosen[0]];
	for (size_t i = 0; i < count; i++) {
		offsets[i] = sites[chosen[i]].offset;
		cookies[i] = cookie_of(&sites[chosen[i]], generation);
	}
	int fd = ev_sys_bpf_probe_many(bpf_program__fd(program_of(trace, first->kind)), first->path,
				       offsets, cookies, (uint32_t)count,
				       first->kind == TRACE_PROBE_RETURNED);
	if (fd >= 0)
		*ev_array_add(&trace->links) =
			(struct trace_link){ .fd = fd, .path = first->path, .kind = first->kind };
	free(offsets);
	free(cookies);
	return fd < 0 ? fd : 0;
}

/* ---- one by one -------------------------------------------------------------------------------
 */

static int put_one(struct ev_trace *trace, const struct trace_site *site, uint32_t generation)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = site->kind == TRACE_PROBE_RETURNED,
		    .bpf_cookie = cookie_of(site, generation));
	struct bpf_link *link = bpf_program__attach_uprobe_opts(program_of(trace, site->kind), -1,
								site->path, site->offset, &options);
	if (!link)
		return -errno;
	*ev_array_add(&trace->links) = (struct trace_link){ .fd = -1,
							    .link = link,
							    .path = site->path,
							    .kind = site->kind,
							    .function = site->function };
	return 0;
}

/* Some may be refused; their functions are then not traced at all. */
static int put_each(struct ev_trace *trace, const struct trace_site *sites, const size_t *chosen,
		    size_t count, uint32_t generation)
{
	int first = 0;
	size_t put = 0;
	for (size_t i = 0; i < count; i++) {
		const struct trace_site *site = &sites[chosen[i]];
		size_t one = chosen[i];
		int rc = trace->singly ? put_one(trace, site, generation)
				       : put_many(trace, sites, &one, 1, generation);
		put += !rc;
		first = rc && !first ? rc : first;
		if (rc && site->kind != TRACE_PROBE_LEAVING)
			trace->watches[site->function].refused = true;
	}
	return put ? 0 : first;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static bool is_on(const struct ev_trace *trace, const struct trace_site *site)
{
	const struct trace_watch *watch = &trace->watches[site->function];
	return !watch->let_go_per_second && !watch->refused;
}

/* The probes of one kind in one file; `from` is its first site. */
static int put_alike(struct ev_trace *trace, size_t from, uint32_t generation)
{
	const struct trace_sites *sites = &trace->sites;
	const struct trace_site *like = &sites->items[from];
	size_t *chosen = ev_alloc(sites->count * sizeof(*chosen)), count = 0;
	for (size_t i = from; i < sites->count; i++)
		if (sites->items[i].kind == like->kind &&
		    !strcmp(sites->items[i].path, like->path) && is_on(trace, &sites->items[i]))
			chosen[count++] = i;
	int rc = 0;
	if (count && !trace->singly)
		rc = put_many(trace, sites->items, chosen, count, generation);
	if (count && (rc || trace->singly))
		rc = put_each(trace, sites->items, chosen, count, generation);
	free(chosen);
	return rc;
}

/* Is this the first site of its kind and file? */
static bool is_first(const struct trace_sites *sites, size_t from, size_t at)
{
	const struct trace_site *site = &sites->items[at];
	for (size_t i = from; i < at; i++)
		if (sites->items[i].kind == site->kind && !strcmp(sites->items[i].path, site->path))
			return false;
	return true;
}

int ev_trace_put(struct ev_trace *trace, size_t first, struct ev_err *err)
{
	const struct trace_sites *sites = &trace->sites;
	int rc = 0;
	for (int kind = 0; kind < TRACE_PROBE_KINDS && !rc; kind++)
		for (size_t i = first; i < sites->count && !rc; i++) {
			if ((int)sites->items[i].kind != kind || !is_first(sites, first, i))
				continue;
			rc = put_alike(trace, i, 1);
			if (rc && kind == TRACE_PROBE_LEAVING)
				rc = 0;
		}
	return rc ? ev_fail(err, -rc, "the kernel refuses the probes: %s", strerror(-rc)) : 0;
}

static void take(struct trace_link *link)
{
	if (link->fd >= 0)
		ev_sys_close(link->fd);
	bpf_link__destroy(link->link);
}

/* Those in `gone` are taken away by asking anew for all others of their file: first the new probes,
 * then away with the old ones, and in between the programs are told which of the two count. */
static void renew(struct ev_trace *trace, const char *path)
{
	size_t old = trace->links.count;
	uint32_t generation = 1;
	for (size_t i = TRACE_FIRST; i < trace->function_count; i++)
		if (trace->functions[i].generation >= generation)
			generation = trace->functions[i].generation + 1;
	for (int kind = 0; kind < TRACE_PROBE_KINDS; kind++)
		for (size_t i = 0; i < trace->sites.count; i++) {
			const struct trace_site *site = &trace->sites.items[i];
			if ((int)site->kind == kind && site->function &&
			    !strcmp(site->path, path) && is_first(&trace->sites, 0, i))
				put_alike(trace, i, generation);
		}
	for (size_t i = 0; i < trace->sites.count; i++) {
		const struct trace_site *site = &trace->sites.items[i];
		if (site->kind == TRACE_PROBE_ENTRY && !strcmp(site->path, path))
			__atomic_store_n(&trace->functions[site->function].generation,
					 is_on(trace, site) ? generation : 0, __ATOMIC_SEQ_CST);
	}
	size_t kept = 0;
	for (size_t i = 0; i < trace->links.count; i++) {
		struct trace_link *link = &trace->links.items[i];
		bool is_old =
			i < old && link->kind != TRACE_PROBE_LEAVING && !strcmp(link->path, path);
		if (is_old)
			take(link);
		else
			trace->links.items[kept++] = *link;
	}
	trace->links.count = kept;
}

void ev_trace_take(struct ev_trace *trace, const bool *gone)
{
	struct ev_map done = { 0 };
	for (size_t i = 0; i < trace->function_count; i++)
		if (gone[i])
			__atomic_store_n(&trace->functions[i].generation, 0, __ATOMIC_SEQ_CST);
	for (size_t i = 0; trace->singly && i < trace->links.count; i++)
		if (gone[trace->links.items[i].function]) {
			take(&trace->links.items[i]);
			trace->links.items[i--] = trace->links.items[--trace->links.count];
		}
	for (size_t i = 0; !trace->singly && i < trace->sites.count; i++) {
		const struct trace_site *site = &trace->sites.items[i];
		bool added = false;
		if (gone[site->function])
			ev_map_add(&done, ev_hash_bytes(site->path, strlen(site->path)), 0, &added);
		if (added)
			renew(trace, site->path);
	}
	ev_map_done(&done);
}

static void *take_in_thread(void *link)
{
	take(link);
	return NULL;
}

/* The kernel makes each wait for all who may be at a probe; they can wait together. */
static void take_together(struct trace_link *links, size_t count)
{
	pthread_t threads[TOGETHER];
	bool runs[TOGETHER];
	for (size_t i = 0; i < count; i++) {
		runs[i] = !pthread_create(&threads[i], NULL, take_in_thread, &links[i]);
		if (!runs[i])
			take(&links[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (runs[i])
			pthread_join(threads[i], NULL);
}

void ev_trace_take_all(struct ev_trace *trace)
{
	while (trace->links.count) {
		size_t count = trace->links.count < TOGETHER ? trace->links.count : TOGETHER;
		trace->links.count -= count;
		take_together(trace->links.items + trace->links.count, count);
	}
	ev_array_done(&trace->links);
}

#endif
