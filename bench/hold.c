/* Holds MEGABYTES of memory that cannot be compressed, says "ready", and lives until it is killed.
 *
 *   hold MEGABYTES */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    size_t words = argc == 2 ? (size_t)atol(argv[1]) << 17 : 0;
    uint64_t *memory = words ? malloc(words * sizeof *memory) : NULL;
    uint64_t x = 88172645463325252u; /* xorshift64, G. Marsaglia, Journal of Statistical Software 8 (14), 2003 */
    if (!memory)
        return 2;
    for (size_t i = 0; i < words; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memory[i] = x;
    }
    puts("ready");
    fflush(stdout);
    for (size_t i = 0;; i = (i + 1) % words) {
        memory[i]++;
        usleep(10000);
    }
}
