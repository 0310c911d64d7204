/* The gate: see README.md. */
#ifndef GATE_H
#define GATE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int gate_open(const char *gate) { return access(gate, F_OK) == 0; }

#define REQUIRE(condition, ...)                      \
	do {                                             \
		if (!(condition)) {                          \
			printf("WRONG " __VA_ARGS__);            \
			printf(" (%s:%d)\n", __FILE__, __LINE__); \
			fflush(stdout);                          \
			exit(1);                                 \
		}                                            \
	} while (0)

#endif
