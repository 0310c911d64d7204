/* Which signals were ignored when the program was started. The loader calls this before main, and so before the .NET runtime, which ignores
   SIGPIPE for itself: afterwards nothing tells what the caller had set. */
#include <signal.h>

static unsigned long long ignored;

__attribute__((constructor)) static void note(void)
{
    for (int signal = 1; signal <= 64; signal++) {
        struct sigaction now;
        if (sigaction(signal, 0, &now) == 0 && now.sa_handler == SIG_IGN)
            ignored |= 1ull << (signal - 1);
    }
}

unsigned long long isobar_ignored_at_start(void)
{
    return ignored;
}
