/* The part of the interpreter's main function that the compiler has put elsewhere. */
#ifndef SYMBOL_PYTHON_PARTS_H
#define SYMBOL_PYTHON_PARTS_H

#include <evprof/symbol_python.h>
#include "image.h"

/* Adds the range of a part that has no name, to a file whose main function is known. */
void ev_python_parts_add(struct ev_python_file *file, const struct image *image);

#endif
