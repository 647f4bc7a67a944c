/* A program that is made up byte by byte, whose main function the compiler has cut in two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "python_parts.h"

enum {
	TABLE = 0x200,
	NAMES = 0x300,
	SECTIONS = 0x400,
	MAIN = 0x1000,
	OTHER = 0x1100,
	PART = 0x2000,
	LAST = 0x2100,
	SIZE = 0x3000,
};
static uint8_t bytes[SIZE];

static void put32(size_t at, uint32_t value)
{
	memcpy(bytes + at, &value, sizeof(value));
}

static void jump(size_t from, size_t to)
{
	bytes[from] = 0xe9;
	put32(from + 1, (uint32_t)(to - from - 5));
}

static void jump_if(size_t from, size_t to)
{
	bytes[from] = 0x0f;
	bytes[from + 1] = 0x84;
	put32(from + 2, (uint32_t)(to - from - 6));
}

static void make(void)
{
	static const char names[] = "\0.eh_frame_hdr\0.names";
	static const uint32_t starts[] = { MAIN, OTHER, PART, LAST };
	Elf64_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_phoff = sizeof(head),
			    .e_shoff = SECTIONS,
			    .e_ehsize = sizeof(head),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1,
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 2 };
	Elf64_Phdr load = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = SIZE, .p_memsz = SIZE
	};
	Elf64_Shdr sections[3] = {
		{ 0 },
		{ .sh_name = 1,
		  .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC,
		  .sh_addr = TABLE,
		  .sh_offset = TABLE,
		  .sh_size = 12 + 8 * EV_LENGTH(starts) },
		{ .sh_name = 15,
		  .sh_type = SHT_STRTAB,
		  .sh_offset = NAMES,
		  .sh_size = sizeof(names) },
	};
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), &load, sizeof(load));
	memcpy(bytes + NAMES, names, sizeof(names));
	memcpy(bytes + SECTIONS, sections, sizeof(sections));
	put32(TABLE, 0x3b031b01);
	put32(TABLE + 8, EV_LENGTH(starts));
	for (size_t i = 0; i < EV_LENGTH(starts); i++)
		put32(TABLE + 12 + 8 * i, starts[i] - TABLE);
	jump(MAIN + 0x10, PART + 0x10);
	jump_if(MAIN + 0x20, PART + 0x20);
	jump(PART + 0x30, MAIN + 0x50);
	jump(PART + 0x40, MAIN + 0x60);
}

static struct ev_python_file look(void)
{
	struct ev_python_file file = { .range_count = 1 };
	struct image image;
	file.ranges[0] = (struct ev_python_range){ .start = MAIN, .end = OTHER, .evaluates = true };
	assert_int_equal(ev_image_open_memory(&image, bytes, sizeof(bytes)), 0);
	ev_python_parts_add(&file, &image);
	ev_image_close(&image);
	return file;
}

static void two_that_jump_into_each_other_are_one(void **state)
{
	(void)state;
	make();
	struct ev_python_file file = look();
	assert_int_equal(file.range_count, 2);
	assert_int_equal(file.ranges[1].start, PART);
	assert_int_equal(file.ranges[1].end, LAST);
	assert_true(file.ranges[1].evaluates);
	assert_false(file.ranges[1].part);
}

static void others_are_other_functions(void **state)
{
	(void)state;
	make();
	jump(PART + 0x30, LAST); /* back only once */
	assert_int_equal(look().range_count, 1);
	make();
	jump(MAIN + 0x10, PART); /* as tail calls do */
	assert_int_equal(look().range_count, 1);
	make();
	put32(TABLE + 8, 1000000); /* more than there are */
	assert_int_equal(look().range_count, 1);
	make();
	put32(TABLE, 0);
	assert_int_equal(look().range_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_jump_into_each_other_are_one),
		cmocka_unit_test(others_are_other_functions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
