/* Threads with thread-local data, a barrier, a spinning atomic, sleeping, waiting with a timeout; the monotonic clock must not go back. */
#include "gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 8 };

static pthread_barrier_t barrier;
static atomic_ulong total;
static atomic_int over;
static __thread unsigned long own;
static const char *gate;

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void *work(void *argument)
{
	long me = (long)argument;
	double last = now();
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	own = me * 1000000007ul;
	unsigned long start = own;
	for (unsigned long round = 1;; round++) {
		own++;
		atomic_fetch_add(&total, 1);
		double time = now();
		REQUIRE(time >= last, "thread %ld: the monotonic clock went back by %f s", me, last - time);
		/* A move freezes for seconds at most; a clock of another machine differs by its uptime. */
		REQUIRE(time - last < 120, "thread %ld: the monotonic clock jumped by %f s", me, time - last);
		last = time;
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 2000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_mutex_lock(&mutex);
		int waited = pthread_cond_timedwait(&never, &mutex, &until);
		pthread_mutex_unlock(&mutex);
		REQUIRE(waited == ETIMEDOUT, "thread %ld: waiting ended with %d", me, waited);
		if (me == 0 && gate_open(gate))
			atomic_store(&over, 1);
		/* Everyone leaves in the same round: the flag is read between two barriers. */
		pthread_barrier_wait(&barrier);
		int stop = atomic_load(&over);
		pthread_barrier_wait(&barrier);
		REQUIRE(own == start + round, "thread %ld lost its own data", me);
		if (stop)
			return (void *)round;
	}
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2, "usage: %s GATE", argv[0]);
	gate = argv[1];
	pthread_barrier_init(&barrier, NULL, THREADS);
	pthread_t threads[THREADS];
	for (long i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, (void *)i) == 0, "no thread %ld", i);
	unsigned long rounds[THREADS], sum = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], (void **)&rounds[i]);
		REQUIRE(rounds[i] == rounds[0], "thread %d made %lu rounds, the first %lu", i, rounds[i], rounds[0]);
		sum += rounds[i];
	}
	REQUIRE(sum == atomic_load(&total), "%lu rounds, but %lu counted", sum, atomic_load(&total));
	printf("%d threads made the same number of rounds\n", THREADS);
	return 0;
}
