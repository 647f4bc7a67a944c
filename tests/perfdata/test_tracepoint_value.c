/* What an expression is worth for a sample: numbers by C's rules, names of bits, bytes. */
#include "tracepoint_samples.h"

static void numbers_keep_their_signs(void **state)
{
	(void)state;
	expect_text("\"%d\", REC->small", "-3");
	expect_text("\"%d\", REC->small < 0", "1");
	expect_text("\"%d\", REC->big < 0", "0");
	expect_text("\"%lu\", REC->big / 16", "1152921504606846975");
	expect_text("\"%ld\", (long)REC->big / 16", "-1");
	expect_text("\"%d\", REC->big >> 60", "15");
	expect_text("\"%d\", REC->flags / 0 + REC->flags % 0", "0"); /* and no trap */
	expect_text("\"%d\", REC->small / -1", "3");
}

static void bits_and_values_have_names(void **state)
{
	(void)state;
	expect_text("\"%s\", __print_flags(REC->flags, \"|\", {1, \"A\"}, {2, \"B\"}, {4, \"C\"})",
		    "A|C");
	expect_text("\"%s\", __print_flags(REC->flags, \"-\", {1, \"A\"})", "A-0x4");
	expect_text("\"%s\", __print_flags(0, \"|\", {0, \"none\"}, {1, \"A\"})", "none");
	expect_text("\"%s\", __print_flags(0, \"|\", {1, \"A\"})", "");
	expect_text("\"%s\", __print_flags(REC->flags, \"|\", {SECRET, \"S\"}, {5, \"both\"})",
		    "both");
	expect_text("\"%s\", __print_symbolic(REC->flags, {4, \"A\"}, {5, \"B\"})", "B");
	expect_text("\"%s\", __print_symbolic(REC->flags, {4, \"A\"})", "0x5");
	expect_text("\"%s\", __print_symbolic(7, {HI_SOFTIRQ, \"HI\"}, {SCHED_SOFTIRQ, \"SCHED\"})",
		    "SCHED");
	expect_text("\"%s\", REC->small ? __print_flags(1, \"|\", {1, \"A\"}) : \"none\"", "A");
}

static void texts_end_at_their_fields_end(void **state)
{
	struct payload full = usual;
	(void)state;
	expect_text("\"%s %s\", REC->comm, __get_str(path)", "worker /etc/rc");
	expect_text("\"%s\", (char *)__get_dynamic_array(path)", "/etc/rc");
	memset(full.comm, 'x', sizeof(full.comm));
	char *text = text_of("\"%s|\", REC->comm", &full, sizeof(full));
	assert_string_equal(text, "xxxxxxxxxxxxxxxx|");
	free(text);
}

static void arrays_are_shown_item_by_item(void **state)
{
	(void)state;
	expect_text("\"%s\", __print_hex(REC->mac, 6)", "02 00 00 ab cd ef");
	expect_text("\"%s\", __print_hex_str(REC->mac, 2)", "0200");
	expect_text("\"%s\", __print_hex(REC->mac, 60)", "02 00 00 ab cd ef");
	expect_text("\"%s\", __print_array(REC->mac, 3, 2)", "2 43776 61389");
	expect_text("\"%s\", __print_array(__get_dynamic_array(mask), 1, 8)", "21474836483");
	expect_text("\"%d\", __get_dynamic_array_len(mask)", "8");
	expect_text("\"%s\", __get_bitmask(mask)", "00000005,00000003");
	expect_text("\"%02x:%02x\", REC->mac[3], ((u8 *)REC->mac)[4]", "ab:cd");
	expect_text("\"%x\", ((u16 *)REC->mac)[2]", "efcd");
	expect_text("\"%d\", REC->mac[6] + REC->mac[99999999999]", "0");
}

/* Wherever the payload ends, and wherever its locators point, nothing behind it is read. */
static void payloads_that_end_early_are_survived(void **state)
{
	static const char *const prints[] = {
		"\"%s %d %s\", REC->comm, REC->small, __get_str(path)",
		"\"%s %s %s\", __print_hex(REC->mac, 6), __get_bitmask(mask), "
		"__print_array(REC->mac, 6, 1)",
		"\"%pM %pI4 %pI6c %pU %pISpc %p\", REC->mac, REC->mac, REC->comm, REC->comm, "
		"REC->comm, REC->pointer",
		"\"%d\", nothing_known(", /* and as name=value */
	};
	(void)state;
	for (size_t size = 0; size <= sizeof(usual); size++) {
		uint8_t *exact = malloc(size + 1);
		memcpy(exact, &usual, size);
		for (size_t i = 0; i < EV_LENGTH(prints); i++)
			free(text_of(prints[i], exact, size));
		free(exact);
	}
	struct payload wild = usual;
	for (uint32_t locator = 0; locator < 200; locator++) {
		wild.path = locator * 0x01010101u;
		wild.mask = locator << 16 | 0xffff;
		for (size_t i = 0; i < EV_LENGTH(prints); i++)
			free(text_of(prints[i], &wild, sizeof(wild)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_keep_their_signs),
		cmocka_unit_test(bits_and_values_have_names),
		cmocka_unit_test(texts_end_at_their_fields_end),
		cmocka_unit_test(arrays_are_shown_item_by_item),
		cmocka_unit_test(payloads_that_end_early_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
