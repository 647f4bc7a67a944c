/* Machine code as text, for every processor that this capstone knows. */
#include <elf.h>
#include <errno.h>
#include "assembly.h"
#include "records.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE false
#define BIG true
#else
#define LITTLE true
#define BIG false
#endif

#define needs_capstone()                                                                           \
	do {                                                                                       \
		if (ev_assembly_absence()) {                                                       \
			print_message("SKIP %s: %s\n", __func__, ev_assembly_absence());           \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static int decode(uint16_t machine, bool wide, bool swap, const void *bytes, size_t size,
		  enum ev_assembly_style style, struct ev_assembly *out, struct ev_err *err)
{
	struct machine_code code = { .machine = machine,
				     .wide = wide,
				     .swap = swap,
				     .bytes = bytes,
				     .size_bytes = size,
				     .address = 0x1000 };
	*out = (struct ev_assembly){ 0 };
	return ev_assembly_decode(&code, style, out, err);
}

/*	1000: push %rbp; 1001: call 0x1010; 1006: jne 0x1000; 1008: ret; 1009: not an instruction */
static const uint8_t x86[] = { 0x55, 0xe8, 0x0a, 0, 0, 0, 0x75, 0xf8, 0xc3, 0x06 };

static void x86_in_both_styles(void **state)
{
	struct ev_assembly assembly;
	(void)state;
	needs_capstone();
	assert_int_equal(decode(EM_X86_64, true, LITTLE, x86, sizeof(x86), EV_ASSEMBLY_ATT,
				&assembly, NULL),
			 0);
	assert_int_equal(assembly.items.count, 5);
	assert_string_equal(assembly.items.items[0].text, "pushq  %rbp");
	ev_assembly_done(&assembly);
	assert_int_equal(decode(EM_X86_64, true, LITTLE, x86, sizeof(x86), EV_ASSEMBLY_INTEL,
				&assembly, NULL),
			 0);
	assert_string_equal(assembly.items.items[0].text, "push   rbp");
	ev_assembly_done(&assembly);
}

/* Vector instructions of which capstone 4 knows few; behind them a return. */
static void what_follows_an_unknown_instruction_is_known(void **state)
{
	static const struct {
		uint8_t bytes[12], size;
	} vectors[] = {
		{ { 0x62, 0xf2, 0x6e, 0x48, 0x26, 0xc9 }, 6 }, /* vptestnmb %zmm1,%zmm2,%k1 */
		{ { 0x62, 0xf1, 0x75, 0x48, 0x74, 0x94, 0x8c, 0x34, 0x12, 0x00, 0x00 },
		  11 }, /* vpcmpeqb 0x1234(%rsp,%rcx,4),%zmm1,%k2 */
		{ { 0x62, 0xf3, 0x75, 0x20, 0x3e, 0x48, 0x02, 0x04 },
		  8 }, /* vpcmpnequb 0x40(%rax),%ymm17,%k1 */
		{ { 0x62, 0xf3, 0x75, 0x48, 0x25, 0x15, 0x00, 0x10, 0x00, 0x00, 0x11 },
		  11 },                            /* vpternlogd $0x11,0x1000(%rip),%zmm1,%zmm2 */
		{ { 0xc5, 0xfb, 0x93, 0xc9 }, 4 }, /* kmovd %k1,%ecx */
		{ { 0x62, 0xa1, 0x6d, 0x20, 0xda, 0xd9 }, 6 }, /* vpminub %ymm17,%ymm18,%ymm19 */
		{ { 0xc4, 0xe3, 0xf9, 0x31, 0xd1, 0x03 }, 6 }, /* kshiftrq $0x3,%k1,%k2 */
		{ { 0x62, 0xc1, 0x7d, 0x48, 0x70, 0x65, 0x01, 0x07 },
		  8 }, /* vpshufd $0x7,0x40(%r13),%zmm20 */
	};
	(void)state;
	needs_capstone();
	for (size_t i = 0; i < EV_LENGTH(vectors); i++) {
		struct ev_assembly assembly;
		uint8_t code[13] = { 0 };
		memcpy(code, vectors[i].bytes, vectors[i].size);
		code[vectors[i].size] = 0xc3;
		assert_int_equal(decode(EM_X86_64, true, LITTLE, code, vectors[i].size + 1u,
					EV_ASSEMBLY_ATT, &assembly, NULL),
				 0);
		assert_int_equal(assembly.items.count, 2);
		assert_int_equal(assembly.items.items[0].size_bytes, vectors[i].size);
		assert_int_equal(assembly.items.items[1].flow, EV_FLOW_RETURN);
		ev_assembly_done(&assembly);
		/* Cut short it is bytes. */
		assert_int_equal(decode(EM_X86_64, true, LITTLE, code, vectors[i].size - 1u,
					EV_ASSEMBLY_ATT, &assembly, NULL),
				 0);
		ev_assembly_done(&assembly);
	}
}

static void instructions_have_no_gaps_and_tell_where_they_go(void **state)
{
	struct ev_assembly assembly;
	(void)state;
	needs_capstone();
	decode(EM_X86_64, true, LITTLE, x86, sizeof(x86), EV_ASSEMBLY_ATT, &assembly, NULL);
	const struct ev_instruction *items = assembly.items.items;
	uint64_t address = 0x1000;
	for (size_t i = 0; i < assembly.items.count; i++) {
		assert_int_equal(items[i].address, address);
		assert_memory_equal(items[i].bytes, x86 + (address - 0x1000), items[i].size_bytes);
		address += items[i].size_bytes;
	}
	assert_int_equal(address, 0x1000 + sizeof(x86));
	assert_int_equal(items[0].flow, EV_FLOW_ON);
	assert_int_equal(items[1].flow, EV_FLOW_CALL);
	assert_true(items[1].has_target);
	assert_int_equal(items[1].target_offset, 0x1010);
	assert_int_equal(items[2].flow, EV_FLOW_JUMP);
	assert_int_equal(items[2].target_offset, 0x1000);
	assert_int_equal(items[3].flow, EV_FLOW_RETURN);
	assert_string_equal(items[4].text, ".byte  0x06");
	ev_assembly_done(&assembly);
}

static void other_processors_are_known(void **state)
{
	static const struct {
		const char *name;
		uint16_t machine;
		bool wide, swap;
		uint8_t bytes[8];
		const char *first, *second;
		uint64_t target; /* of the second */
	} cases[] = {
		{ "i386",
		  EM_386,
		  false,
		  LITTLE,
		  { 0x55, 0xe8, 0xfa, 0xff, 0xff, 0xff, 0x90, 0x90 },
		  "pushl  %ebp",
		  "calll  0x1000",
		  0x1000 },
		{ "arm64",
		  EM_AARCH64,
		  true,
		  LITTLE,
		  { 0x20, 0, 0x02, 0x8b, 0xff, 0xff, 0xff, 0x97 },
		  "add    x0, x1, x2",
		  "bl     #0x1000",
		  0x1000 },
		{ "arm",
		  EM_ARM,
		  false,
		  LITTLE,
		  { 0x02, 0, 0x81, 0xe0, 0xfd, 0xff, 0xff, 0xeb },
		  "add    r0, r1, r2",
		  "bl     #0x1000",
		  0x1000 },
		{ "ppc64",
		  EM_PPC64,
		  true,
		  BIG,
		  { 0x7c, 0x64, 0x2a, 0x14, 0x4b, 0xff, 0xff, 0xfd },
		  "add    r3, r4, r5",
		  "bl     0x1000",
		  0x1000 },
		{ "ppc64le",
		  EM_PPC64,
		  true,
		  LITTLE,
		  { 0x14, 0x2a, 0x64, 0x7c, 0xfd, 0xff, 0xff, 0x4b },
		  "add    r3, r4, r5",
		  "bl     0x1000",
		  0x1000 },
		{ "s390x",
		  EM_S390,
		  true,
		  BIG,
		  { 0x1a, 0x12, 0xc0, 0xe5, 0xff, 0xff, 0xff, 0xff },
		  "ar     %r1, %r2",
		  "brasl  %r14, 0x1000",
		  0x1000 },
	};
	(void)state;
	needs_capstone();
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_assembly assembly;
		struct ev_err err = { 0 };
		int rc = decode(cases[i].machine, cases[i].wide, cases[i].swap, cases[i].bytes, 8,
				EV_ASSEMBLY_ATT, &assembly, &err);
		if (rc) {
			print_message("%s: %s\n", cases[i].name, err.text);
			continue;
		}
		assert_true(assembly.items.count >= 2);
		assert_string_equal(assembly.items.items[0].text, cases[i].first);
		assert_string_equal(assembly.items.items[1].text, cases[i].second);
		assert_int_equal(assembly.items.items[1].flow, EV_FLOW_CALL);
		assert_true(assembly.items.items[1].has_target);
		assert_int_equal(assembly.items.items[1].target_offset, cases[i].target);
		ev_assembly_done(&assembly);
	}
}

static void thumb_code_is_told_from_arm_code(void **state)
{
	/* push {r4, lr}; adds r0, r0, #1; movs r4, r0; bl …; pop {r4, pc} */
	static const uint8_t thumb[] = { 0x10, 0xb5, 0x40, 0x1c, 0x04, 0x00,
					 0xff, 0xf7, 0xfb, 0xff, 0x10, 0xbd };
	struct ev_assembly assembly;
	(void)state;
	needs_capstone();
	assert_int_equal(decode(EM_ARM, false, LITTLE, thumb, sizeof(thumb), EV_ASSEMBLY_ATT,
				&assembly, NULL),
			 0);
	assert_string_equal(assembly.items.items[0].text, "push   {r4, lr}");
	assert_int_equal(assembly.items.items[0].size_bytes, 2);
	ev_assembly_done(&assembly);
}

static void a_processor_that_is_not_known_is_named(void **state)
{
	struct ev_assembly assembly;
	struct ev_err err = { 0 };
	(void)state;
	needs_capstone();
	assert_int_equal(decode(EM_ALPHA, true, LITTLE, x86, sizeof(x86), EV_ASSEMBLY_ATT,
				&assembly, &err),
			 -ENOTSUP);
	assert_non_null(strstr(err.text, "processor"));
	ev_assembly_done(&assembly);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_in_both_styles),
		cmocka_unit_test(what_follows_an_unknown_instruction_is_known),
		cmocka_unit_test(instructions_have_no_gaps_and_tell_where_they_go),
		cmocka_unit_test(other_processors_are_known),
		cmocka_unit_test(thumb_code_is_told_from_arm_code),
		cmocka_unit_test(a_processor_that_is_not_known_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
