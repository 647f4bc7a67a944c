/* The kernel's list of symbols, from files made by hand. */
#include "compiled.h"
#include "kallsyms.h"

static void read_text(void **state, struct kallsyms *kallsyms, const char *text)
{
	const char *path = in_folder(state, "kallsyms");
	write_file(path, text, strlen(text));
	ev_kallsyms_read(kallsyms, path, NULL);
}

static const char *name_at(const struct kallsyms *kallsyms, uint64_t address)
{
	const struct symbol *symbol = ev_symtab_find(&kallsyms->table, address);
	return symbol ? ev_symtab_name(&kallsyms->table, symbol) : "-";
}

static void functions_end_at_the_next_symbol_of_any_kind(void **state)
{
	struct kallsyms kallsyms;
	read_text(state, &kallsyms,
		  "0000000000000000 A fixed_percpu_data\n"
		  "ffffffff81000000 T _text\n"
		  "ffffffff81000000 T _stext\n"
		  "ffffffff81000100 t one\n"
		  "ffffffff81000200 D data\n"
		  "ffffffff81000300 W weak\n"
		  "ffffffffc0000000 t first_of_module\t[nf_tables]\n"
		  "ffffffffc0000080 t last_of_module\t[nf_tables]\n"
		  "ffffffffc0008000 t bpf_prog_1\t[bpf]\n");
	assert_null(kallsyms.trouble);
	assert_int_equal(kallsyms.text, 0xffffffff81000000);
	assert_int_equal(kallsyms.stext, 0xffffffff81000000);
	assert_string_equal(name_at(&kallsyms, 0xffffffff810000ff), "_stext");
	assert_string_equal(name_at(&kallsyms, 0xffffffff810001ff), "one");
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000200), "-");
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000310), "weak");
	/* Nothing tells how long the last one before a gap is: a page at most. */
	assert_string_equal(name_at(&kallsyms, 0xffffffff81001000), "-");
	assert_string_equal(name_at(&kallsyms, 0xffffffffc0000fff), "last_of_module");
	assert_string_equal(name_at(&kallsyms, 0xffffffffc0001000), "-");
	assert_string_equal(name_at(&kallsyms, 0xffffffffc0008fff), "bpf_prog_1");
	assert_string_equal(name_at(&kallsyms, 0xffffffffc0009000), "-");
	ev_kallsyms_done(&kallsyms);
}

/* Sorted or not, with aliases and data between: what is kept for an address is what the whole list
 * says of it. */
static void a_few_addresses_get_the_names_of_the_whole_list(void **state)
{
	static const char *const modules[] = { "", "\t[one]", "\t[two]" };
	struct ev_buffer text = { 0 };
	uint32_t random = 1;
	for (int i = 0; i < 3000; i++) {
		random = random * 1103515245 + 12345;
		unsigned place = i < 2000 ? (unsigned)i / 2 * 7 : 7000 + (random >> 8) % 9000;
		ev_buffer_printf(&text, "ffffffff8100%04x %c name_%d%s\n", place,
				 "tTWDbt"[(random >> 16) % 6], i,
				 modules[i < 2000 ? 0 : 1 + (random >> 24) % 2]);
	}
	const char *path = in_folder(state, "many");
	struct kallsyms all, few;
	write_file(path, text.bytes, text.size_bytes);
	ev_kallsyms_read(&all, path, NULL);
	assert_null(all.trouble);
	for (unsigned step = 1; step < 3000; step = step * 3 + 1) {
		EV_ARRAY(uint64_t) addresses = { 0 };
		for (uint64_t at = step; at < 0x5000; at += step)
			*ev_array_add(&addresses) = 0xffffffff81000000 + at;
		struct kallsyms_wanted wanted = { addresses.items, addresses.count, true, NULL };
		ev_kallsyms_read(&few, path, &wanted);
		assert_null(few.trouble);
		for (size_t i = 0; i < addresses.count; i++) {
			const struct symbol *one = ev_symtab_find(&all.table, addresses.items[i]);
			const struct symbol *other = ev_symtab_find(&few.table, addresses.items[i]);
			assert_int_equal(!one, !other);
			if (!one)
				continue;
			assert_int_equal(one->start, other->start);
			assert_string_equal(ev_symtab_name(&all.table, one),
					    ev_symtab_name(&few.table, other));
		}
		assert_true(few.table.symbols.count <= 8 * addresses.count);
		ev_kallsyms_done(&few);
		ev_array_done(&addresses);
	}
	ev_kallsyms_done(&all);
	ev_buffer_done(&text);
}

static void the_running_kernel_is_asked_for_a_few_addresses(void **state)
{
	const char *cache = in_folder(state, "cache");
	struct kallsyms all, few;
	ev_kallsyms_read(&all, NULL, NULL);
	if (all.trouble || !all.table.symbols.count) {
		print_message("SKIP %s: %s\n", __func__, all.trouble);
		ev_kallsyms_done(&all);
		skip();
	}
	for (size_t at = 0; at < all.table.symbols.count; at += 1 + all.table.symbols.count / 5) {
		const struct symbol *one = &all.table.symbols.items[at];
		const struct kallsyms_wanted wanted[] = { { &one->start, 1, true, NULL },
							  { &one->start, 1, false, cache } };
		for (size_t i = 0; i < EV_LENGTH(wanted); i++) {
			ev_kallsyms_read(&few, NULL, &wanted[i]);
			const struct symbol *other = ev_symtab_find(&few.table, one->start);
			assert_string_equal(name_at(&few, one->start),
					    ev_symtab_name(&all.table, one));
			assert_int_equal(other->start, one->start);
			assert_int_equal(other->end, one->end);
			assert_int_equal(few.text, all.text);
			assert_int_equal(few.stext, all.stext);
			ev_kallsyms_done(&few);
		}
	}
	ev_kallsyms_done(&all);
}

static void lines_without_end_are_skipped(void **state)
{
	struct kallsyms kallsyms;
	size_t size = 300000;
	char *text = malloc(size + 100);
	memset(text, 'x', size);
	int more = snprintf(text + size, 100, "\nffffffff81000100 t good\nffffffff81000200 t last");
	const char *path = in_folder(state, "long");
	write_file(path, text, size + (size_t)more);
	ev_kallsyms_read(&kallsyms, path, NULL);
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000100), "good");
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000200), "last");
	assert_int_equal(kallsyms.table.symbols.count, 2);
	ev_kallsyms_done(&kallsyms);
	free(text);
}

static void hidden_addresses_are_told(void **state)
{
	struct kallsyms kallsyms;
	read_text(state, &kallsyms, "0000000000000000 T _text\n0000000000000000 t one\n");
	assert_string_equal(kallsyms.trouble, "kptr_restrict hides kernel addresses");
	ev_kallsyms_done(&kallsyms);
}

static void a_missing_file_is_told(void **state)
{
	struct kallsyms kallsyms;
	ev_kallsyms_read(&kallsyms, in_folder(state, "nowhere"), NULL);
	assert_non_null(kallsyms.trouble);
	ev_kallsyms_done(&kallsyms);
	ev_kallsyms_read(&kallsyms, "/dev/zero", NULL); /* must not be read without end */
	assert_non_null(kallsyms.trouble);
	ev_kallsyms_done(&kallsyms);
}

static void broken_lines_are_skipped(void **state)
{
	struct kallsyms kallsyms;
	read_text(state, &kallsyms,
		  "\n \nffff\nffffffff81000000\nffffffff81000000 T\nffffffff81000000 T \n"
		  "zz T x\nffffffffffffffffffff T toolong\n"
		  "ffffffffffffffff T at_the_end\nffffffff81000100 t good");
	assert_null(kallsyms.trouble);
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000100), "good");
	assert_string_equal(name_at(&kallsyms, 0xffffffff81000000), "-");
	ev_kallsyms_done(&kallsyms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_end_at_the_next_symbol_of_any_kind),
		cmocka_unit_test(a_few_addresses_get_the_names_of_the_whole_list),
		cmocka_unit_test(the_running_kernel_is_asked_for_a_few_addresses),
		cmocka_unit_test(lines_without_end_are_skipped),
		cmocka_unit_test(hidden_addresses_are_told),
		cmocka_unit_test(a_missing_file_is_told),
		cmocka_unit_test(broken_lines_are_skipped),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
