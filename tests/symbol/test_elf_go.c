/* Tables of Go's runtime in each of their layouts, and that of a program that was stripped. */
#include "compiled.h"
#include "elf_symbols.h"

enum { TEXT = 0x401000, TABLE = 0x500000, NAMES = 200, FUNCTIONS = 300, COUNT = 3 };

static const char names[COUNT][16] = { "main.main", "sort.Ints", "" };
static const uint64_t starts[COUNT + 1] = { 0, 0x20, 0x40, 0x60 };

static void put(uint8_t *bytes, size_t at, uint64_t value, size_t size_bytes)
{
	memcpy(bytes + at, &value, size_bytes);
}

/* A table of three functions, the last of which has no name. */
static void make(uint8_t *bytes, size_t size_bytes, uint32_t magic, uint64_t text)
{
	bool later = magic >= 0xfffffff0 && magic < 0xfffffffa, first = magic == 0xfffffffb;
	size_t word = later ? 4 : 8, list = first ? 16 : FUNCTIONS, places = list;
	memset(bytes, 0, size_bytes);
	put(bytes, 0, magic, 4);
	bytes[6] = 1;
	bytes[7] = 8;
	put(bytes, 8, COUNT, 8);
	if (!first) {
		size_t at = 24;
		if (later)
			put(bytes, at, text, 8), at += 8;
		put(bytes, at, NAMES, 8);
		put(bytes, at + 32, FUNCTIONS, 8);
	} else {
		places = 0;
	}
	for (size_t i = 0; i < COUNT; i++) {
		uint64_t start = later ? starts[i] : TEXT + starts[i];
		size_t place = 400 + i * 16;
		put(bytes, list + 2 * i * word, start, word);
		put(bytes, list + (2 * i + 1) * word, place - places, word);
		put(bytes, place, start, word);
		put(bytes, place + word, NAMES + i * 16 - (first ? 0 : NAMES), 4);
		memcpy(bytes + NAMES + i * 16, names[i], sizeof(names[i]));
	}
	put(bytes, list + 2 * COUNT * word, later ? starts[COUNT] : TEXT + starts[COUNT], word);
}

enum { TABLE_BYTES = 512, FILE_BYTES = TABLE_BYTES + 24 };

/* The table, and behind it a relocation of the place where its text begins. */
static unsigned read_table(const uint8_t *bytes, size_t table_bytes, struct table *table)
{
	struct segment segment = { .offset = 0x1000,
				   .address = TEXT,
				   .file_bytes = 0x1000,
				   .memory_bytes = 0x1000,
				   .executable = true };
	struct section sections[] = {
		{ .name = ".gopclntab",
		  .type = SHT_PROGBITS,
		  .address = TABLE,
		  .size_bytes = table_bytes },
		{ .name = ".rela", .type = SHT_RELA, .offset = TABLE_BYTES, .size_bytes = 24 },
	};
	struct image image = { .memory = bytes,
			       .size_bytes = FILE_BYTES,
			       .wide = true,
			       .segments = &segment,
			       .segment_count = 1,
			       .sections = sections,
			       .section_count = EV_LENGTH(sections) };
	*table = (struct table){ 0 };
	unsigned found = ev_elf_go_add(table, &image);
	ev_symtab_sort(table);
	return found;
}

static void functions_are_found_in_every_layout(void **state)
{
	static const uint32_t magics[] = { 0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1 };
	uint8_t bytes[FILE_BYTES];
	struct table table;
	(void)state;
	for (size_t i = 0; i < 2 * EV_LENGTH(magics); i++) {
		uint32_t magic = magics[i / 2];
		bool moved = i % 2; /* the program may lie anywhere */
		make(bytes, sizeof(bytes), magic, moved ? 0 : TEXT);
		put(bytes, TABLE_BYTES, TABLE + 24, 8);
		put(bytes, TABLE_BYTES + 16, TEXT, 8);
		assert_int_equal(read_table(bytes, TABLE_BYTES, &table), ELF_GO);
		assert_int_equal(table.symbols.count, 2);
		const struct symbol *symbol = ev_symtab_find(&table, 0x1000 + 0x3f);
		assert_non_null(symbol);
		assert_string_equal(ev_symtab_name(&table, symbol), "sort.Ints");
		assert_int_equal(symbol->start, 0x1020);
		assert_int_equal(symbol->end, 0x1040);
		assert_string_equal(ev_symtab_name(&table, ev_symtab_find(&table, 0x1000)),
				    "main.main");
		assert_null(ev_symtab_find(&table, 0x1040));
		ev_symtab_done(&table);
	}
}

static void what_is_not_such_a_table_names_nothing(void **state)
{
	uint8_t bytes[FILE_BYTES];
	struct table table;
	(void)state;
	make(bytes, sizeof(bytes), 0xfffffff2, TEXT); /* a later layout than is known */
	assert_int_equal(read_table(bytes, TABLE_BYTES, &table), 0);
	make(bytes, sizeof(bytes), 0xfffffff1, 0); /* nothing says where the text is */
	assert_int_equal(read_table(bytes, TABLE_BYTES, &table), 0);
	make(bytes, sizeof(bytes), 0xfffffff1, TEXT);
	put(bytes, 8, UINT64_MAX, 8);
	assert_int_equal(read_table(bytes, TABLE_BYTES, &table), 0);
	/* Cut or changed anywhere: names may be lost or wrong, and nothing else happens. */
	for (size_t i = 0; i < TABLE_BYTES; i++) {
		make(bytes, sizeof(bytes), 0xfffffff0, TEXT);
		read_table(bytes, i, &table);
		ev_symtab_done(&table);
		bytes[i] ^= 0xff;
		read_table(bytes, TABLE_BYTES, &table);
		ev_symtab_done(&table);
	}
}

/* One that may lie anywhere, which is the harder way. */
static void a_stripped_program_keeps_its_functions(void **state)
{
	static const char go[] = "package main\n//go:noinline\nfunc work(a []int) { a[0]++ }\n"
				 "func main() { work([]int{3, 1, 2}) }\n";
	char line[64];
	struct image image;
	struct table table = { 0 };
	bool found = false;
	needs_program("go");
	write_file(in_folder(state, "p.go"), go, sizeof(go) - 1);
	output_of(state,
		  "go build -buildmode=pie -ldflags='-s -w' -o p p.go >log 2>&1 &&"
		  "echo built",
		  line, sizeof(line));
	if (strcmp(line, "built")) {
		print_message("SKIP %s: go builds no such program here\n", __func__);
		skip();
	}
	assert_int_equal(ev_image_open(&image, in_folder(state, "p")), 0);
	assert_int_equal(ev_elf_go_add(&table, &image), ELF_GO);
	for (size_t i = 0; i < table.symbols.count && !found; i++)
		found = !strcmp(ev_symtab_name(&table, &table.symbols.items[i]), "main.work");
	assert_true(found);
	assert_true(table.symbols.count > 500);
	ev_symtab_done(&table);
	ev_image_close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_found_in_every_layout),
		cmocka_unit_test(what_is_not_such_a_table_names_nothing),
		cmocka_unit_test(a_stripped_program_keeps_its_functions),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
