/* Holds an io_uring, which CRIU cannot dump: the move must fail, and this must go on. usage: unmovable GATE */
#include "gate.h"

#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	REQUIRE(argc == 2, "usage: %s GATE", argv[0]);
	struct io_uring_params parameters;
	memset(&parameters, 0, sizeof parameters);
	int ring = (int)syscall(SYS_io_uring_setup, 8, &parameters);
	REQUIRE(ring >= 0, "no io_uring");
	void *queue = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	REQUIRE(queue != MAP_FAILED, "no mapping of the ring");
	while (!gate_open(argv[1]))
		usleep(1000);
	printf("went on\n");
	return 0;
}
