/* isobar-supervisor terminal: the program's process of a job on a terminal, between its init and the program (TerminalStage.cs says why). It runs before the .NET runtime would start. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "becoming.h"

enum { OUR_FAILURE = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

static void say(const char *action, const char *path)
{
    fprintf(stderr, "isobar: Cannot %s %s: %s.\n", action, path, strerror(errno));
}

/* PATH DESCRIPTORS SIGNALS LIMITS PROGRAM ARGUMENT...: descriptors as digits, signals as N,N,..., limits as RESOURCE:SOFT:HARD,... ('-' is none). */
static void enter_terminal(char **arguments, char **environment)
{
    char *path = arguments[2], *next;
    /* The first terminal that the leader of a session opens becomes its controlling terminal. */
    int opened = open(path, O_RDWR | O_CLOEXEC);
    if (opened < 0) {
        say("open", path);
        _exit(OUR_FAILURE);
    }
    for (char *digit = arguments[3]; *digit >= '0' && *digit <= '2'; digit++)
        dup2(opened, *digit - '0');
    close(opened);
    int64_t ignored[LAST_SIGNAL];
    uint32_t count = 0;
    for (char *at = arguments[4]; *at >= '0' && *at <= '9' && count < LAST_SIGNAL; at = *next ? next + 1 : next)
        ignored[count++] = strtol(at, &next, 10);
    set_signals(ignored, count);
    /* Last of all: a little memory may be too little for this program, which is a large one. */
    for (char *at = arguments[5]; *at >= '0' && *at <= '9'; at = *next ? next + 1 : next) {
        int resource = (int)strtol(at, &next, 10);
        uint64_t soft = *next ? strtoull(next + 1, &next, 10) : 0, hard = *next ? strtoull(next + 1, &next, 10) : 0;
        set_limit(resource, soft, hard);
    }
    execve(arguments[6], arguments + 6, environment);
    int code = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    say("execute", arguments[6]);
    _exit(code);
}

__attribute__((constructor)) static void start(int count, char **arguments, char **environment)
{
    if (count >= 7 && strcmp(arguments[1], "terminal") == 0)
        enter_terminal(arguments, environment);
}
