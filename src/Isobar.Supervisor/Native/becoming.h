/* Steps of a process that turns into a job's program, by way of its init (launch.c) or of its terminal (terminal.c). */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

enum { LAST_SIGNAL = 64 };

static inline int set_limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit limit = { soft, hard }, now;
    if (setrlimit(resource, &limit) == 0)
        return 0;
    if (errno != EPERM)
        return errno;
    /* A limit that the kernel does not permit to raise stays as it is, as after a login. */
    if (getrlimit(resource, &now) == 0) {
        limit.rlim_max = now.rlim_max;
        limit.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
        setrlimit(resource, &limit);
    }
    return 0;
}

static inline void set_signals(const int64_t *ignored, uint32_t count)
{
    for (int number = 1; number <= LAST_SIGNAL; number++)
        signal(number, SIG_DFL);
    for (uint32_t i = 0; i < count; i++)
        signal((int)ignored[i], SIG_IGN);
}
