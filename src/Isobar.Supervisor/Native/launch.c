/* isobar-supervisor launch: a job's first process before it is the job's init. Born in the job's namespaces by the supervisor, it does, one after the other, the steps that it is told (LaunchScript.cs), the
   last of which is to execute the init. Which steps and why is the supervisor's business; here is how. It runs before the .NET runtime would start, which would take longer than all of it.

   Descriptors of a launch: 0, 1, 2 the job's pipes, 3 the script, 4 a socket on which the step that failed, or the terminal's master, is reported; exec closes 3 and 4. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "becoming.h"

enum { SCRIPT = 3, REPORT = 4 };
enum { OUR_FAILURE = 125, TTY_GROUP = 5 };

/* LaunchStep.cs */
enum {
    SEPARATE = 1, BIND, PROC, TERMINALS, CHANGE_ROOT, HOST_NAME, TERMINAL, OPEN, COPY, LIMIT, HARD_LIMIT, OUT_OF_MEMORY, NICE, USER, MASK, ENTER, FIND, NEED, SIGNALS, EXECUTE
};

struct step {
    uint32_t kind, numbers, texts;
    int64_t *number;
    char **text;
    uint32_t *length;
};

static char terminal[32];
static char *program;

/* 0, or the error number. */
static int outcome(int result)
{
    return result < 0 ? errno : 0;
}

static int raise_hard_limit(int resource, uint64_t hard)
{
    struct rlimit now;
    return getrlimit(resource, &now) == 0 && now.rlim_max < hard ? set_limit(resource, now.rlim_cur, hard) : 0;
}

static int change_root(const char *root)
{
    /* pivot_root(".", ".") stacks the old root on the new one, which needs no directory for it (pivot_root(2), NOTES). */
    return outcome(chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -1 : 0);
}

static int name_host(const struct step *step)
{
    return outcome(sethostname(step->text[0], step->length[0]) < 0 || setdomainname(step->text[1], step->length[1]) < 0 ? -1 : 0);
}

static int send_descriptor(int fd)
{
    char byte = 0;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { .space = { 0 } };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return outcome((int)sendmsg(REPORT, &message, MSG_NOSIGNAL));
}

/* The job's own, of its own instance of devpts. All through the master: a slave that was open once and is closed again would look like a terminal hung up. */
static int make_terminal(const struct step *step)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0, number;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
        return errno;
    snprintf(terminal, sizeof terminal, "/dev/pts/%d", number);
    if (chown(terminal, (uid_t)step->number[0], TTY_GROUP) < 0)
        return errno;
    struct termios settings;
    if (step->length[0] >= sizeof settings) {
        memcpy(&settings, step->text[0], sizeof settings);
        tcsetattr(master, TCSADRAIN, &settings);
    }
    struct winsize window = { .ws_row = (unsigned short)step->number[2], .ws_col = (unsigned short)step->number[1] };
    if (window.ws_col)
        ioctl(master, TIOCSWINSZ, &window);
    int error = send_descriptor(master);
    close(master);
    return error;
}

static int open_as(const char *path, int flags, int fd, int64_t offset)
{
    int opened = open(path, flags | O_CLOEXEC);
    if (opened < 0 || (offset > 0 && lseek(opened, offset, SEEK_SET) < 0))
        return errno;
    if (opened == fd)
        return outcome(fcntl(fd, F_SETFD, 0));
    int error = outcome(dup2(opened, fd));
    close(opened);
    return error;
}

/* Whoever kills for want of memory: not what the daemon has, but what the user's shell has. Lower than it is only with a privilege that nobody may have. */
static int set_out_of_memory(const char *value)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        if (write(file, value, strlen(value)) < 0)
            errno = 0;
        close(file);
    }
    return 0;
}

static int become(const struct step *step)
{
    uint32_t count = step->numbers - 2;
    gid_t *groups = calloc(count + 1, sizeof *groups);
    for (uint32_t i = 0; i < count; i++)
        groups[i] = (gid_t)step->number[2 + i];
    uid_t user = (uid_t)step->number[0];
    gid_t group = (gid_t)step->number[1];
    return outcome(setgroups(count, groups) < 0 || setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0 ? -1 : 0);
}

static int is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? S_ISDIR(status.st_mode) : -1;
}

/* As a shell: the first of these paths that is a program; EISDIR, ENOENT or EACCES if there is none. A name that was given with its path is the only one, and may be a directory. */
static int find(const struct step *step)
{
    int is_path = (int)step->number[0], is_refused = 0;
    for (uint32_t i = 0; i < step->texts; i++) {
        char *path = step->text[i];
        int error = outcome(access(path, X_OK)), directory = is_directory(path);
        if (error == 0 && directory == 0) {
            program = path;
            return 0;
        }
        if (is_path)
            return error == 0 ? EISDIR : error == ENOENT || error == ENOTDIR ? ENOENT : EACCES;
        is_refused |= error == EACCES && directory == 0;
    }
    return is_refused ? EACCES : ENOENT;
}

static int execute(const struct step *step)
{
    uint32_t count = (uint32_t)step->number[0], program_at = (uint32_t)step->number[1], terminal_at = (uint32_t)step->number[2], plain_from = (uint32_t)step->number[3], plain_to = (uint32_t)step->number[4];
    uint32_t rest = step->texts - 1 - count, length = 0;
    char **arguments = calloc(count + 1, sizeof *arguments), **environment = calloc(rest + 1, sizeof *environment);
    for (uint32_t i = 0; i < count; i++) {
        /* env(1) takes a path with '=' in it for a variable. */
        if (i >= plain_from && i < plain_to && strchr(program, '='))
            continue;
        arguments[length++] = i == program_at ? program : terminal_at && i == terminal_at ? terminal : step->text[1 + i];
    }
    memcpy(environment, step->text + 1 + count, rest * sizeof *environment);
    execve(step->text[0], arguments, environment);
    return errno;
}

static int take(const struct step *step)
{
    char **text = step->text;
    int64_t *number = step->number;
    switch (step->kind) {
    case SEPARATE:
        return outcome(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
    case BIND:
        return outcome(mount(text[0], text[1], NULL, MS_BIND, NULL));
    case PROC:
        return outcome(mount("proc", text[0], "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    case TERMINALS:
        return outcome(mount("devpts", text[0], "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
    case CHANGE_ROOT:
        return change_root(text[0]);
    case HOST_NAME:
        return name_host(step);
    case TERMINAL:
        return make_terminal(step);
    case OPEN:
        return open_as(text[0], (int)number[0], (int)number[1], number[2]);
    case COPY:
        return outcome(dup2((int)number[0], (int)number[1]));
    case LIMIT:
        return set_limit((int)number[0], (uint64_t)number[1], (uint64_t)number[2]);
    case HARD_LIMIT:
        return raise_hard_limit((int)number[0], (uint64_t)number[1]);
    case OUT_OF_MEMORY:
        return set_out_of_memory(text[0]);
    case NICE:
        setpriority(PRIO_PROCESS, 0, (int)number[0]);
        return 0;
    case USER:
        return become(step);
    case MASK:
        umask((mode_t)number[0] & 0777);
        return 0;
    case ENTER:
        return outcome(chdir(text[0]));
    case FIND:
        return find(step);
    case NEED:
        return outcome(access(text[0], X_OK));
    case SIGNALS:
        set_signals(number, step->numbers);
        return 0;
    case EXECUTE:
        return execute(step);
    default:
        return ENOSYS;
    }
}

static char *read_all(int fd, size_t *length)
{
    size_t room = 64 * 1024;
    char *all = malloc(room);
    ssize_t count;
    *length = 0;
    while (all && ((count = read(fd, all + *length, room - *length)) > 0 || (count < 0 && errno == EINTR))) {
        *length += count > 0 ? (size_t)count : 0;
        if (*length == room)
            all = realloc(all, room *= 2);
    }
    return all;
}

/* Where the next step begins; NULL when the supervisor ended before it had told all. */
static char *parse(char *at, const char *end, struct step *step)
{
    if ((size_t)(end - at) < 3 * sizeof(uint32_t))
        return NULL;
    memcpy(step, at, 3 * sizeof(uint32_t));
    at += 3 * sizeof(uint32_t);
    step->number = calloc(step->numbers + 1, sizeof *step->number);
    step->text = calloc(step->texts + 1, sizeof *step->text);
    step->length = calloc(step->texts + 1, sizeof *step->length);
    if (!step->number || !step->text || !step->length || (size_t)(end - at) < step->numbers * sizeof *step->number)
        return NULL;
    memcpy(step->number, at, step->numbers * sizeof *step->number);
    at += step->numbers * sizeof *step->number;
    for (uint32_t i = 0; i < step->texts; i++) {
        if ((size_t)(end - at) < sizeof(uint32_t))
            return NULL;
        memcpy(&step->length[i], at, sizeof(uint32_t));
        at += sizeof(uint32_t);
        if ((size_t)(end - at) <= step->length[i])
            return NULL;
        step->text[i] = at;
        at += step->length[i] + 1;
    }
    return at;
}

static void fail(int32_t number, int32_t error)
{
    int32_t report[2] = { number, error };
    send(REPORT, report, sizeof report, MSG_NOSIGNAL);
    _exit(OUR_FAILURE);
}

static void launch(void)
{
    size_t length;
    /* The end of the report's socket tells that the init has taken over. */
    fcntl(REPORT, F_SETFD, FD_CLOEXEC);
    char *at = read_all(SCRIPT, &length), *end = at + length;
    close(SCRIPT);
    if (!at)
        fail(-1, ENOMEM);
    for (int32_t number = 0;; number++) {
        struct step step;
        if (!(at = parse(at, end, &step)))
            fail(-1, EPROTO);
        int error = take(&step);
        if (error)
            fail(number, error);
    }
}

__attribute__((constructor)) static void start(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "launch") == 0)
        launch();
}
