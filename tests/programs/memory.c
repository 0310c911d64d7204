/* So many MB of memory that no compression shrinks, changed all the time, verified at the end. usage: memory GATE MB */
#include "gate.h"

#include <stdint.h>
#include <sys/mman.h>

static uint64_t mix(uint64_t x)
{
	/* splitmix64 (Steele, Lea, Flood 2014) */
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 3, "usage: %s GATE MB", argv[0]);
	size_t words = (size_t)atol(argv[2]) * 1048576 / sizeof(uint64_t);
	uint64_t *memory = mmap(NULL, words * sizeof *memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(memory != MAP_FAILED, "no memory");
	for (size_t i = 0; i < words; i++)
		memory[i] = mix(i);
	printf("filled\n");
	fflush(stdout);
	/* One word in each page is swapped to its complement and back in turn, so that pages are dirty but known. */
	const size_t page = 512;
	int turned = 0;
	while (!gate_open(argv[1])) {
		for (size_t i = 0; i < words; i += page)
			memory[i] = ~memory[i];
		turned = !turned;
		usleep(10000);
	}
	for (size_t i = 0; i < words; i++) {
		uint64_t expected = i % page == 0 && turned ? ~mix(i) : mix(i);
		REQUIRE(memory[i] == expected, "word %zu of %zu", i, words);
	}
	printf("%s MB are as they were\n", argv[2]);
	return 0;
}
