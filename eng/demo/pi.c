/* The digits of pi, one after the other: the spigot algorithm of Rabinowitz and Wagon (American Mathematical Monthly 102,
 * 1995). Every line goes to a file that stays open all the time; every tenth is shown as well.
 *
 *   pi LINES FILE        60 digits to a line */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PerLine = 60 };

static FILE *file;
static char line[PerLine + 1];
static int filled, lines, wanted;

static void digit(int d)
{
    line[filled++] = (char)('0' + d);
    if (filled < PerLine || lines == wanted)
        return;
    filled = 0;
    lines++;
    if (lines % 10 == 0)
        printf("digit %5d: %s\n", lines * PerLine, line);
    fprintf(file, "%s\n", line);
    fflush(file);
}

int main(int argc, char **argv)
{
    if (argc != 3 || (wanted = atoi(argv[1])) < 1 || !(file = fopen(argv[2], "w"))) {
        fprintf(stderr, "usage: pi LINES FILE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* 40 digits more than shown: the spigot holds back a run of nines until it knows what becomes of it. */
    int digits = wanted * PerLine + 40, length = digits * 10 / 3 + 1, nines = 0, held = -1;
    int *a = malloc((size_t)length * sizeof *a);
    if (!a)
        return 1;
    for (int i = 0; i < length; i++)
        a[i] = 2;
    for (int n = 0; n < digits; n++) {
        long q = 0;
        for (int i = length; i > 0; i--) {
            long x = 10L * a[i - 1] + q * i;
            a[i - 1] = (int)(x % (2 * i - 1));
            q = x / (2 * i - 1);
        }
        a[0] = (int)(q % 10);
        q /= 10;
        if (q == 9) {
            nines++;
            continue;
        }
        int carry = q == 10;
        if (held >= 0)
            digit(held + carry);
        for (; nines > 0; nines--)
            digit(carry ? 0 : 9);
        held = carry ? 0 : (int)q;
    }
    free(a);
    return fclose(file) != 0 || lines != wanted;
}
