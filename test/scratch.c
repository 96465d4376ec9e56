#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"

void scratch_make(char out[SCRATCH_PATH], const char *name)
{
    const char *tmp = getenv("TMPDIR");
    if (access("/dev/shm", W_OK) == 0)
        tmp = "/dev/shm";
    else if (tmp == NULL || strlen(tmp) > 100)
        tmp = "/tmp";
    snprintf(out, SCRATCH_PATH, "%s/fumao-%s-XXXXXX", tmp, name);
    check(mkdtemp(out) != NULL);
}

void scratch_empty(const char *folder)
{
    char path[SCRATCH_PATH + 260];
    DIR *d = opendir(folder);
    check(d != NULL);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        if (f->d_name[0] != '.')
            unlink(path);
    }
    closedir(d);
}

void scratch_remove(const char *folder)
{
    scratch_empty(folder);
    rmdir(folder);
}
