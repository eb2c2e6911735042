#include "store/disk.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FUSE_MAGIC = 0x65735546 };

/* Numbers of statfs(2) and of the kernel's magic.h. */
static const struct magic_t {
    unsigned int number;
    const char *name;
} magics[] = {
    { 0x6969, "NFS" },     { 0x517B, "SMB" },     { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB" },
    { 0x5346414F, "AFS" }, { 0x6B414653, "AFS" }, { 0x00C36400, "Ceph" }, { 0x73757245, "Coda" },
    { 0x0BD00BD0, "Lustre" },
};

/* FUSE has one number for all, local ones too. */
static const char *const remote_fuses[] = {
    " - fuse.sshfs ", " - fuse.glusterfs ", " - fuse.s3fs ", " - fuse.rclone ", " - fuse.ceph",
    " - fuse.juicefs ", " - fuse.davfs", " - fuse.cifs", " - fuse.nfs",
};

static bool is_remote_mount(const char *line)
{
    for (size_t i = 0; i < sizeof(remote_fuses) / sizeof(remote_fuses[0]); i++) {
        if (strstr(line, remote_fuses[i])) {
            return true;
        }
    }
    return false;
}

static bool is_remote_fuse(const char *folder)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char line[4096], number[48];
    bool found = false;
    struct stat st;

    if (!mounts) {
        return false;
    }
    if (stat(folder, &st) == 0) {
        snprintf(number, sizeof(number), " %u:%u ", major(st.st_dev), minor(st.st_dev));
        while (!found && fgets(line, sizeof(line), mounts)) {
            found = strstr(line, number) && is_remote_mount(line);
        }
    }
    fclose(mounts);
    return found;
}

static const char *find_network(const char *folder, unsigned int magic)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        if (magics[i].number == magic) {
            return magics[i].name;
        }
    }
    return magic == FUSE_MAGIC && is_remote_fuse(folder) ? "remote FUSE" : NULL;
}

fpi_err_t *fpi_disk_refuse_network(const char *folder, fpi_task_t *task)
{
    const char *found;
    struct statfs fs;

    if (statfs(folder, &fs) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the folder %s: %s; make it, owned by httpd's user",
                        folder, strerror(errno));
    }
    found = find_network(folder, (unsigned int)fs.f_type);
    if (!found) {
        return NULL;
    }
    return fpi_fail(task, FPI_E_CONFIG, "%s is on a %s file system, where the locks of the "
                    "embedded database do not hold: move it to a local disk, or use PostgreSQL",
                    folder, found);
}

static fpi_err_t *make_one(const char *folder, const char *parent, fpi_task_t *task)
{
    int fd;

    if (mkdir(folder, 0700) != 0) {
        struct stat st;

        if (errno == EEXIST && stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) {
            return NULL;
        }
        return fpi_fail(task, FPI_E_CONFIG, "the folder %s can't be made: %s; make it, owned by "
                        "httpd's user", folder, strerror(errno == EEXIST ? ENOTDIR : errno));
    }
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        /* best effort: some parents (of a container, say) can't be flushed */
        fsync(fd);
        close(fd);
    }
    return NULL;
}

fpi_err_t *fpi_disk_make_folder(const char *folder, fpi_task_t *task)
{
    for (const char *end = folder + 1; end; ) {
        const char *start = end;

        end = strchr(start, '/');
        FPI_TRY(make_one(end ? apr_pstrmemdup(task->pool, folder, (size_t)(end - folder)) : folder,
                         apr_pstrmemdup(task->pool, folder, (size_t)(start - folder)), task));
        end = end && end[1] ? end + 1 : NULL;
    }
    return NULL;
}

int64_t fpi_disk_room(const char *folder)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0) {
        return -1;
    }
    return fs.f_flag & ST_RDONLY ? 0 : (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

static const char *remedy_of(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "no room: free some on its file system, or raise the quota";
    case EFBIG:
        return "raise the file size limit (ulimit -f) of httpd";
    case EACCES:
    case EPERM:
    case EROFS:
        return "it must be writable by httpd's user";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n) of httpd";
    default:
        return "look at the kernel's log for a failing disk";
    }
}

fpi_err_t *fpi_disk_fail(int error, const char *doing, const char *path, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_STORE, "%s %s: %s; %s", doing, path, strerror(error),
                    remedy_of(error));
}
