#include "tools/decode_finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32, RUNS = 5, EYE_LEAST = 14, EYE_MOST = 400, EYES_MOST = 64, DIFFERENCE = 12 };

/* Dark where darker than the middle of the lightest and darkest near it. */
typedef struct plane_t {
    const decode_grey_t *grey;
    unsigned char *thresholds;
    int columns, rows;
} plane_t;

typedef struct eye_t {
    int x, y, width;
} eye_t;

static unsigned char threshold_of(const decode_grey_t *grey, int x0, int y0)
{
    int least = 255, most = 0;
    int x1 = x0 + 2 * BLOCK < grey->width ? x0 + 2 * BLOCK : grey->width;
    int y1 = y0 + 2 * BLOCK < grey->height ? y0 + 2 * BLOCK : grey->height;

    for (int y = y0 > BLOCK ? y0 - BLOCK : 0; y < y1; y += 3) {
        for (int x = x0 > BLOCK ? x0 - BLOCK : 0; x < x1; x += 3) {
            int v = grey->data[(size_t)y * (size_t)grey->width + (size_t)x];

            least = v < least ? v : least;
            most = v > most ? v : most;
        }
    }
    return most - least < 3 * DIFFERENCE ? 0 : (unsigned char)((least + most) / 2);
}

static void make_plane(plane_t *plane, const decode_grey_t *grey, fpi_task_t *task)
{
    plane->grey = grey;
    plane->columns = (grey->width + BLOCK - 1) / BLOCK;
    plane->rows = (grey->height + BLOCK - 1) / BLOCK;
    plane->thresholds = apr_palloc(task->pool, (size_t)plane->columns * (size_t)plane->rows);
    for (int r = 0; r < plane->rows; r++) {
        for (int c = 0; c < plane->columns; c++) {
            plane->thresholds[r * plane->columns + c] = threshold_of(grey, c * BLOCK, r * BLOCK);
        }
    }
}

static bool is_dark(const plane_t *plane, int x, int y)
{
    return plane->grey->data[(size_t)y * (size_t)plane->grey->width + (size_t)x]
           < plane->thresholds[y / BLOCK * plane->columns + x / BLOCK];
}

/* 1:1:3:1:1 within a bit more than half a module. */
static bool is_eye(const int runs[RUNS])
{
    static const int modules[RUNS] = { 1, 1, 3, 1, 1 };
    int total = runs[0] + runs[1] + runs[2] + runs[3] + runs[4];

    if (total < EYE_LEAST || total > EYE_MOST) {
        return false;
    }
    for (int i = 0; i < RUNS; i++) {
        if (abs(runs[i] * 7 - modules[i] * total) * 10 > total * (i == 2 ? 10 : 6)) {
            return false;
        }
    }
    return true;
}

/* The runs of the column through x, y, which lies in the middle one. */
static bool is_eye_down(const plane_t *plane, int x, int y, int width)
{
    int runs[RUNS] = { 0 };
    int at = y;

    for (int i = 2; i >= 0; i--) {
        while (at >= 0 && runs[i] <= width && is_dark(plane, x, at) == (i != 1)) {
            runs[i]++;
            at--;
        }
    }
    at = y + 1;
    for (int i = 2; i < RUNS; i++) {
        while (at < plane->grey->height && runs[i] <= 2 * width && is_dark(plane, x, at) == (i != 3)) {
            runs[i]++;
            at++;
        }
    }
    return is_eye(runs) && abs(runs[0] + runs[1] + runs[2] + runs[3] + runs[4] - width) * 3 < width;
}

static void note(eye_t *eyes, int *count, int x, int y, int width)
{
    for (int i = 0; i < *count; i++) {
        if (abs(eyes[i].x - x) < width && abs(eyes[i].y - y) < width) {
            return; /* another row of the same */
        }
    }
    if (*count < EYES_MOST) {
        eyes[(*count)++] = (eye_t){ x, y, width };
    }
}

static void scan_row(eye_t *eyes, int *count, const plane_t *plane, int y)
{
    int runs[RUNS] = { 0 };
    bool was_dark = false;

    for (int x = 0; x < plane->grey->width; x++) {
        bool dark = is_dark(plane, x, y);

        if (dark == was_dark) {
            runs[RUNS - 1]++;
            continue;
        }
        if (was_dark && is_eye(runs)) {
            int width = runs[0] + runs[1] + runs[2] + runs[3] + runs[4];
            int middle = x - runs[4] - runs[3] - runs[2] / 2 - 1;

            if (is_dark(plane, middle, y) && is_eye_down(plane, middle, y, width)) {
                note(eyes, count, middle, y, width);
            }
        }
        memmove(runs, runs + 1, (RUNS - 1) * sizeof(*runs));
        runs[RUNS - 1] = 1;
        was_dark = dark;
    }
}

static double apart(const eye_t *a, const eye_t *b)
{
    return hypot(a->x - b->x, a->y - b->y);
}

/* Corner, and the two ends: a right angle with equal legs, as long as a code can be for such eyes. */
static bool is_corner(const eye_t *corner, const eye_t *a, const eye_t *b)
{
    double leg = apart(corner, a), other = apart(corner, b), long_side = apart(a, b);

    return abs(a->width - corner->width) * 4 < corner->width && abs(b->width - corner->width) * 4 < corner->width
           && leg > 1.5 * corner->width && leg < 14.0 * corner->width && fabs(leg - other) < 0.2 * leg
           && fabs(long_side - leg * sqrt(2)) < 0.2 * leg;
}

static bool has_code(const eye_t *eyes, int count)
{
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            for (int k = j + 1; k < count; k++) {
                if (i != j && i != k && is_corner(&eyes[i], &eyes[j], &eyes[k])) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool decode_finder_is_likely(const decode_grey_t *grey, fpi_task_t *task)
{
    eye_t eyes[EYES_MOST];
    plane_t plane;
    int count = 0;

    make_plane(&plane, grey, task);
    for (int y = 0; y < grey->height; y += 2) {
        scan_row(eyes, &count, &plane, y);
    }
    return has_code(eyes, count);
}
