/* Rows of hot functions in a page: what each weighs, as many as there is room for. */
#include "invented_annotation.h"
#include "report_html.h"

#define LONG                                                                                       \
	"/* so long that it takes most of the room that there is for all of these rows, and "      \
	"has no weight itself, so that it is the first to go where there is little room */"
static const char source[] =
	"int main(void)\n{ " LONG "\n\twork(1);\n\t</script>\n\treturn 0;\n}\n";

struct made {
	struct invented it;
	struct ev_report report;
	char *text;
};

static const char *print(struct made *made, uint32_t grain, uint64_t limit_bytes)
{
	size_t size_bytes;
	made->report = made->it.annotation.report;
	made->report.annotation = &made->it.annotation;
	struct ev_html_page page = { .report = &made->report, .cells = { .grain = grain } };
	free(made->text);
	page.out = open_memstream(&made->text, &size_bytes);
	ev_html_code(&page, limit_bytes);
	fclose(page.out);
	ev_map_done(&page.frames.known);
	ev_array_done(&page.frames.items);
	ev_arena_done(&page.scratch);
	return made->text;
}

static void open_made(struct made *made)
{
	*made = (struct made){ 0 };
	invented_open(&made->it, source);
	invented_add(&made->it, "main@3", 7);
	invented_add(&made->it, "main@3;work", 2);
	invented_add(&made->it, "main@5", 1);
	invented_finish(&made->it);
	invented_section(&made->it, "main", 1, 6);
}

static void done(struct made *made)
{
	free(made->text);
	invented_done(&made->it);
}

static void lines_have_their_text_and_what_they_weigh(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	const char *text = print(&made, 0, 100000);
	expect(text, "\"name\":\"main\",\"object\":\"prog\"");
	expect(text, "{\"label\":\"1\",\"text\":\"int main(void)\"}");
	expect(text, "{\"label\":\"3\",\"text\":\"        work(1);\",\"self\":[[0,7,7000]],"
		     "\"called\":[[0,9,9000]]}");
	expect(text, "{\"label\":\"4\",\"text\":\"        </script>\"}");
	expect(text, "\"left_out\":0");
	refuse(text, "\"times\"");
	done(&made);
}

static void with_times_lines_tell_when(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	const char *text = print(&made, 1, 100000);
	expect(text, "\"timed\":true");
	expect(text, "\"called\":[[0,9,9000]],\"times\":[0,0,7,7000]}");
	done(&made);
}

static void with_little_room_only_rows_with_weight_are_there(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	const char *text = print(&made, 0, 480);
	expect(text, "\"note\":\"only rows around those with samples\"");
	expect(text, "{\"label\":\"3\",");
	refuse(text, "{\"label\":\"1\",");
	done(&made);
}

static void without_room_it_is_told_how_many_are_left_out(void **state)
{
	(void)state;
	struct made made;
	open_made(&made);
	expect(print(&made, 0, 10), "\"code\":{\"sections\":[],\"left_out\":1}");
	done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_their_text_and_what_they_weigh),
		cmocka_unit_test(with_times_lines_tell_when),
		cmocka_unit_test(with_little_room_only_rows_with_weight_are_there),
		cmocka_unit_test(without_room_it_is_told_how_many_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
