/* Findings: every rule speaks where its data reaches the threshold, and is silent where not. */
#include "invented_report.h"
#include "report_findings.h"

/* The finding of a rule, or NULL. */
static const struct ev_finding *find(const struct ev_findings *findings, const char *rule)
{
	for (size_t i = 0; i < findings->items.count; i++)
		if (!strcmp(findings->items.items[i].rule, rule))
			return &findings->items.items[i];
	return NULL;
}

struct made {
	struct invented it;
	struct ev_findings findings;
};

static void open_made(struct made *made)
{
	*made = (struct made){ 0 };
	invented_open(&made->it);
}
static void finish(struct made *made)
{
	invented_finish(&made->it, "sym", true, NULL);
	ev_findings_find(&made->findings, &made->it.report);
}
static void done(struct made *made)
{
	ev_findings_done(&made->findings);
	invented_done(&made->it);
}

/* Ten functions that have as much each, of `samples` in all. */
static void add_even(struct made *made, uint64_t samples)
{
	for (int i = 0; i < 10; i++) {
		char words[32];
		snprintf(words, sizeof(words), "main;even%d", i);
		invented_add(&made->it, words, samples / 10, samples / 10);
	}
}

static void of_an_even_profile_nothing_is_found(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 1000);
	finish(&made);
	assert_int_equal(made.findings.items.count, 0);
	done(&made);
}

static void one_function_with_most_is_named_with_the_command_that_shows_it(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 400);
	invented_add(&made.it, "main;hot one", 600, 600);
	finish(&made);
	const struct ev_finding *hot = find(&made.findings, "hot function");
	assert_non_null(hot);
	assert_string_equal(hot->text, "60% of cpu-clock:u in one function: hot one");
	assert_string_equal(hot->command, "evprof annotate 'hot one'");
	assert_string_equal(hot->view, "function");
	done(&made);
}

static void few_samples_are_told(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 90);
	finish(&made);
	const struct ev_finding *few = find(&made.findings, "few samples");
	assert_non_null(few);
	assert_string_equal(few->text, "Only 90 samples: shares are rough");
	done(&made);
}

static void what_is_wrong_with_the_profile_is_told(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 1000);
	made.it.profile->quality.lost = 250;
	made.it.profile->quality.unresolved = 300;
	made.it.profile->quality.with_stack = 1000;
	made.it.profile->quality.truncated_stacks = 400;
	made.it.report.stacks_loaded = true;
	finish(&made);
	assert_non_null(strstr(find(&made.findings, "lost samples")->text, "20% of the samples"));
	assert_non_null(strstr(find(&made.findings, "unresolved")->text, "30% of the samples"));
	assert_non_null(
		strstr(find(&made.findings, "truncated stacks")->text, "40% of the stacks"));
	assert_string_equal(made.findings.items.items[0].rule, "lost samples");
	done(&made);
}

static void what_the_kernel_does_is_told(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 500);
	invented_add(&made.it, "main;k:asm_exc_page_fault;k:clear_page_erms", 500, 500);
	finish(&made);
	assert_string_equal(find(&made.findings, "kernel")->text,
			    "50% of cpu-clock:u is the kernel, most of it itself in "
			    "clear_page_erms (50%)");
	assert_non_null(strstr(find(&made.findings, "page faults")->text, "50% of cpu-clock:u"));
	done(&made);
}

/* A function of the program may be called as one of the kernel's. */
static void purposes_are_of_the_kernel_or_of_programs(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 800);
	invented_add(&made.it, "main;handle_mm_fault", 100, 100);
	invented_add(&made.it, "main;lib:malloc;lib:_int_malloc", 100, 100);
	finish(&made);
	assert_null(find(&made.findings, "page faults"));
	assert_string_equal(find(&made.findings, "allocation")->text,
			    "10% of cpu-clock:u: allocating and freeing memory");
	assert_string_equal(find(&made.findings, "allocation")->view, "search");
	done(&made);
}

static void time_that_is_waited_on_locks_is_told(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 500);
	invented_add(&made.it, "main;[waiting: lock]", 500, 500);
	finish(&made);
	assert_non_null(strstr(find(&made.findings, "waiting on locks")->text, "50% of"));
	assert_null(find(&made.findings, "hot function"));
	done(&made);
}

static void one_thread_that_does_it_all_is_named(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	add_even(&made, 1000);
	invented_add_to(&made.it, 0, "idle", 8, "main;even1", 10, 10);
	invented_add_to(&made.it, 0, "idle", 9, "main;even2", 10, 10);
	finish(&made);
	assert_string_equal(find(&made.findings, "one thread")->text,
			    "One of 3 threads carries 98% of cpu-clock:u: prog 7");
	done(&made);
}

static void most_within_a_tenth_of_the_time_is_told(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	for (uint32_t i = 0; i < 10; i++) {
		struct ev_tag tag = { .pid = 7, .tid = 7, .block = 512 + i };
		char words[32];
		snprintf(words, sizeof(words), "main;even%u", i);
		*ev_array_add(&made.it.entries) =
			(struct invented_entry){ ev_strdup(words),
						 ev_profile_tag(made.it.profile, &tag), 60, 60 };
	}
	add_even(&made, 400);
	made.it.profile->block_ns = 1;
	made.it.profile->first_time_ns = 1;
	made.it.profile->last_time_ns = 1025;
	finish(&made);
	const struct ev_finding *burst = find(&made.findings, "burst");
	assert_non_null(burst);
	assert_string_equal(burst->text, "60% of cpu-clock:u within a tenth of the time");
	assert_string_equal(burst->view, "timeline");
	done(&made);
}

static void no_more_than_five_are_shown_the_greatest_first(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	invented_add(&made.it,
		     "main;lib:malloc;lib:memcpy;lib:strlen;k:handle_mm_fault;k:io_schedule", 50,
		     50);
	finish(&made);
	assert_int_equal(made.findings.items.count, EV_FINDINGS_SHOWN);
	for (size_t i = 1; i < made.findings.items.count; i++)
		assert_true(made.findings.items.items[i - 1].matters >=
			    made.findings.items.items[i].matters);
	done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_an_even_profile_nothing_is_found),
		cmocka_unit_test(one_function_with_most_is_named_with_the_command_that_shows_it),
		cmocka_unit_test(few_samples_are_told),
		cmocka_unit_test(what_is_wrong_with_the_profile_is_told),
		cmocka_unit_test(what_the_kernel_does_is_told),
		cmocka_unit_test(purposes_are_of_the_kernel_or_of_programs),
		cmocka_unit_test(time_that_is_waited_on_locks_is_told),
		cmocka_unit_test(one_thread_that_does_it_all_is_named),
		cmocka_unit_test(most_within_a_tenth_of_the_time_is_told),
		cmocka_unit_test(no_more_than_five_are_shown_the_greatest_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
