/* Preloaded into Python programs that a simulator runs: every call of a Python function goes
 * through code that belongs to that function, so that the simulator keeps the costs of each apart.
 * The interpreter has a hook for that (PEP 523), which is set as soon as it is there. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include "agent.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	OLDEST = 0x0308,
	NEWEST = 0x030d,
	FRAME_CODE_OLD = 32, /* where a frame has its code, to 3.11 */
	FRAME_CODE = 0,
	EVALUATE_3_8 = 568, /* where an interpreter has its hook */
	OBJECT_TYPE = 8,
	C_CALLS_LEFT_3_12 = 36, /* of a thread's state, an int */
	TEXT_BYTES = 4096,
	KNOWN = 1 << 14, /* a power of two */
	PROBES = 8,
};

typedef void *(*evaluate)(void *, void *, int);

/* Of Python, by the names that it exports. */
static struct {
	evaluate standard;
	void *code_type;
	int (*get_extra)(void *code, ssize_t index, void **extra);
	int (*set_extra)(void *code, ssize_t index, void *extra);
	ssize_t (*extra_index)(void (*release)(void *));
	void *(*interpreter)(void);
	evaluate (*get_evaluate)(void *interpreter);
	void (*set_evaluate)(void *interpreter, evaluate function);
	int (*add_hook)(int (*hook)(const char *, void *, void *), void *data);
	void *(*attribute)(void *object, const char *name);
	void *(*encoded)(void *text, const char *encoding, const char *errors);
	int (*bytes)(void *object, char **text, ssize_t *length);
	long (*number)(void *object);
	void (*release)(void *object);
	void (*fetch)(void **type, void **value, void **trace);
	void (*restore)(void *type, void *value, void *trace);
	void (*clear)(void);
} python;
/* Two names: of 3.12 and later, and before. */
static const struct {
	const char *name, *older;
	void *into;
} needed[] = {
	{ "_PyEval_EvalFrameDefault", NULL, &python.standard },
	{ "PyCode_Type", NULL, &python.code_type },
	{ "PyUnstable_Code_GetExtra", "_PyCode_GetExtra", &python.get_extra },
	{ "PyUnstable_Code_SetExtra", "_PyCode_SetExtra", &python.set_extra },
	{ "PyUnstable_Eval_RequestCodeExtraIndex", "_PyEval_RequestCodeExtraIndex",
	  &python.extra_index },
	{ "PyInterpreterState_Head", NULL, &python.interpreter },
	{ "PySys_AddAuditHook", NULL, &python.add_hook },
	{ "PyObject_GetAttrString", NULL, &python.attribute },
	{ "PyUnicode_AsEncodedString", NULL, &python.encoded },
	{ "PyBytes_AsStringAndSize", NULL, &python.bytes },
	{ "PyLong_AsLong", NULL, &python.number },
	{ "Py_DecRef", NULL, &python.release },
	{ "PyErr_Fetch", NULL, &python.fetch },
	{ "PyErr_Restore", NULL, &python.restore },
	{ "PyErr_Clear", NULL, &python.clear },
};
static uint32_t version;
static size_t frame_code;
static ssize_t extra = -1; /* of a code object: its own way to be called */
static evaluate further;   /* what evaluates a frame without us */
/* Functions that were told: the same one may have many code objects, one after another. */
static struct {
	uint64_t hash;
	void *call;
} known[KNOWN];

/* ---- functions ----------------------------------------------------------------------------------
 */

static uint32_t text_of(void *code, const char *name, char *out)
{
	void *text = python.attribute(code, name);
	void *object = text ? python.encoded(text, "utf-8", "surrogateescape") : NULL;
	char *bytes;
	ssize_t length = 0;
	if (object && !python.bytes(object, &bytes, &length)) {
		length = length < TEXT_BYTES ? length : TEXT_BYTES;
		memcpy(out, bytes, (size_t)length);
	}
	if (object)
		python.release(object);
	if (text)
		python.release(text);
	return (uint32_t)length;
}

static uint64_t hash_of(uint64_t hash, const void *bytes, size_t count)
{
	for (const uint8_t *at = bytes; count--; at++)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	return hash;
}

static void *call_of(const struct python_agent_function *told, const char *name, const char *file)
{
	struct python_agent_function head = *told;
	uint64_t hash = hash_of(UINT64_C(0xcbf29ce484222325), name, head.name_bytes);
	hash = hash_of(hash_of(hash, "", 1), file, head.file_bytes);
	hash = hash_of(hash, &head.first_line, sizeof(head.first_line));
	size_t free_place = KNOWN;
	for (size_t i = 0; i < PROBES; i++) {
		size_t place = (hash + i) & (KNOWN - 1);
		if (known[place].call && known[place].hash == hash)
			return known[place].call;
		if (!known[place].call && free_place == KNOWN)
			free_place = place;
	}
	void *call = agent_make_call((void *)further);
	if (!call)
		return NULL;
	head.address = (uint64_t)(uintptr_t)call;
	agent_tell_function(&head, name, file);
	if (free_place < KNOWN) {
		known[free_place].hash = hash;
		known[free_place].call = call;
	}
	return call;
}

/* Code that was never seen. An exception may be on its way. */
EXPORTED void *evprof_python_learn(void *code);
EXPORTED void *evprof_python_learn(void *code)
{
	char name[TEXT_BYTES], file[TEXT_BYTES];
	struct python_agent_function head = { 0 };
	void *type, *value, *trace, *call = NULL;
	if (*(void **)((char *)code + OBJECT_TYPE) != python.code_type)
		return NULL;
	python.fetch(&type, &value, &trace);
	head.name_bytes = text_of(code, version >> 16 >= 0x030b ? "co_qualname" : "co_name", name);
	head.file_bytes = text_of(code, "co_filename", file);
	void *line = python.attribute(code, "co_firstlineno");
	if (line) {
		head.first_line = (uint32_t)python.number(line);
		python.release(line);
	}
	call = call_of(&head, name, file);
	if (call)
		python.set_extra(code, extra, call);
	python.clear();
	python.restore(type, value, trace);
	return call;
}

EXPORTED void *evprof_python_call(void *state, void *frame, int thrown);
EXPORTED void *evprof_python_call(void *state, void *frame, int thrown)
{
	/* 3.8 gives no state, and the frame first. */
	void *here = version >> 16 > OLDEST ? frame : state, *call = NULL;
	void *code = *(void **)((char *)here + frame_code);
	python.get_extra(code, extra, &call);
	if (!call)
		call = evprof_python_learn(code);
	/* 3.12 gives up behind so many calls that go through C, where each takes up to two; without
	 * us few do. Python's own limit stays. */
	int *left = version >> 16 == 0x030c ? (int *)((char *)state + C_CALLS_LEFT_3_12) : NULL;
	if (left)
		*left += 2;
	void *result = (call ? (evaluate)call : further)(state, frame, thrown);
	if (left)
		*left -= 2;
	return result;
}

/* ---- the beginning ------------------------------------------------------------------------------
 */

static void refuse(const char *why)
{
	struct python_agent_function head = { .name_bytes = (uint32_t)strlen(why) };
	agent_tell_function(&head, why, "");
}

static bool hook(void *interpreter)
{
	evaluate *place = (evaluate *)((char *)interpreter + EVALUATE_3_8);
	if (version >> 16 > OLDEST) {
		further = python.get_evaluate(interpreter);
		python.set_evaluate(interpreter, evprof_python_call);
		return true;
	}
	if (*place != python.standard)
		return false;
	further = *place;
	*place = evprof_python_call;
	return true;
}

/* The first import comes as soon as there is an interpreter that can do anything. */
EXPORTED int evprof_python_watch(const char *event, void *arguments, void *data);
EXPORTED int evprof_python_watch(const char *event, void *arguments, void *data)
{
	(void)arguments;
	(void)data;
	if (extra >= 0 || strcmp(event, "import"))
		return 0;
	void *interpreter = python.interpreter();
	if (!interpreter)
		return 0;
	extra = python.extra_index(NULL);
	if (extra < 0 || !hook(interpreter))
		refuse("its interpreter has another shape than its version should have");
	return 0;
}

static const char *find_python(void)
{
	const char *(*describe)(void);
	void *found = dlsym(RTLD_DEFAULT, "Py_GetVersion");
	version = agent_python_version();
	if (version >> 16 < OLDEST || version >> 16 > NEWEST)
		return "only CPython 3.8 to 3.13 are known";
	memcpy(&describe, &found, sizeof(found));
	if (found && strstr(describe(), "free-threading"))
		return "a free-threaded Python's functions run at once";
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		void *symbol = dlsym(RTLD_DEFAULT, needed[i].name);
		if (!symbol && needed[i].older)
			symbol = dlsym(RTLD_DEFAULT, needed[i].older);
		if (!symbol)
			return "it does not export what is needed";
		memcpy(needed[i].into, &symbol, sizeof(symbol));
	}
	void *get = dlsym(RTLD_DEFAULT, "_PyInterpreterState_GetEvalFrameFunc");
	void *set = dlsym(RTLD_DEFAULT, "_PyInterpreterState_SetEvalFrameFunc");
	memcpy(&python.get_evaluate, &get, sizeof(get));
	memcpy(&python.set_evaluate, &set, sizeof(set));
	if (version >> 16 > OLDEST && (!get || !set))
		return "it does not export its hook for calls";
	frame_code = version >> 16 < 0x030c ? FRAME_CODE_OLD : FRAME_CODE;
	return NULL;
}

EXPORTED void evprof_python_begin(void);
__attribute__((constructor)) EXPORTED void evprof_python_begin(void)
{
	const char *folder = getenv(PYTHON_AGENT_SIMULATED_VARIABLE);
	if (!folder || *folder != '/' || !dlsym(RTLD_DEFAULT, "_PyRuntime"))
		return;
	bool ready = agent_begin_telling(folder);
	const char *why = ready ? find_python() : "there is no room for its calls";
	if (!why && python.add_hook(evprof_python_watch, NULL))
		why = "it takes no audit hook";
	if (why)
		refuse(why);
}
