/* Runs a fuzz target without a fuzzer: every file below the directories on the command line, each of
 * its beginnings and many one-byte changes of it. Fails when nothing ran, so that lost seeds are seen. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEED_MAX = 1 << 20, STEPS = 256, PATH_ROOM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A slow target asks for fewer changes of each seed. */
extern int fuzz_steps __attribute__((weak));

static long inputs, seeds;

/* On a heap block of just this size, so that a sanitizer sees a step too far. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy) {
        perror("replay");
        exit(EXIT_FAILURE);
    }
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void run_variants(uint8_t *data, size_t size)
{
    static const uint8_t bytes[] = { 0x00, 0x0a, '"', '\'', '\\', '%', '=', '[', '{', 0x7f, 0x80,
                                     0xc0, 0xed, 0xff };
    size_t step = size / (size_t)(&fuzz_steps ? fuzz_steps : STEPS) + 1;

    run(data, size);
    for (size_t at = 0; at < size; at += step) {
        uint8_t kept = data[at];

        run(data, at);
        for (size_t i = 0; i < sizeof(bytes); i++) {
            data[at] = bytes[i];
            run(data, size);
        }
        for (int bit = 0; bit < 8; bit++) {
            data[at] = kept ^ (uint8_t)(1 << bit);
            run(data, size);
        }
        data[at] = kept;
    }
}

static int replay_file(const char *path)
{
    static uint8_t data[SEED_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    size = fread(data, 1, sizeof(data), file);
    if (ferror(file) || fclose(file) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    seeds++;
    run_variants(data, size);
    return EXIT_SUCCESS;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int rc = EXIT_SUCCESS;

    if (!folder) {
        perror(path);
        return EXIT_FAILURE;
    }
    while (rc == EXIT_SUCCESS && (entry = readdir(folder))) {
        char below[PATH_ROOM];

        if (entry->d_name[0] == '.') {
            continue;
        }
        if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= PATH_ROOM) {
            rc = EXIT_FAILURE;
            continue;
        }
        rc = replay(below);
    }
    closedir(folder);
    return rc;
}

static int replay(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path);
}

/* Without arguments the target's own seeds: $FPI_SEEDS/json for fuzz_json. */
static int replay_own(const char *program)
{
    const char *home = getenv("FPI_SEEDS"), *name = strstr(program, "fuzz_");
    char path[PATH_ROOM];

    for (const char *later; name && (later = strstr(name + 1, "fuzz_"));) {
        name = later;
    }
    if (!home || !name || snprintf(path, sizeof(path), "%s/%s", home, name + 5) >= PATH_ROOM) {
        fprintf(stderr, "%s: FPI_SEEDS does not say where the seeds are\n", program);
        return EXIT_FAILURE;
    }
    return replay(path);
}

int main(int argc, char **argv)
{
    if (argc == 1 && replay_own(argv[0]) != EXIT_SUCCESS) {
        return EXIT_FAILURE;
    }
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != EXIT_SUCCESS) {
            return EXIT_FAILURE;
        }
    }
    printf("%s: %ld seeds, %ld inputs\n", argv[0], seeds, inputs);
    return inputs ? EXIT_SUCCESS : EXIT_FAILURE;
}
