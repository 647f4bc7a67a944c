/* A code object becomes a number by which it is known again, the same as ev_python_code_read
 * computes; and the reader is told what it says, once. */
#ifndef BPF_PYTHON_CODE_BPF_H
#define BPF_PYTHON_CODE_BPF_H

#include "python_state.bpf.h"

enum { PYTHON_PART_NAME = 2, PYTHON_PART_FILE, PYTHON_PART_LINES };
enum { PYTHON_PAGE_BYTES = 4096, PYTHON_WINDOW_BYTES = 120 };

/* From an object's length on; how many bytes are there. Its page may be the last one. */
static __always_inline __u32 python_window(struct python_scratch *at, __u64 address)
{
	if (!bpf_probe_read_user(at->first, PYTHON_WINDOW_BYTES, (const void *)address))
		return PYTHON_WINDOW_BYTES;
	__u32 size_bytes = PYTHON_PAGE_BYTES - (address & (PYTHON_PAGE_BYTES - 1));
	if (size_bytes >= PYTHON_WINDOW_BYTES ||
	    bpf_probe_read_user(at->first, size_bytes & (EV_PYTHON_RECORD_BYTES - 1),
				(const void *)address))
		return 0;
	return size_bytes;
}

/* So many bytes of a word, the others 0. */
static __always_inline __u64 python_head(__u64 word, __u32 size_bytes)
{
	return size_bytes >= 8 ? word : word & ((1ull << size_bytes * 8) - 1);
}

/* The beginning and the end of what is `from` bytes behind an object's length; 0: not there. */
static __always_inline __u64 python_mix_bytes(struct python_scratch *at, __u64 hash, __u64 address,
					      __u32 from, __u32 size_bytes, __u32 there)
{
	__u32 first = size_bytes < EV_PYTHON_LOOK_FIRST ? size_bytes : EV_PYTHON_LOOK_FIRST;
	__u32 last = size_bytes - first;
	if (from + first > there)
		return 0;
	for (__u32 i = 0; i < EV_PYTHON_LOOK_FIRST && i < first; i += 8)
		hash = python_mix(hash, python_head(python_word(at->first, from + i), first - i));
	if (!last)
		return hash;
	if (last > EV_PYTHON_LOOK_LAST)
		last = EV_PYTHON_LOOK_LAST;
	/* The verifier does not see that it is bounded, nor the compiler that it need not. */
	asm volatile("" : "+r"(last));
	last &= sizeof(at->last) - 1;
	if (bpf_probe_read_user(at->last, last, (const void *)(address + from + size_bytes - last)))
		return 0;
	for (__u32 i = 0; i < EV_PYTHON_LOOK_LAST && i < last; i += 8)
		hash = python_mix(hash, python_head(*(const __u64 *)(at->last + i), last - i));
	return hash;
}

static __always_inline __u32 python_at_most(__u64 size_bytes, __u32 limit)
{
	return size_bytes < limit ? size_bytes : limit;
}

static __always_inline __u64 python_hash_text(struct python_scratch *at, __u64 object, __u32 part)
{
	const struct ev_python_process *process = &at->process;
	__u64 address = object + process->text_length;
	__u32 there = python_window(at, address);
	__u32 state = ev_python_text_state(
		python_half(at->first, process->text_state - process->text_length));
	__u32 kind = state >> 2 & 7, ascii = state >> 6 & 1;
	__u64 length = python_word(at->first, 0);
	__u32 from = (ascii ? process->text_ascii : process->text_compact) - process->text_length;
	if (!there || from >= PYTHON_WINDOW_BYTES)
		return 0;
	__u64 hash = python_mix(part, length << 8 | kind << 1 | ascii);
	__u32 size_bytes = python_at_most(length, EV_PYTHON_LOOK_TEXT_BYTES) * kind;
	size_bytes = python_at_most(size_bytes, EV_PYTHON_LOOK_TEXT_BYTES);
	return python_mix_bytes(at, hash, address, from, size_bytes, there);
}

__noinline int python_hash_name(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (at)
		at->part = python_hash_text(at, at->part, PYTHON_PART_NAME);
	return 0;
}

/* Functions that call each other are often of one file. */
__noinline int python_hash_file(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	if (at->part != at->file) {
		at->file = at->part;
		at->file_hash = python_hash_text(at, at->part, PYTHON_PART_FILE);
	}
	at->part = at->file_hash;
	return 0;
}

__noinline int python_hash_lines(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	__u64 address = at->part + at->process.bytes_size;
	__u32 there = python_window(at, address),
	      from = at->process.bytes_data - at->process.bytes_size;
	__u64 length = python_word(at->first, 0), hash = python_mix(PYTHON_PART_LINES, length);
	__u32 size_bytes = python_at_most(length, EV_PYTHON_LOOK_LINES_BYTES);
	at->part = there && from < PYTHON_WINDOW_BYTES
			   ? python_mix_bytes(at, hash, address, from, size_bytes, there)
			   : 0;
	return 0;
}

/* What stands in the code object, and, where no number in it tells it from others, what is in those
 * parts of it that tell what it is called. One that is in no memory just now counts as nothing. */
static __always_inline __u32 python_check(struct python_scratch *at, __u32 slot)
{
	const struct ev_python_process *process = &at->process;
	__u64 hash = python_mix(1, python_word(at->code, 0));
#pragma unroll
	for (__u32 i = 0; i < EV_PYTHON_CODE_FIXED + 24; i += 8)
		hash = python_mix(hash, python_word(at->code,
						    process->code_file - EV_PYTHON_CODE_FIXED + i));
	hash = python_mix(hash, python_word(at->code, process->code_lines));
	hash = python_mix(hash, python_half(at->code, process->code_first_line));
	if (process->numbered && python_half(at->code, process->code_file - EV_PYTHON_CODE_NUMBER))
		return hash ^ hash >> 32;
	at->part = python_word(at->code, process->code_function);
	python_hash_name(slot);
	hash ^= at->part;
	at->part = python_word(at->code, process->code_file);
	python_hash_file(slot);
	hash ^= at->part;
	at->part = python_word(at->code, process->code_lines);
	python_hash_lines(slot);
	hash ^= at->part;
	return hash ^ hash >> 32;
}

/* ---- telling -----------------------------------------------------------------------------------
 */

/* The reader is called when there is much. Not 0 where there was no room. */
static __always_inline int python_send(void *note, __u64 size_bytes, bool call)
{
	__u64 flags = BPF_RB_NO_WAKEUP;
	if (call || bpf_ringbuf_query(&python_notes, BPF_RB_AVAIL_DATA) * 4 >
			    bpf_ringbuf_query(&python_notes, BPF_RB_RING_SIZE))
		flags = BPF_RB_FORCE_WAKEUP;
	if (!bpf_ringbuf_output(&python_notes, note, size_bytes, flags))
		return 0;
	__sync_fetch_and_add(&python_lost, 1);
	return 1;
}

static __always_inline void python_copy(struct python_scratch *at, __u32 part, __u64 address,
					__u64 size_bytes, __u64 room_bytes)
{
	at->told.address[part] = address;
	at->told.size[part] = 0;
	if (!address || size_bytes > room_bytes)
		return;
	if (!bpf_probe_read_user(at->told.bytes + EV_PYTHON_PART_AT(part), size_bytes,
				 (const void *)address))
		at->told.size[part] = size_bytes;
}

static __always_inline void python_copy_text(struct python_scratch *at, __u32 part, __u64 address)
{
	__u64 length = python_fetch(address + at->process.text_length);
	__u64 size_bytes = EV_PYTHON_TEXT_HEAD + (length & (EV_PYTHON_TEXT_BYTES - 1)) * 4;
	if (length >= EV_PYTHON_TEXT_BYTES || size_bytes > EV_PYTHON_TEXT_BYTES)
		size_bytes = EV_PYTHON_TEXT_BYTES;
	python_copy(at, part, address, size_bytes, EV_PYTHON_TEXT_BYTES);
	/* It may be the last thing in its page. */
	if (!at->told.size[part])
		python_copy(at, part, address,
			    (at->process.text_ascii & 127) +
				    (length & (EV_PYTHON_TEXT_BYTES / 2 - 1)),
			    EV_PYTHON_TEXT_BYTES);
}

__noinline int python_tell_code(__u32 slot, __u64 code, __u32 check)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	at->told.note.kind = EV_PYTHON_CODE;
	at->told.note.pid = at->note.pid;
	at->told.note.tid = at->note.tid;
	at->told.note.count = 0;
	at->told.code = code;
	at->told.check = check;
	__u64 file = python_word(at->code, at->process.code_file);
	__u64 name = python_word(at->code, at->process.code_function);
	__u64 lines = python_word(at->code, at->process.code_lines);
	python_copy(at, EV_PYTHON_CODE_ITSELF, code, EV_PYTHON_CODE_BYTES, EV_PYTHON_CODE_BYTES);
	python_copy_text(at, EV_PYTHON_CODE_FILE, file);
	python_copy_text(at, EV_PYTHON_CODE_NAME, name);
	__u64 count = python_fetch(lines + at->process.bytes_size);
	if (count > EV_PYTHON_LINES_BYTES - EV_PYTHON_BYTES_HEAD)
		count = EV_PYTHON_LOOK_LINES_BYTES;
	count += at->process.bytes_data & (EV_PYTHON_BYTES_HEAD - 1);
	python_copy(at, EV_PYTHON_CODE_LINES, lines, count, EV_PYTHON_LINES_BYTES);
	__u64 size_bytes = offsetof(struct ev_python_code_note, bytes) +
			   EV_PYTHON_PART_AT(EV_PYTHON_CODE_LINES) + count;
	if (size_bytes > sizeof(at->told))
		return 0;
	return python_send(&at->told, size_bytes, false);
}

/* Code that is met for the first time is told at once: it may be gone soon. */
static __always_inline void python_meet(struct python_scratch *at, __u32 slot, __u64 code,
					__u32 check)
{
	struct python_code_key key = { code, at->note.pid, check };
	__u8 yes = 1;
	__u32 place = (check ^ (__u32)(code >> 5)) & (EV_PYTHON_MET - 1);
	struct python_code_key *met = bpf_map_lookup_elem(&python_met, &place);
	if (met && met->code == code && met->pid == key.pid && met->check == check)
		return;
	if (met)
		*met = key;
	if (bpf_map_lookup_elem(&python_codes, &key))
		return;
	bpf_map_update_elem(&python_codes, &key, &yes, BPF_ANY);
	if (!python_tell_code(slot, code, check))
		return;
	/* What there was no room for is told when it is met again. */
	bpf_map_delete_elem(&python_codes, &key);
	if (met)
		met->code = 0;
}

#endif
