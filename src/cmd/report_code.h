/* The code of hot functions, for a page. */
#ifndef CMD_REPORT_CODE_H
#define CMD_REPORT_CODE_H

#include "annotate.h"
#include "report.h"

struct report_code {
	struct annotate_options options;
	struct annotating it; /* it.annotation is what the page shows */
};
/* After the report's own naming; whatever it returns, close it. */
int report_code_open(struct report_code *code, const struct report_options *options,
		     struct loaded *loaded, struct ev_symbolizer *symbolizer, struct ev_err *err);
void report_code_close(struct report_code *code);

#endif
