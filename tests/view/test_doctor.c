/* The screen of what was tried, and its JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/view.h>

static struct ev_check examples[] = {
	{ "kernel", "machine", EV_CHECK_OK, "Linux \33[31m1", "", "" },
	{ "PMU", "counters", EV_CHECK_MISSING, "none of the CPU's own",
	  "KVM guest without a virtual PMU",
	  "a VM setting: enable vPMU on the host, which takes far more words than one line has" },
	{ "hardware", "counters", EV_CHECK_MISSING, "neither", "KVM guest without a virtual PMU",
	  "a VM setting: enable vPMU on the host, which takes far more words than one line has" },
	{ "user", "limits", EV_CHECK_LIMITED, "uid 1", "",
	  "sudo setcap cap_perfmon,cap_bpf,cap_sys_ptrace,cap_syslog+ep "
	  "'/some/where/far/away/evprof'" },
	{ "path", "limits", EV_CHECK_LIMITED,
	  "/a/very/long/path/without/any/space/in/it/that/is/longer/than/the/screen/is/wide", "why",
	  "" },
};

static struct ev_checks invented(bool works)
{
	return (struct ev_checks){ .items = examples,
				   .count = EV_LENGTH(examples),
				   .can_count = works,
				   .can_sample = works,
				   .can_write = true };
}

static char *printed(const struct ev_checks *checks, bool json, bool colour, bool *works)
{
	char *written = NULL;
	size_t bytes;
	FILE *out = open_memstream(&written, &bytes);
	*works = ev_doctor_print(out, checks, json, colour);
	fclose(out);
	char *text = ev_strdup(written);
	free(written);
	return text;
}

static void the_screen_is_80_columns_wide_and_safe(void **state)
{
	struct ev_checks checks = invented(true);
	bool works;
	char *text = printed(&checks, false, false, &works);
	(void)state;
	assert_true(works);
	assert_null(strchr(text, '\33'));
	assert_non_null(strstr(text, "\\x1b[31m1"));
	assert_non_null(strstr(text, "machine   ok       kernel"));
	assert_non_null(strstr(text, "counters  missing  PMU "));
	assert_non_null(strstr(text, "          missing  hardware "));
	assert_non_null(strstr(text, "1 ok, 2 limited, 2 missing. The main job works"));
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		assert_true(ev_text_columns(line) <= 80);
	free(text);
}

static void causes_and_long_cures_are_said_once(void **state)
{
	struct ev_checks checks = invented(true);
	bool works;
	char *text = printed(&checks, false, false, &works);
	(void)state;
	char *first = strstr(text, "KVM guest");
	assert_non_null(first);
	assert_null(strstr(first + 1, "KVM guest"));
	assert_non_null(strstr(first, "as above"));
	char *cure = strstr(text, "-> a VM setting");
	assert_non_null(cure);
	assert_null(strstr(cure + 1, "-> a VM setting"));
	free(text);
}

/* What the shell is given when the lines are pasted. */
static void a_broken_command_can_still_be_pasted(void **state)
{
	struct ev_checks checks = invented(true);
	bool works;
	char *text = printed(&checks, false, false, &works);
	(void)state;
	char *at = strstr(text, "-> sudo setcap");
	assert_non_null(at);
	char *second = strchr(at, '\n');
	assert_true(second[-1] == '\\' && second[-2] == ' ');
	assert_non_null(strstr(second, "'/some/where/far/away/evprof'\n"));
	free(text);
}

static void colours_only_when_asked(void **state)
{
	struct ev_checks checks = invented(true);
	bool works;
	char *text = printed(&checks, false, true, &works);
	(void)state;
	assert_non_null(strstr(text, "\33[32mok"));
	assert_non_null(strstr(text, "\33[31mmissing"));
	free(text);
}

static void json_holds_every_field_of_every_check(void **state)
{
	struct ev_checks checks = invented(false);
	bool works;
	char *text = printed(&checks, true, true, &works);
	(void)state;
	assert_false(works);
	assert_int_equal(strncmp(text, "{\"ok\":false,\"checks\":[", 22), 0);
	assert_null(strchr(text, '\33'));
	assert_non_null(strstr(text, "{\"name\":\"user\",\"area\":\"limits\",\"state\":\"limited\","
				     "\"value\":\"uid 1\",\"why\":\"\",\"cure\":\"sudo setcap"));
	size_t count = 0;
	for (char *at = text; (at = strstr(at, "\"name\":")); at++)
		count++;
	assert_int_equal(count, EV_LENGTH(examples));
	free(text);
}

static void what_the_main_job_lacks_is_named(void **state)
{
	static const struct {
		bool count, sample, write;
		const char *end;
	} cases[] = {
		{ false, false, true, "no counting, no sampling.\n" },
		{ false, false, false, "no counting, no sampling, no recording.\n" },
		{ true, false, true, "no sampling.\n" },
		{ true, true, false, "no recording.\n" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_checks checks = invented(true);
		bool works;
		checks.can_count = cases[i].count;
		checks.can_sample = cases[i].sample;
		checks.can_write = cases[i].write;
		char *text = printed(&checks, false, false, &works);
		const char *verdict = strstr(text, "does not work here: ");
		assert_false(works);
		assert_non_null(verdict);
		assert_string_equal(verdict + 20, cases[i].end);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_screen_is_80_columns_wide_and_safe),
		cmocka_unit_test(causes_and_long_cures_are_said_once),
		cmocka_unit_test(a_broken_command_can_still_be_pasted),
		cmocka_unit_test(colours_only_when_asked),
		cmocka_unit_test(json_holds_every_field_of_every_check),
		cmocka_unit_test(what_the_main_job_lacks_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
