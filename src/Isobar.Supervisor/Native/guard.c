/* isobar-supervisor guard-pages: holds the userfaultfds of a job whose pages are elsewhere. Would the supervisor be killed and they be closed with it, the kernel would give the job's
   processes zeros for what is missing. So this process, which the death of the supervisor does not touch, keeps them open until the job has been ended, too. It runs before the .NET
   runtime would start, and so takes next to no memory.

   Descriptor 3 is a stream socket to the supervisor: a byte with each descriptor. The first one is the pidfd of the job's init. 'q' = let all go and end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SOCKET = 3 };

/* The descriptor that came with one byte, -1 for a byte without one, -2 when the supervisor is gone, -3 when it lets go. */
static int receive(void)
{
    char byte = 0;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t length;
    do
        length = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length <= 0)
        return -2;
    if (byte == 'q')
        return -3;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

static void guard(void)
{
    int init = -1, fd;
    /* Whoever kills for want of memory, or ends a session, does not mean this one; where the kernel does not allow the first, it is small anyway. */
    int adjust = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (adjust >= 0) {
        if (write(adjust, "-1000", 5) < 0)
            errno = 0;
        close(adjust);
    }
    /* A job that forks and forks gives it a descriptor for each that lives. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP && number != SIGSEGV && number != SIGBUS)
            signal(number, SIG_IGN);
    prctl(PR_SET_NAME, "isobar-guard");
    while ((fd = receive()) >= -1)
        if (init < 0)
            init = fd;
    if (fd == -3)
        _exit(0);
    /* With the init the kernel ends all of its PID namespace, and the init is gone when they are. */
    if (init >= 0) {
        struct pollfd end = { init, POLLIN, 0 };
        do
            syscall(SYS_pidfd_send_signal, init, SIGKILL, 0, 0);
        while (poll(&end, 1, 1000) <= 0);
    }
    _exit(0);
}

__attribute__((constructor)) static void start(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "guard-pages") == 0)
        guard();
}
