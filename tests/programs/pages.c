/* Judges its own memory while others take pages of it. Commands on the standard input, an answer each:
     fill MB           memory with contents of its own         check        every word of it is what it was
     fork              a child with the same memory; both check, change all of theirs, check again, three times
     remap             gives a part up, moves a part, empties a part, then checks
     write N           N threads change and check pages of their own until `stop`, which tells how many they did
     wait              begins to wait in many ways until `go`; says whether any of the waits ended before its time
     start N           starts and awaits N programs (vfork)
     ring              has the kernel make it an io_uring
     count             counts signals from now on        counted          says how many there were
     exec FILE         becomes another program          quit */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

static uint64_t *memory;
static uint64_t *versions;
static size_t pages;
static atomic_int stop;
static atomic_long done, wrong;

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15ull;
    x ^= x >> 29;
    return x * 0xbf58476d1ce4e5b9ull;
}

static void fill_page(uint64_t *at, size_t page, uint64_t version)
{
    for (size_t i = 0; i < WORDS; i++)
        at[i] = mix(page * WORDS + i + (version << 40));
}

static long check_page(const uint64_t *at, size_t page, uint64_t version)
{
    long bad = 0;
    for (size_t i = 0; i < WORDS; i++)
        bad += at[i] != mix(page * WORDS + i + (version << 40));
    return bad;
}

static long check(void)
{
    long bad = 0;
    for (size_t page = 0; page < pages; page++)
        bad += check_page(memory + page * WORDS, page, versions[page]);
    return bad;
}

static void fill(size_t megabytes)
{
    pages = megabytes * 256;
    /* Of an odd length, so that the kernel puts it beside what is there, the first thread's own memory for example. */
    memory = mmap(0, (pages + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    versions = calloc(pages, sizeof *versions);
    for (size_t page = 0; page < pages; page++)
        fill_page(memory + page * WORDS, page, 0);
}

static long change_all(uint64_t by)
{
    for (size_t page = 0; page < pages; page++) {
        versions[page] += by;
        /* A part first: the rest of the page must have come with it. */
        if (check_page(memory + page * WORDS, page, versions[page] - by))
            return -1;
        fill_page(memory + page * WORDS, page, versions[page]);
    }
    return 0;
}

static const char *forks(void)
{
    for (int round = 0; round < 3; round++) {
        pid_t child = fork();
        if (child == 0)
            _exit(check() || change_all(7) || check() ? 1 : 0);
        long bad = check() + change_all(1) + check();
        int status;
        if (waitpid(child, &status, 0) != child || status != 0 || bad)
            return "wrong";
    }
    return "ok";
}

static const char *remaps(void)
{
    size_t eighth = pages / 8;
    char *start = (char *)memory;
    /* The first eighth is given up and mapped anew: empty. The second goes elsewhere and comes back. The third is emptied. */
    munmap(start, eighth * PAGE);
    if (mmap(start, eighth * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != start)
        return "no place";
    char *away = mremap(start + eighth * PAGE, eighth * PAGE, eighth * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(0, eighth * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (away == MAP_FAILED || mremap(away, eighth * PAGE, eighth * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, start + eighth * PAGE) != start + eighth * PAGE)
        return "not moved";
    madvise(start + 2 * eighth * PAGE, eighth * PAGE, MADV_DONTNEED);
    long bad = 0;
    for (size_t word = 0; word < eighth * WORDS; word++)
        bad += (memory[word] != 0) + (memory[2 * eighth * WORDS + word] != 0);
    for (size_t page = 0; page < eighth; page++) {
        fill_page(memory + page * WORDS, page, versions[page]);
        fill_page(memory + (2 * eighth + page) * WORDS, 2 * eighth + page, versions[2 * eighth + page]);
    }
    return bad + check() ? "wrong" : "ok";
}

static void *writes(void *argument)
{
    long self = (long)argument;
    uint64_t random = 88172645463325252ull + self;
    while (!atomic_load(&stop)) {
        random = mix(random + 1);
        size_t page = random % (pages / 4) * 4 + self % 4;
        /* Each thread has pages of its own: every fourth. */
        if (check_page(memory + page * WORDS, page, versions[page])) {
            atomic_fetch_add(&wrong, 1);
            continue;
        }
        if (random >> 60 & 1) {
            versions[page]++;
            fill_page(memory + page * WORDS, page, versions[page]);
        }
        if ((random >> 52 & 1023) == 0) {
            /* Given up for good: reads as nothing, then is filled anew. */
            madvise(memory + page * WORDS, PAGE, MADV_DONTNEED);
            for (size_t i = 0; i < WORDS; i++)
                if (memory[page * WORDS + i])
                    atomic_fetch_add(&wrong, 1);
            fill_page(memory + page * WORDS, page, versions[page]);
        }
        atomic_fetch_add(&done, 1);
    }
    return 0;
}

/* Waits of every kind: none may end before it is told to. */
static int pipes[2];
static uint32_t word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready;

static void *sleeps(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        struct timespec from, to, nap = { 0, 300000000 };
        clock_gettime(CLOCK_MONOTONIC, &from);
        if (nanosleep(&nap, 0))
            atomic_fetch_add(&wrong, 1);
        clock_gettime(CLOCK_MONOTONIC, &to);
        if ((to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec < nap.tv_nsec)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&done, 1);
    }
    return 0;
}

static void *reads(void *unused)
{
    char byte;
    (void)unused;
    if (read(pipes[0], &byte, 1) != 1 || byte != 'x')
        atomic_fetch_add(&wrong, 1);
    return 0;
}

static void *polls(void *unused)
{
    struct pollfd one = { pipes[0], 0, 0 };
    (void)unused;
    while (!atomic_load(&stop))
        if (poll(&one, 1, 250) != 0)
            atomic_fetch_add(&wrong, 1);
    return 0;
}

static void *futexes(void *unused)
{
    (void)unused;
    if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0) != 0 && errno != EAGAIN)
        atomic_fetch_add(&wrong, 1);
    return 0;
}

static void *conditions(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    while (!ready)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&done, 1);
}

static void count_signals(void)
{
    /* Signals of this kind are queued, each of them. */
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    sigaction(SIGRTMIN, &action, 0);
}

static void *computes(void *unused)
{
    (void)unused;
    double value = 1;
    uint64_t sum = 0;
    while (!atomic_load(&stop)) {
        /* Registers of all kinds, wide ones too: any that were not put back show. */
        uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
        double x = 1, y = 2, z = 3;
        for (int i = 0; i < 100000; i++) {
            a = mix(a), b = mix(b), c = mix(c), d = mix(d), e = mix(e), f = mix(f);
            x = x * 1.0000001 + 1, y = y * 1.0000001 + 1, z = z * 1.0000001 + 1;
        }
        uint64_t now = a ^ b ^ c ^ d ^ e ^ f;
        if ((sum && now != sum) || (value != 1 && x + y + z != value))
            atomic_fetch_add(&wrong, 1);
        sum = now;
        value = x + y + z;
    }
    return 0;
}

int main(void)
{
    static pthread_t threads[64];
    static char line[256];
    int count = 0;
    void *(*waits[])(void *) = { sleeps, reads, polls, futexes, conditions, computes };
    setvbuf(stdout, 0, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        const char *answer = "ok";
        if (!strncmp(line, "fill ", 5))
            fill(strtoul(line + 5, 0, 10));
        else if (!strcmp(line, "check"))
            answer = check() ? "wrong" : "ok";
        else if (!strcmp(line, "fork"))
            answer = forks();
        else if (!strcmp(line, "remap"))
            answer = remaps();
        else if (!strncmp(line, "write ", 6)) {
            count = atoi(line + 6);
            for (long i = 0; i < count; i++)
                pthread_create(&threads[i], 0, writes, (void *)i);
        } else if (!strcmp(line, "stop")) {
            atomic_store(&stop, 1);
            for (int i = 0; i < count; i++)
                pthread_join(threads[i], 0);
            atomic_store(&stop, 0);
            count = 0;
            printf("%ld done, %ld wrong\n", atomic_load(&done), atomic_load(&wrong));
            continue;
        } else if (!strcmp(line, "wait")) {
            if (pipe(pipes))
                return 1;
            for (count = 0; count < 6; count++)
                pthread_create(&threads[count], 0, waits[count], 0);
        } else if (!strcmp(line, "go")) {
            atomic_store(&stop, 1);
            if (write(pipes[1], "x", 1) != 1)
                return 1;
            atomic_store((atomic_uint *)&word, 1);
            syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
            pthread_mutex_lock(&mutex);
            ready = 1;
            pthread_cond_broadcast(&condition);
            pthread_mutex_unlock(&mutex);
            for (int i = 0; i < count; i++)
                pthread_join(threads[i], 0);
            answer = atomic_load(&wrong) ? "wrong" : "ok";
        } else if (!strncmp(line, "start ", 6)) {
            for (int left = atoi(line + 6); left > 0; left--)
                if (system("exec sleep 0.02"))
                    answer = "wrong";
        } else if (!strcmp(line, "ring")) {
            static char parameters[120];
            answer = syscall(425, 1, parameters) < 0 ? "none" : "ok";
        } else if (!strcmp(line, "count"))
            count_signals();
        else if (!strcmp(line, "counted")) {
            printf("%ld\n", atomic_load(&done));
            continue;
        } else if (!strncmp(line, "exec ", 5))
            execl(line + 5, line + 5, (char *)0);
        else
            break;
        printf("%s\n", answer);
    }
    return 0;
}
