/* A job of known work: counts rounds of integer arithmetic and never looks at a clock to decide, so that it is the same work on every machine,
 * moved or not.
 *
 *   work ID ROUNDS [MEGABYTES]    does ROUNDS thousand rounds, touching so much memory now and then; prints "ID START END CHECKSUM" (Unix time)
 *   work --grow ID MEGABYTES SECONDS   fills so much memory evenly over so many seconds and idles otherwise; then checks it and prints the same line
 *   work --for SECONDS            counts how many thousand rounds it gets done in so many seconds of wall time; prints "COUNT CPU_SECONDS"
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t thousand(uint64_t x)
{
    for (int i = 0; i < 1000; i++)
        x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9u + i;
    return x;
}

/* What a page must hold: tells a page that was lost or swapped for another on the way. */
static uint64_t stamp(size_t page)
{
    return (page + 1) * 0x9E3779B97F4A7C15u;
}

static int grow(const char *id, size_t megabytes, double length)
{
    const int ticks = 200;
    double start = seconds(CLOCK_REALTIME);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (megabytes << 20) / page, filled = 0;
    char *memory = malloc(pages * page);
    if (memory == NULL)
        return 3;
    for (int tick = 1; tick <= ticks; tick++) {
        for (; filled < pages * (size_t)tick / ticks; filled++)
            for (size_t word = 0; word < page; word += sizeof(uint64_t))
                *(uint64_t *)(memory + filled * page + word) = stamp(filled);
        usleep((useconds_t)(length / ticks * 1e6));
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < pages; i++) {
        if (*(uint64_t *)(memory + i * page) != stamp(i) || *(uint64_t *)(memory + i * page + page - sizeof(uint64_t)) != stamp(i))
            return 4;
        sum += stamp(i);
    }
    printf("%s %.3f %.3f %llx\n", id, start, seconds(CLOCK_REALTIME), (unsigned long long)sum);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--grow") == 0)
        return grow(argv[2], (size_t)atol(argv[3]), atof(argv[4]));
    if (argc == 3 && strcmp(argv[1], "--for") == 0) {
        double until = seconds(CLOCK_MONOTONIC) + atof(argv[2]);
        uint64_t count = 0, x = 1;
        do {
            for (int i = 0; i < 100; i++)
                x = thousand(x);
            count += 100;
        } while (seconds(CLOCK_MONOTONIC) < until);
        printf("%llu %.3f\n", (unsigned long long)count, seconds(CLOCK_PROCESS_CPUTIME_ID) + (x == 0));
        return 0;
    }
    if (argc < 3)
        return 2;
    double start = seconds(CLOCK_REALTIME);
    long rounds = atol(argv[2]);
    size_t size = (size_t)(argc > 3 ? atol(argv[3]) : 1) << 20;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = calloc(1, size);
    if (memory == NULL)
        return 3;
    uint64_t x = 88172645463325252u;
    size_t place = 0;
    for (long done = 0; done < rounds; done++) {
        x = thousand(x);
        /* Grows page by page to its size in its first quarter or so, as programs do, and uses all of it ever after. */
        size_t reach = (size_t)((double)size * (done + 1) / (rounds / 4 + 1));
        reach = reach > size ? size : reach;
        for (int i = 0; i < 4 && reach > 0; i++) {
            place = place + page < reach ? place + page : 0;
            memory[place] += (unsigned char)x;
        }
    }
    for (size_t i = 0; i < size; i += page)
        x += memory[i];
    printf("%s %.3f %.3f %llx\n", argv[1], start, seconds(CLOCK_REALTIME), (unsigned long long)x);
    return 0;
}
