/* An unlinked file, a mapped one, one opened for appending, a renamed one, a pipe with bytes in it, a directory, a lock: all stay as they were. */
#include "gate.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SIZE = 1 << 20 };

int main(int argc, char **argv)
{
	REQUIRE(argc == 3, "usage: %s GATE FOLDER", argv[0]);
	REQUIRE(chdir(argv[2]) == 0, "no folder %s", argv[2]);

	int unlinked = open("unlinked", O_CREAT | O_RDWR | O_TRUNC, 0600);
	REQUIRE(unlinked >= 0 && unlink("unlinked") == 0, "unlinked file");
	for (unsigned i = 0; i < SIZE / sizeof i; i++)
		REQUIRE(write(unlinked, &i, sizeof i) == sizeof i, "write %u", i);

	int mapped = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0644);
	REQUIRE(mapped >= 0 && ftruncate(mapped, SIZE) == 0, "mapped file");
	unsigned *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0);
	REQUIRE(map != MAP_FAILED, "mapping");

	int log = open("log", O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0644);
	int renamed = open("before", O_CREAT | O_RDWR | O_TRUNC, 0640);
	REQUIRE(log >= 0 && renamed >= 0 && rename("before", "after") == 0, "log and renamed file");
	REQUIRE(write(renamed, "renamed", 7) == 7, "write to the renamed file");
	REQUIRE(flock(renamed, LOCK_EX | LOCK_NB) == 0, "lock");

	int ends[2];
	REQUIRE(pipe(ends) == 0 && write(ends[1], "in the pipe", 11) == 11, "pipe");
	DIR *folder = opendir(".");
	REQUIRE(folder != NULL, "folder");

	struct stat before, after;
	REQUIRE(fstat(renamed, &before) == 0, "stat");

	// A folder that is opened while a move begins looks like the begin of a walk.
	puts("all is open");
	fflush(stdout);
	unsigned rounds = 0;
	while (!gate_open(argv[1])) {
		map[rounds % (SIZE / sizeof *map)] = rounds;
		char line[32];
		int length = snprintf(line, sizeof line, "%u\n", rounds);
		REQUIRE(write(log, line, length) == length, "log line %u", rounds);
		unsigned at = rounds % (SIZE / sizeof at), found;
		REQUIRE(pread(unlinked, &found, sizeof found, at * sizeof found) == sizeof found && found == at, "unlinked file at %u", at);
		rounds++;
		usleep(1000);
	}
	REQUIRE(rounds > 10, "only %u rounds", rounds);

	for (unsigned i = 0; i < rounds && i < SIZE / sizeof *map; i++)
		REQUIRE(map[i] % (SIZE / sizeof *map) == i, "mapped file at %u is %u", i, map[i]);
	REQUIRE(msync(map, SIZE, MS_SYNC) == 0, "msync");
	FILE *lines = fopen("log", "r");
	unsigned line, count = 0;
	while (fscanf(lines, "%u", &line) == 1)
		REQUIRE(line == count++, "line %u of the log is %u", count, line);
	REQUIRE(count == rounds, "the log has %u lines, not %u", count, rounds);
	REQUIRE(lseek(unlinked, 0, SEEK_CUR) == SIZE, "position of the unlinked file");
	REQUIRE(access("unlinked", F_OK) != 0, "the unlinked file has a name again");
	char text[16] = "";
	REQUIRE(read(ends[0], text, sizeof text - 1) == 11 && strcmp(text, "in the pipe") == 0, "the pipe holds '%s'", text);
	REQUIRE(fstat(renamed, &after) == 0 && before.st_ino == after.st_ino && after.st_size == 7 && (after.st_mode & 0777) == 0640,
	        "the renamed file is another one");
	int other = open("after", O_RDWR);
	REQUIRE(other >= 0 && flock(other, LOCK_EX | LOCK_NB) != 0, "the lock is gone");
	int entries = 0;
	rewinddir(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (entry->d_name[0] != '.')
			entries++;
	printf("all files are as they were, %d names in the folder\n", entries);
	return 0;
}
