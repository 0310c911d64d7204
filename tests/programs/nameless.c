/* Files that have lost their names: unlinked ones, one that has another name left, and a working folder that is gone. */
#include "gate.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	REQUIRE(argc == 4, "usage: %s GATE FOLDER OWN-NAME", argv[0]);
	REQUIRE(chdir(argv[2]) == 0, "no folder %s", argv[2]);

	// The same names in every process that does this: one after the other.
	int written = open("written", O_CREAT | O_RDWR | O_EXCL, 0600);
	REQUIRE(written >= 0 && unlink("written") == 0, "file to write");
	int maker = open("read", O_CREAT | O_WRONLY | O_EXCL, 0640);
	REQUIRE(maker >= 0 && write(maker, argv[3], strlen(argv[3])) == (ssize_t)strlen(argv[3]), "file to read");
	int read_only = open("read", O_RDONLY);
	REQUIRE(read_only >= 0 && close(maker) == 0 && unlink("read") == 0, "file to read");
	int linked = open("linked", O_CREAT | O_RDWR | O_EXCL, 0600);
	REQUIRE(linked >= 0 && link("linked", argv[3]) == 0 && unlink("linked") == 0, "file with two names");
	REQUIRE(mkdir("gone", 0700) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0, "working folder");

	puts("all names are lost");
	fflush(stdout);
	int rounds = 0;
	for (; !gate_open(argv[1]); rounds++) {
		int found = 0;
		REQUIRE(pwrite(written, &rounds, sizeof rounds, rounds % 1000 * sizeof rounds) == sizeof rounds, "write %d", rounds);
		REQUIRE(pread(written, &found, sizeof found, rounds % 1000 * sizeof found) == sizeof found && found == rounds, "%d is %d", rounds, found);
		usleep(1000);
	}

	char text[64] = "", path[512];
	struct stat status, kept;
	REQUIRE(pread(read_only, text, sizeof text - 1, 0) == (ssize_t)strlen(argv[3]) && strcmp(text, argv[3]) == 0, "read '%s'", text);
	REQUIRE(fstat(read_only, &status) == 0 && status.st_nlink == 0 && (status.st_mode & 0777) == 0640, "read-only file");
	REQUIRE(fstat(written, &status) == 0 && status.st_nlink == 0 && (status.st_mode & 0777) == 0600, "written file");
	REQUIRE(write(linked, "linked", 6) == 6 && fstat(linked, &status) == 0 && status.st_nlink == 1, "linked file");
	snprintf(path, sizeof path, "%s/%s", argv[2], argv[3]);
	REQUIRE(stat(path, &kept) == 0 && kept.st_ino == status.st_ino && kept.st_size == 6, "the kept name is of another file");
	REQUIRE(getcwd(path, sizeof path) == NULL, "the working folder has a name again: %s", path);
	printf("%s is right after %s rounds\n", argv[3], rounds > 10 ? "many" : "few");
	return 0;
}
