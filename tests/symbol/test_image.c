/* ELF headers of both classes and byte orders, broken ones, and build-ids. */
#include <elf.h>
#include <errno.h>
#include <sys/stat.h>
#include "compiled.h"
#include "build_id.h"
#include "elf_symbols.h"
#include "image.h"

/* A little ELF file made by hand: one segment, .symtab, .strtab, .text, .shstrtab and a note. */
static const char texts[] = "\0.text\0.symtab\0.strtab\0.note\0";
static const char names[] = "\0alpha\0beta\0$x\0";

struct maker {
	struct ev_buffer out;
	bool wide, swap;
};

static void put16(struct maker *maker, uint16_t value)
{
	ev_buffer_u16(&maker->out, maker->swap ? ev_swap16(value) : value);
}

static void put32(struct maker *maker, uint32_t value)
{
	ev_buffer_u32(&maker->out, maker->swap ? ev_swap32(value) : value);
}

static void put_word(struct maker *maker, uint64_t value)
{
	if (maker->wide)
		ev_buffer_u64(&maker->out, maker->swap ? ev_swap64(value) : value);
	else
		put32(maker, (uint32_t)value);
}

static void put_section(struct maker *maker, uint32_t name, uint32_t type, uint64_t flags,
			uint64_t address, uint64_t offset, uint64_t size, uint32_t link)
{
	put32(maker, name);
	put32(maker, type);
	put_word(maker, flags);
	put_word(maker, address);
	put_word(maker, offset);
	put_word(maker, size);
	put32(maker, link);
	put32(maker, 0);
	put_word(maker, 1);
	put_word(maker, 0);
}

static void put_symbol(struct maker *maker, uint32_t name, uint64_t value, uint64_t size,
		       uint8_t info, uint16_t section)
{
	put32(maker, name);
	if (!maker->wide) {
		put_word(maker, value);
		put_word(maker, size);
	}
	ev_buffer_u8(&maker->out, info);
	ev_buffer_u8(&maker->out, 0);
	put16(maker, section);
	if (maker->wide) {
		put_word(maker, value);
		put_word(maker, size);
	}
}

enum { TEXT_AT = 0x200, SYMBOLS_AT = 0x300, NAMES_AT = 0x400, TEXTS_AT = 0x420, NOTE_AT = 0x440 };

static void make(struct maker *maker, uint16_t machine)
{
	struct ev_buffer *out = &maker->out;
	bool little = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != maker->swap;
	uint64_t sections_at = 0x480;
	ev_buffer_add(out, ELFMAG, SELFMAG);
	ev_buffer_u8(out, maker->wide ? ELFCLASS64 : ELFCLASS32);
	ev_buffer_u8(out, little ? ELFDATA2LSB : ELFDATA2MSB);
	ev_buffer_zero(out, EI_NIDENT - out->size_bytes);
	put16(maker, ET_DYN);
	put16(maker, machine);
	put32(maker, 1);
	put_word(maker, 0);
	put_word(maker, maker->wide ? 64 : 52);
	put_word(maker, sections_at);
	put32(maker, 0);
	put16(maker, maker->wide ? 64 : 52);
	put16(maker, maker->wide ? 56 : 32);
	put16(maker, 1);
	put16(maker, maker->wide ? 64 : 40);
	put16(maker, 6);
	put16(maker, 4);
	put32(maker, PT_LOAD);
	if (maker->wide)
		put32(maker, PF_R | PF_X);
	put_word(maker, TEXT_AT);
	put_word(maker, 0x10200); /* address */
	put_word(maker, 0);
	put_word(maker, 0x100);
	put_word(maker, 0x100);
	if (!maker->wide)
		put32(maker, PF_R | PF_X);
	put_word(maker, 0x1000);
	ev_buffer_zero(out, SYMBOLS_AT - out->size_bytes);
	put_symbol(maker, 0, 0, 0, 0, 0);
	put_symbol(maker, 1, 0x10210, 0x10, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1);
	put_symbol(maker, 7, 0x10231, 0, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 1);
	put_symbol(maker, 12, 0x10218, 0, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 1);
	put_symbol(maker, 9999, 0x10220, 4, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1);
	size_t symbols = out->size_bytes - SYMBOLS_AT;
	ev_buffer_zero(out, NAMES_AT - out->size_bytes);
	ev_buffer_add(out, names, sizeof(names));
	ev_buffer_zero(out, TEXTS_AT - out->size_bytes);
	ev_buffer_add(out, texts, sizeof(texts));
	ev_buffer_zero(out, NOTE_AT - out->size_bytes);
	put32(maker, 4);
	put32(maker, 8);
	put32(maker, NT_GNU_BUILD_ID);
	ev_buffer_add(out, "GNU\0buildid!", 12);
	ev_buffer_zero(out, sections_at - out->size_bytes);
	put_section(maker, 0, SHT_NULL, 0, 0, 0, 0, 0);
	put_section(maker, 1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x10200, TEXT_AT, 0x100, 0);
	put_section(maker, 7, SHT_SYMTAB, 0, 0, SYMBOLS_AT, symbols, 3);
	put_section(maker, 15, SHT_STRTAB, 0, 0, NAMES_AT, sizeof(names), 0);
	put_section(maker, 0, SHT_STRTAB, 0, 0, TEXTS_AT, sizeof(texts), 0);
	put_section(maker, 23, SHT_NOTE, 0, 0, NOTE_AT, 24, 0);
}

static const char *name_at(const struct table *table, uint64_t offset)
{
	const struct symbol *symbol = ev_symtab_find(table, offset);
	return symbol ? ev_symtab_name(table, symbol) : "-";
}

static void both_classes_and_byte_orders_are_read(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		struct maker maker = { .wide = n & 1, .swap = n & 2 };
		struct image image;
		struct table table = { 0 };
		uint64_t offset, address;
		make(&maker, n & 1 ? EM_AARCH64 : EM_ARM);
		assert_int_equal(ev_image_open_memory(&image, maker.out.bytes,
						      maker.out.size_bytes),
				 0);
		assert_int_equal(image.segment_count, 1);
		assert_int_equal(image.section_count, 6);
		assert_non_null(ev_image_find(&image, ".strtab"));
		assert_null(ev_image_find(&image, ".bss"));
		assert_int_equal(image.build_id_bytes, 8);
		assert_memory_equal(image.build_id, "buildid!", 8);
		assert_true(ev_image_offset(&image, 0x10210, &offset));
		assert_int_equal(offset, TEXT_AT + 0x10);
		assert_true(ev_image_address(&image, TEXT_AT + 0x20, &address));
		assert_int_equal(address, 0x10220);
		assert_false(ev_image_address(&image, 0x300, &address));
		assert_false(ev_image_offset(&image, 0x10300, &offset));
		assert_int_equal(ev_elf_symbols_add(&table, &image, &image), ELF_SYMTAB);
		ev_symtab_sort(&table);
		assert_string_equal(name_at(&table, TEXT_AT + 0x1f), "alpha");
		assert_string_equal(name_at(&table, TEXT_AT + 0x20), "-");
		/* No size: to the end of the section. Thumb: the odd address is even. */
		assert_string_equal(name_at(&table, TEXT_AT + 0xff), "beta");
		assert_string_equal(name_at(&table, TEXT_AT + 0x30), n & 1 ? "-" : "beta");
		assert_true(ev_elf_address_of(&image, "beta", &address));
		assert_int_equal(address, 0x10231);
		assert_false(ev_elf_address_of(&image, "gamma", &address));
		ev_symtab_done(&table);
		ev_image_close(&image);
		ev_buffer_done(&maker.out);
	}
}

static void read_all_of(const uint8_t *bytes, size_t size_bytes)
{
	struct image image;
	struct table table = { 0 };
	if (ev_image_open_memory(&image, bytes, size_bytes))
		return;
	ev_elf_symbols_add(&table, &image, &image);
	ev_symtab_sort(&table);
	ev_elf_plt_add(&table, &image);
	ev_elf_debugdata_add(&table, &image);
	ev_symtab_sort(&table);
	ev_symtab_find(&table, TEXT_AT + 0x10);
	ev_symtab_done(&table);
	ev_image_close(&image);
}

static void every_prefix_and_every_changed_byte_is_survived(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		struct maker maker = { .wide = n & 1, .swap = n & 2 };
		make(&maker, EM_AARCH64);
		for (size_t length = 0; length < maker.out.size_bytes; length++) {
			uint8_t *part = malloc(length ? length : 1);
			memcpy(part, maker.out.bytes, length);
			read_all_of(part, length);
			free(part);
		}
		for (size_t at = 0; at < maker.out.size_bytes; at++) {
			static const uint8_t changes[] = { 0x01, 0x80, 0xff };
			for (size_t i = 0; i < sizeof(changes); i++) {
				maker.out.bytes[at] ^= changes[i];
				read_all_of(maker.out.bytes, maker.out.size_bytes);
				maker.out.bytes[at] ^= changes[i];
			}
		}
		ev_buffer_done(&maker.out);
	}
}

static void a_sparse_file_with_absurd_sections_takes_no_memory(void **state)
{
	struct maker maker = { .wide = true };
	struct image image;
	struct table table = { 0 };
	const char *path = in_folder(state, "sparse");
	make(&maker, EM_X86_64);
	/* The size of .symtab, in its section header. */
	uint64_t size = (uint64_t)1 << 40;
	memcpy(maker.out.bytes + 0x480 + 2 * 64 + 32, &size, 8);
	write_file(path, maker.out.bytes, maker.out.size_bytes);
	ev_buffer_done(&maker.out);
	if (truncate(path, (off_t)1 << 41)) {
		print_message("SKIP %s: the file system has no big sparse files\n", __func__);
		skip();
	}
	assert_int_equal(ev_image_open(&image, path), 0);
	assert_int_equal(ev_elf_symbols_add(&table, &image, &image), 0);
	ev_symtab_done(&table);
	ev_image_close(&image);
}

static void what_is_no_regular_file_is_not_opened(void **state)
{
	struct image image;
	uint8_t id[20];
	assert_int_equal(ev_image_open(&image, "/dev/zero"), -EINVAL);
	assert_int_equal(ev_image_open(&image, "/"), -EINVAL);
	assert_int_equal(mkfifo(in_folder(state, "fifo"), 0600), 0);
	assert_int_equal(ev_image_open(&image, in_folder(state, "fifo")), -EINVAL);
	assert_int_equal(ev_image_open(&image, in_folder(state, "gone")), -ENOENT);
	assert_int_equal(ev_image_open(&image, "/etc/passwd"), -ENOEXEC);
	assert_int_equal(ev_build_id_of_file("/etc/passwd", id), 0);
	assert_int_equal(ev_build_id_of_file(in_folder(state, "fifo"), id), 0);
}

static void build_ids_of_a_compiled_program_are_what_readelf_says(void **state)
{
	needs_program("gcc");
	needs_program("readelf");
	char line[128], text[41];
	uint8_t id[20];
	run_in(state,
	       "echo 'int main(void) { return 0; }' >m.c; gcc -Wl,--build-id -o m m.c;"
	       "gcc -Wl,--build-id=0x0102 -o short m.c; gcc -Wl,--build-id=none -o none m.c");
	output_of(state, "readelf -n m | sed -n 's/.*Build ID: //p'", line, sizeof(line));
	size_t bytes = ev_build_id_of_file(in_folder(state, "m"), id);
	ev_build_id_text(id, bytes, text);
	assert_string_equal(text, line);
	assert_int_equal(ev_build_id_of_file(in_folder(state, "short"), id), 2);
	assert_int_equal(id[0], 1);
	assert_int_equal(id[1], 2);
	assert_int_equal(ev_build_id_of_file(in_folder(state, "none"), id), 0);
}

static void notes_are_searched_for_the_build_id(void **state)
{
	(void)state;
	uint32_t notes[] = { 5, 3,         77, 0x6f6c6c48, 'x', 0x00636261, 4, 4, NT_GNU_BUILD_ID,
			     0, 0x04030201 };
	uint8_t id[20];
	memcpy(&notes[9], "GNU", 4);
	assert_int_equal(ev_build_id_of_notes(notes, sizeof(notes), id), 4);
	for (size_t length = 0; length < sizeof(notes); length++)
		assert_int_equal(ev_build_id_of_notes(notes, length, id), 0);
	notes[7] = UINT32_MAX;
	assert_int_equal(ev_build_id_of_notes(notes, sizeof(notes), id), 0);
	notes[0] = UINT32_MAX;
	assert_int_equal(ev_build_id_of_notes(notes, sizeof(notes), id), 0);
}

static void short_ids_equal_those_filled_up_with_zeros(void **state)
{
	(void)state;
	uint8_t one[20] = { 1, 2, 3, 4 }, other[20] = { 1, 2, 3, 4, 5 };
	assert_true(ev_build_id_equal(one, 4, one, 20));
	assert_true(ev_build_id_equal(one, 20, one, 4));
	assert_false(ev_build_id_equal(one, 4, other, 20));
	assert_false(ev_build_id_equal(one, 0, one, 20));
	assert_false(ev_build_id_equal(one, 0, one, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_classes_and_byte_orders_are_read),
		cmocka_unit_test(every_prefix_and_every_changed_byte_is_survived),
		cmocka_unit_test(a_sparse_file_with_absurd_sections_takes_no_memory),
		cmocka_unit_test(what_is_no_regular_file_is_not_opened),
		cmocka_unit_test(build_ids_of_a_compiled_program_are_what_readelf_says),
		cmocka_unit_test(notes_are_searched_for_the_build_id),
		cmocka_unit_test(short_ids_equal_those_filled_up_with_zeros),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
