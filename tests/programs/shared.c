/* Two processes that take turns through POSIX shared memory: a process-shared mutex and condition (futexes), and a named semaphore. */
#include "gate.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CELLS = 4096 };

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t turned;
	int turn;
	int over;
	unsigned long rounds[2];
	unsigned cells[CELLS];
};

static void play(struct shared *shared, int me, const char *gate, sem_t *done)
{
	pthread_mutex_lock(&shared->mutex);
	while (!shared->over) {
		while (shared->turn != me && !shared->over)
			pthread_cond_wait(&shared->turned, &shared->mutex);
		if (shared->over)
			break;
		/* Every cell must be what the other one left. */
		unsigned long all = shared->rounds[0] + shared->rounds[1];
		for (int i = 0; i < CELLS; i++) {
			REQUIRE(shared->cells[i] == (unsigned)(all + i), "cell %d is %u in round %lu", i, shared->cells[i], all);
			shared->cells[i]++;
		}
		shared->rounds[me]++;
		shared->turn = !me;
		pthread_cond_signal(&shared->turned);
		if (me == 0 && gate_open(gate)) {
			shared->over = 1;
			pthread_cond_broadcast(&shared->turned);
		}
		pthread_mutex_unlock(&shared->mutex);
		usleep(200);
		pthread_mutex_lock(&shared->mutex);
	}
	pthread_mutex_unlock(&shared->mutex);
	sem_post(done);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2, "usage: %s GATE", argv[0]);
	char name[64];
	snprintf(name, sizeof name, "/isobar-test-%d", getpid());
	int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	REQUIRE(fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0, "no shared memory");
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(shared != MAP_FAILED, "no mapping");
	sem_t *done = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	REQUIRE(done != SEM_FAILED, "no semaphore");

	pthread_mutexattr_t mutex;
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &mutex);
	pthread_condattr_t cond;
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->turned, &cond);
	for (int i = 0; i < CELLS; i++)
		shared->cells[i] = i;

	pid_t child = fork();
	REQUIRE(child >= 0, "no child");
	if (child == 0) {
		play(shared, 1, argv[1], done);
		_exit(0);
	}
	play(shared, 0, argv[1], done);
	int status;
	REQUIRE(waitpid(child, &status, 0) == child && status == 0, "the child ended with %#x", status);
	REQUIRE(sem_wait(done) == 0 && sem_wait(done) == 0, "the semaphore");
	long apart = (long)(shared->rounds[0] - shared->rounds[1]);
	REQUIRE(apart == 0 || apart == 1, "%ld rounds apart", apart);
	REQUIRE(shared->rounds[0] > 10, "only %lu rounds", shared->rounds[0]);
	sem_unlink(name);
	shm_unlink(name);
	printf("two processes took turns, and no cell was lost\n");
	return 0;
}
