/* Which symbol an address belongs to, and which of several names it gets. */
#include "records.h"
#include "table.h"

static struct symbol *add(struct table *table, uint64_t start, uint64_t size, uint64_t limit,
			  const char *name)
{
	struct symbol *symbol = ev_symtab_add(table, start, size, limit, name, strlen(name));
	symbol->bind = BIND_GLOBAL;
	return symbol;
}

static const char *name_at(const struct table *table, uint64_t address)
{
	const struct symbol *symbol = ev_symtab_find(table, address);
	return symbol ? ev_symtab_name(table, symbol) : "-";
}

static void gaps_between_functions_have_no_name(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, 200, 10, 0, "b");
	add(&table, 100, 50, 0, "a");
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 99), "-");
	assert_string_equal(name_at(&table, 100), "a");
	assert_string_equal(name_at(&table, 149), "a");
	assert_string_equal(name_at(&table, 150), "-");
	assert_string_equal(name_at(&table, 209), "b");
	assert_string_equal(name_at(&table, 210), "-");
	ev_symtab_done(&table);
}

static void a_symbol_without_size_ends_at_the_next_or_its_section(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, 100, 0, 300, "a");
	add(&table, 150, 0, 300, "b");
	add(&table, 400, 0, 400, "empty");
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 149), "a");
	assert_string_equal(name_at(&table, 150), "b");
	assert_string_equal(name_at(&table, 299), "b");
	assert_string_equal(name_at(&table, 300), "-");
	assert_string_equal(name_at(&table, 400), "-");
	ev_symtab_done(&table);
}

static void an_enclosing_function_goes_on_behind_an_inner_one(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, 100, 100, 0, "outer");
	add(&table, 120, 40, 0, "middle");
	add(&table, 130, 10, 0, "inner");
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 110), "outer");
	assert_string_equal(name_at(&table, 125), "middle");
	assert_string_equal(name_at(&table, 135), "inner");
	assert_string_equal(name_at(&table, 145), "middle");
	assert_string_equal(name_at(&table, 170), "outer");
	assert_string_equal(name_at(&table, 200), "-");
	ev_symtab_done(&table);
}

/* Each row: what wins, what loses. */
static void of_several_names_the_best_is_kept(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct symbol as;
	} rows[][2] = {
		{ { "sized", { .bind = BIND_LOCAL } }, { "unsized_global", { .open = true } } },
		{ { "strong", { .bind = BIND_LOCAL } }, { "weakling", { .bind = BIND_WEAK } } },
		{ { "global", { .bind = BIND_GLOBAL } },
		  { "longer_local", { .bind = BIND_LOCAL } } },
		{ { "read", { .bind = BIND_GLOBAL } }, { "__read", { .bind = BIND_GLOBAL } } },
		{ { "longer", { .bind = BIND_GLOBAL } }, { "short", { .bind = BIND_GLOBAL } } },
		{ { "__x64_sys_vfork", { .bind = BIND_GLOBAL } },
		  { "__ia32_sys_vfork", { .bind = BIND_GLOBAL } } },
		{ { "f", { .bind = BIND_LOCAL } },
		  { "label", { .bind = BIND_GLOBAL, .label = true } } },
		{ { "free", { .bind = BIND_GLOBAL } },
		  { "cfree", { .bind = BIND_GLOBAL, .old = true } } },
	};
	for (size_t i = 0; i < EV_LENGTH(rows); i++) {
		for (unsigned order = 0; order < 2; order++) {
			struct table table = { 0 };
			for (unsigned j = 0; j < 2; j++) {
				unsigned which = j ^ order;
				const struct symbol *as = &rows[i][which].as;
				struct symbol *symbol = add(&table, 100, as->open ? 0 : 10, 110,
							    rows[i][which].name);
				symbol->bind = as->bind;
				symbol->label = as->label;
				symbol->old = as->old;
			}
			ev_symtab_sort(&table);
			assert_string_equal(name_at(&table, 105), rows[i][0].name);
			ev_symtab_done(&table);
		}
	}
}

static void a_label_inside_a_function_does_not_cut_it(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, 100, 50, 0, "f");
	add(&table, 120, 0, 300, "loop")->label = true;
	add(&table, 200, 0, 300, "entry")->label = true;
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 130), "f");
	assert_string_equal(name_at(&table, 210), "entry");
	ev_symtab_done(&table);
}

static void what_is_added_later_is_found_after_the_next_sort(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, 100, 50, 0, "f");
	ev_symtab_sort(&table);
	add(&table, 10, 50, 0, "g");
	assert_string_equal(name_at(&table, 20), "-");
	assert_string_equal(name_at(&table, 110), "f");
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 20), "g");
	ev_symtab_done(&table);
}

static void absurd_sizes_are_survived(void **state)
{
	(void)state;
	struct table table = { 0 };
	add(&table, UINT64_MAX, UINT64_MAX, 0, "end");
	for (uint64_t i = 0; i < 5000; i++)
		add(&table, i, UINT64_MAX - i * 2, 0, "nested");
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 4000), "nested");
	assert_string_equal(name_at(&table, UINT64_MAX - 5000), "nested");
	ev_symtab_done(&table);
	ev_symtab_sort(&table);
	assert_string_equal(name_at(&table, 1), "-");
}

/* Symbols that share one long text must not make copies of it without end. */
static void a_table_is_full_before_the_memory_is(void **state)
{
	(void)state;
	struct table table = { 0 };
	size_t length = (size_t)1 << 20, count = 0;
	char *name = malloc(length + 1);
	memset(name, 'x', length);
	name[length] = 0;
	for (; !ev_symtab_full(&table) && count < 100000; count++)
		add(&table, count, 1, 0, name);
	assert_true(count < 1000);
	ev_symtab_done(&table);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_between_functions_have_no_name),
		cmocka_unit_test(a_symbol_without_size_ends_at_the_next_or_its_section),
		cmocka_unit_test(an_enclosing_function_goes_on_behind_an_inner_one),
		cmocka_unit_test(of_several_names_the_best_is_kept),
		cmocka_unit_test(a_label_inside_a_function_does_not_cut_it),
		cmocka_unit_test(what_is_added_later_is_found_after_the_next_sort),
		cmocka_unit_test(absurd_sizes_are_survived),
		cmocka_unit_test(a_table_is_full_before_the_memory_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
