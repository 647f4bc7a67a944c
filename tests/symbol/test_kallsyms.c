/* The kernel's list of symbols, from files made by hand. */
#include "compiled.h"
#include "kallsyms.h"

static void read_text(void **state, struct kallsyms *kallsyms, const char *text)
{
	const char *path = in_folder(state, "kallsyms");
	write_file(path, text, strlen(text));
	ev_kallsyms_read(kallsyms, path);
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
	ev_kallsyms_read(&kallsyms, in_folder(state, "nowhere"));
	assert_non_null(kallsyms.trouble);
	ev_kallsyms_done(&kallsyms);
	ev_kallsyms_read(&kallsyms, "/dev/zero"); /* must not be read without end */
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
		cmocka_unit_test(hidden_addresses_are_told),
		cmocka_unit_test(a_missing_file_is_told),
		cmocka_unit_test(broken_lines_are_skipped),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
