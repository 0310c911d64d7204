/* How long it takes to touch pages, wherever they are: `pages MEGABYTES`, then commands on the standard input:
     touch      each page once, in an order of chance; prints the number of pages, of touches that took longer than 10 us, their p50 and p99, and the whole, in us
     disk FILE  reads 32 KiB at places of chance from a file, past the page cache; prints p50 and p99 in us */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PIECE = 32768, READS = 2000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **arguments)
{
    size_t pages = (count > 1 ? strtoul(arguments[1], 0, 10) : 64) * 256, *turn = malloc(pages * sizeof *turn);
    volatile uint64_t *memory = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double *took = malloc((pages + READS) * sizeof *took);
    char line[4096];
    madvise((void *)memory, pages * PAGE, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < pages * PAGE / 8; i++)
        memory[i] = i * 0x9e3779b97f4a7c15ull;
    for (size_t i = 0; i < pages; i++)
        turn[i] = i;
    srandom(1);
    for (size_t i = pages - 1; i > 0; i--) {
        size_t other = random() % (i + 1), held = turn[i];
        turn[i] = turn[other], turn[other] = held;
    }
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (!strcmp(line, "touch")) {
            size_t long_ones = 0;
            double begun = now();
            for (size_t i = 0; i < pages; i++) {
                double from = now();
                if (memory[turn[i] * (PAGE / 8) + 1] != (turn[i] * (PAGE / 8) + 1) * 0x9e3779b97f4a7c15ull)
                    return 4;
                double time = now() - from;
                if (time > 10)
                    took[long_ones++] = time;
            }
            double all = now() - begun;
            qsort(took, long_ones, sizeof *took, order);
            printf("%zu %zu %.1f %.1f %.0f\n", pages, long_ones, long_ones ? took[long_ones / 2] : 0, long_ones ? took[long_ones * 99 / 100] : 0, all);
        } else if (!strncmp(line, "disk ", 5)) {
            int file = open(line + 5, O_RDONLY | O_DIRECT);
            struct stat status;
            void *buffer;
            if (file < 0 || fstat(file, &status) || posix_memalign(&buffer, PAGE, PIECE))
                return 5;
            for (int i = 0; i < READS; i++) {
                double from = now();
                if (pread(file, buffer, PIECE, random() % (status.st_size / PIECE) * PIECE) != PIECE)
                    return 6;
                took[i] = now() - from;
            }
            qsort(took, READS, sizeof *took, order);
            printf("%.1f %.1f\n", took[READS / 2], took[READS * 99 / 100]);
            close(file);
        }
        fflush(stdout);
    }
    return 0;
}
