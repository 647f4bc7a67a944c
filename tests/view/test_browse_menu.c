/* Menus: of a row, of recordings, of other forms. */
#include "browsed.h"

static const char *const others[] = { "a.data", "b.data" };
static char switched[64], formed[64];
static bool folder_is_empty;

static size_t recordings(void *self, const char *const **paths)
{
	(void)self;
	*paths = others;
	return folder_is_empty ? 0 : EV_LENGTH(others);
}

static int switch_to(void *self, const char *path, struct ev_err *err)
{
	if (((struct browsed *)self)->refuses)
		return ev_fail(err, EINVAL, "'%s' is damaged", path);
	snprintf(switched, sizeof(switched), "%s", path);
	return 0;
}

static const struct ev_browse_form forms[] = { { "text", "a text" }, { "file", "a file" } };

static int form(void *self, size_t at, const struct ev_browse_wishes *wishes, FILE *out,
		char said[256], struct ev_err *err)
{
	if (((struct browsed *)self)->refuses)
		return ev_fail(err, EIO, "it could not be made");
	snprintf(formed, sizeof(formed), "%s %zu", forms[at].name, wishes->filter_count);
	if (at)
		snprintf(said, 256, "written: perf.file");
	else
		fputs("one\n\ttwo\nab\tc\n", out);
	return 0;
}

static void of_recordings(struct browsed *on)
{
	browsed_small(on, "comm,dso,sym", false);
	on->source.recordings = recordings;
	on->source.switch_to = switch_to;
	on->source.forms = forms;
	on->source.form_count = EV_LENGTH(forms);
	on->source.form = form;
	folder_is_empty = false;
	*switched = *formed = 0;
}

static void a_menu_of_a_row_does_what_keys_do(void **state)
{
	(void)state;
	struct browsed on;
	of_recordings(&on);
	browsed_press(&on, "m");
	assert_shows(&on, "  a  annotate: source or instructions of the function, with their "
			  "weights: work");
	assert_shows(&on, "  d  zoom into the object, and out again: prog");
	assert_shows(&on, "Enter chooses");
	assert_shows_not(&on, "  f  freeze");
	browsed_press(&on, "/object^E^E");
	assert_string_equal(on.wished, "sort - time - limit 0 [dso=prog]");
	assert_shows(&on, "[dso=prog] Quality");
	browsed_press(&on, "m/annotate:^E^E");
	assert_string_equal(on.annotated, "source work prog");
	assert_true(browsed_press(&on, "qmq"));
	assert_false(browsed_press(&on, "m^N^E")); /* leaving is the last line of it */
	browsed_done(&on);
}

static void another_recording_takes_the_place(void **state)
{
	(void)state;
	struct browsed on;
	of_recordings(&on);
	browsed_press(&on, "ds");
	assert_shows(&on, ">  a.data");
	browsed_press(&on, "^D^E");
	assert_string_equal(switched, "b.data");
	assert_shows(&on, "Overhead  Command");
	on.refuses = true;
	browsed_press(&on, "s^E");
	assert_shows(&on, "'a.data' is damaged");
	assert_shows(&on, "Overhead  Command");
	on.refuses = false;
	browsed_press(&on, "s");
	folder_is_empty = true;
	browsed_press(&on, "^E");
	assert_shows(&on, "the folder has changed meanwhile");
	browsed_press(&on, "s");
	assert_shows(&on, "there is no other recording in this folder");
	on.source.recordings = NULL;
	browsed_press(&on, "s");
	assert_shows(&on, "what is shown here is no single recording");
	browsed_done(&on);
}

static void other_forms_are_looked_at_or_written(void **state)
{
	(void)state;
	struct browsed on;
	of_recordings(&on);
	browsed_press(&on, "dr^E");
	assert_string_equal(formed, "text 1");
	assert_shows(&on, "one\n        two\nab      c\n");
	browsed_press(&on, "qr^D^E");
	assert_string_equal(formed, "file 1");
	assert_shows(&on, "written: perf.file");
	on.refuses = true;
	browsed_press(&on, "r^E");
	assert_shows(&on, "it could not be made");
	on.source.form = NULL;
	browsed_press(&on, "r");
	assert_shows(&on, "there are no other forms of this here");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_menu_of_a_row_does_what_keys_do),
		cmocka_unit_test(another_recording_takes_the_place),
		cmocka_unit_test(other_forms_are_looked_at_or_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
