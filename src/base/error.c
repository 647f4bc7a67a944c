/* A failure becomes one sentence for a person and a negative errno for the caller. */
#include <errno.h>
#include <string.h>
#include <evprof/base.h>

int ev_fail(struct ev_err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, args);
		va_end(args);
		err->code = code;
	}
	return -code;
}

int ev_fail_in(struct ev_err *err, const char *fmt, ...)
{
	if (!err)
		return -EINVAL;
	char old[sizeof(err->text)];
	memcpy(old, err->text, sizeof(old));
	va_list args;
	va_start(args, fmt);
	int used = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof(err->text))
		snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", old);
	return -err->code;
}
