/* Unwind tables: .eh_frame or .debug_frame of an ELF file made around the bytes, and a stack that
 * is unwound through them. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <evprof/symbol_unwind.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

enum { CODE_BYTES = 4096, PID = 7, NAMES_BYTES = 40 };
static const char names[NAMES_BYTES] = "\0.eh_frame\0.debug_frame\0.names";
static const uint16_t machines[] = { EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_RISCV };

/* Headers, code, names and the section with the bytes, in one file. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[3];
	char names[NAMES_BYTES];
	uint8_t code[CODE_BYTES];
};

static struct file file_of(uint8_t choice, size_t size_bytes)
{
	struct file file = {
		.header = { .e_type = ET_EXEC,
			    .e_machine = machines[(choice >> 1) % EV_LENGTH(machines)],
			    .e_phoff = offsetof(struct file, segment),
			    .e_shoff = offsetof(struct file, sections),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1,
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 2 },
		.segment = { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_filesz = sizeof(struct file),
			     .p_memsz = sizeof(struct file) },
	};
	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.sections[1] = (Elf64_Shdr){ .sh_name = choice & 1 ? 11 : 1,
					 .sh_type = SHT_PROGBITS,
					 .sh_flags = choice & 128 ? SHF_COMPRESSED : 0,
					 .sh_offset = sizeof(struct file),
					 .sh_size = size_bytes };
	file.sections[2] = (Elf64_Shdr){ .sh_name = 24,
					 .sh_type = SHT_STRTAB,
					 .sh_offset = offsetof(struct file, names),
					 .sh_size = NAMES_BYTES };
	memcpy(file.names, names, NAMES_BYTES);
	/* The code is what the bytes begin with, too. */
	return file;
}

static void unwind_through(const char *path, const char *arch, const uint8_t *bytes,
			   size_t size_bytes)
{
	struct ev_recording recording = { .arch = (char *)(uintptr_t)arch };
	struct ev_space_set *set = ev_space_set_open();
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = PID, .tid = PID };
	uint64_t registers[34], chain[256];
	struct ev_unwound how;
	record.mmap = (struct ev_mmap){ .pid = PID,
					.tid = PID,
					.length = sizeof(struct file),
					.executable = true,
					.path = path };
	ev_space_set_add(set, &record);
	ev_space_set_ready(set);
	struct ev_unwinder *unwinder = ev_unwinder_open(set, &recording, NULL);
	for (unsigned round = 0; round < 16; round++) {
		for (size_t i = 0; i < EV_LENGTH(registers); i++)
			registers[i] = (i * 8 + round * 64) % sizeof(struct file);
		record = (struct ev_record){ .type = PERF_RECORD_SAMPLE, .pid = PID, .tid = PID };
		record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
		record.sample.user_regs_mask = ((uint64_t)1 << EV_LENGTH(registers)) - 1;
		record.sample.user_regs = registers;
		record.sample.user_stack = bytes;
		record.sample.user_stack_bytes = size_bytes;
		if (ev_unwind(unwinder, &record, chain, EV_LENGTH(chain), &how) > EV_LENGTH(chain))
			abort();
	}
	ev_unwinder_close(unwinder);
	ev_space_set_close(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	static const char *const archs[] = { "x86_64", "aarch64", "x86_64", "aarch64", "riscv64" };
	struct ev_cfi_rows rows;
	char path[64];
	if (!size_bytes || size_bytes > 65536)
		return 0;
	uint8_t choice = bytes[0];
	struct file file = file_of(choice, size_bytes - 1);
	memcpy(file.code, bytes, size_bytes < CODE_BYTES ? size_bytes : CODE_BYTES);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, &file, sizeof(file)) == (ssize_t)sizeof(file) &&
	    write(fd, bytes + 1, size_bytes - 1) == (ssize_t)(size_bytes - 1)) {
		ev_cfi_rows_of_file(path, &rows, NULL);
		for (size_t i = 0; i + 1 < rows.count; i++)
			if (rows.rows[i].offset >= rows.rows[i + 1].offset)
				abort();
		ev_cfi_rows_done(&rows);
		ev_frame_pointers_of_file(path);
		unwind_through(path, archs[(choice >> 1) % EV_LENGTH(archs)], bytes, size_bytes);
	}
	close(fd);
	return 0;
}
