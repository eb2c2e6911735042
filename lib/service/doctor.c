#include "service/doctor_own.h"

#include "base/clock.h"
#include "service/admin.h"
#include "service/named_files.h"
#include "service/prefix.h"
#include "service/push_reach.h"
#include "service/setup.h"
#include "store/people.h"
#include "store/pushes.h"
#include "store/report.h"

#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB ((int64_t)1024 * 1024)
#define DAY apr_time_from_sec(86400)

/* jobs and the write-ahead log need some room to go on; images need more */
enum { ROOM_FAIL_MIB = 64, ROOM_WARN_MIB = 1024, FILES_WARN = 10000 };

/* ---- saying ---- */

static bool is_en(const fpi_doctor_t *d)
{
    return strcmp(d->task->lang, "en") == 0;
}

const char *fpi_doctor_say(fpi_doctor_t *d, const char *zh, const char *en, ...)
{
    const char *out;
    va_list args;

    va_start(args, en);
    out = is_en(d) ? apr_pvsprintf(d->task->pool, en, args) : apr_pvsprintf(d->task->pool, zh, args);
    va_end(args);
    return out;
}

void fpi_doctor_note(fpi_doctor_t *d, const char *name, fpi_health_t health, const char *found,
                     const char *remedy)
{
    APR_ARRAY_PUSH(d->checks, fpi_check_t) = (fpi_check_t){ name, health, found, remedy };
}

const char *fpi_doctor_why(fpi_doctor_t *d, const fpi_err_t *err)
{
    const char *line = err->detail;

    if (err->zh && !is_en(d)) {
        return err->zh;
    }
    for (err = err->cause; err; err = err->cause) {
        line = apr_pstrcat(d->task->pool, line, ": ", err->detail, NULL);
    }
    return line;
}

#define SAY(...) fpi_doctor_say(d, __VA_ARGS__)
#define OK(name, found) fpi_doctor_note(d, name, FPI_HEALTH_OK, found, NULL)
#define WARN(name, found, remedy) fpi_doctor_note(d, name, FPI_HEALTH_WARN, found, remedy)
#define FAIL(name, found, remedy) fpi_doctor_note(d, name, FPI_HEALTH_FAIL, found, remedy)

/* ---- settings ---- */

static void look_at_settings(fpi_doctor_t *d)
{
    const char *wrong = fpi_settings_check(d->settings, d->task->pool);

    if (wrong) {
        FAIL("settings", wrong, SAY("更正 httpd 配置中的指令", "correct the directive in httpd's configuration"));
    }
    else if (d->options->conf) {
        OK("settings", SAY("%s, 上游 %s", "%s, upstream %s", d->options->conf, d->settings->upstream));
    }
    else {
        OK("settings", SAY("仅知数据目录, 其余为默认值 (上游 %s); 用 -c 指定 httpd 配置可检查实际配置",
                           "only the data directory is known, the rest is default (upstream %s); -c CONF checks what "
                           "httpd really uses",
                           d->settings->upstream));
    }
    if (strncmp(d->settings->upstream, "http://", 7) == 0) {
        WARN("upstream_plain", SAY("上游为明文 http: token 与报文将明文传输",
                                   "the upstream is plain http: tokens and bodies travel in the clear"),
             SAY("FPImageUpstream 改用 https", "use https in FPImageUpstream"));
    }
}

static void look_at_body_limit(fpi_doctor_t *d)
{
    int64_t size, most = d->options->body_most;
    const char *name = fpi_settings_find_cut(&size, d->settings, most);

    if (name) {
        WARN("body_limit", SAY("LimitRequestBody %" APR_INT64_T_FMT " 小于 %s (%" APR_INT64_T_FMT " 字节): ERP 整体上传的内容超过该值即被拒绝",
                               "LimitRequestBody %" APR_INT64_T_FMT " is below %s (%" APR_INT64_T_FMT " bytes): what an ERP sends in one "
                               "piece is refused from there on", most, name, size),
             SAY("将 httpd 的 LimitRequestBody 调大, 或调小 %s", "raise httpd's LimitRequestBody, or lower %s", name));
    }
}

static void look_at_named(fpi_doctor_t *d)
{
    fpi_err_t *anchors = fpi_named_anchors(d->settings, d->task), *program = fpi_named_program(d->settings, d->task);

    if (anchors) {
        FAIL("upstream_ca", fpi_doctor_why(d, anchors),
             SAY("修复该文件或更正 FPImageUpstreamCA: 此前访问发票云全部失败",
                 "put the file right, or correct FPImageUpstreamCA: until then all calls of the cloud fail"));
    }
    if (program) {
        WARN("event_command", fpi_doctor_why(d, program),
             SAY("修复该程序或更正 FPImageEventCommand: 此前事件不会通知", "put the program right, or correct FPImageEventCommand: "
                 "until then no event is told"));
    }
}

/* ---- directory and key file ---- */

static const char *user_name(fpi_doctor_t *d, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);

    return pw ? apr_pstrdup(d->task->pool, pw->pw_name) : apr_psprintf(d->task->pool, "#%u", (unsigned)uid);
}

/* Is it another's than httpd's user, as far as that is known? */
static bool is_strange(fpi_doctor_t *d, uid_t owner)
{
    return d->options->user && strcmp(user_name(d, owner), d->options->user) != 0
           && strcmp(apr_psprintf(d->task->pool, "#%u", (unsigned)owner), d->options->user) != 0;
}

static bool look_at_dir(fpi_doctor_t *d)
{
    const char *dir = d->settings->data_dir;
    const char *owner;
    struct stat st;
    int error = stat(dir, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;

    if (error) {
        FAIL("data_dir", SAY("%s: %s", "%s: %s", dir, strerror(error)),
             SAY("运行 fpimagectl init, 或更正 FPImageDataDir", "run fpimagectl init, or correct FPImageDataDir"));
        return false;
    }
    owner = user_name(d, st.st_uid);
    if (is_strange(d, st.st_uid)) {
        FAIL("data_dir",
             SAY("%s 属于 %s, 而 httpd 以 %s 运行", "%s belongs to %s, but httpd runs as %s", dir, owner,
                             d->options->user),
             SAY("chown -R %s %s", "chown -R %s %s", d->options->user, dir));
    }
    else if (st.st_mode & 077) {
        WARN("data_dir", SAY("%s 可被其他用户访问 (权限 %04o)", "%s is open to others (mode %04o)", dir,
                             (unsigned)(st.st_mode & 07777)),
             SAY("chmod 700 %s", "chmod 700 %s", dir));
    }
    else {
        OK("data_dir", SAY("%s, 属主 %s, 权限 %04o", "%s, owner %s, mode %04o", dir, owner,
                           (unsigned)(st.st_mode & 07777)));
    }
    return true;
}

static void look_at_key(fpi_doctor_t *d)
{
    const char *path = d->settings->secret_file;
    fpi_secret_t *key;
    fpi_err_t *err = fpi_setup_read_key(&key, d->settings, d->task->pool, d->task);
    struct stat st;

    if (err) {
        FAIL("key_file", fpi_doctor_why(d, err),
             SAY("恢复密钥文件备份, 权限 0600, 属主为 httpd 用户; 全新安装运行 fpimagectl init",
                 "restore the key file from your copy, mode 0600, owned by httpd's user; in a new installation run "
                 "fpimagectl init"));
    }
    else if (stat(path, &st) == 0 && is_strange(d, st.st_uid)) {
        FAIL("key_file", SAY("%s 属于 %s, 而 httpd 以 %s 运行", "%s belongs to %s, but httpd runs as %s", path,
                             user_name(d, st.st_uid), d->options->user),
             SAY("chown %s %s", "chown %s %s", d->options->user, path));
    }
    else {
        OK("key_file", SAY("%s 可读且不对他人开放", "%s can be read, and by nobody else", path));
    }
}

/* ---- file systems ---- */

/* Copies the type of the file system that `path` is on, as /proc/self/mountinfo has it:
 * "36 35 98:0 /root /mount/point options ... - ext4 /dev/sda1 ..." */
static void find_type(char *type, size_t room, const char *path)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    size_t longest = 0;
    char line[4096];

    apr_cpystrn(type, "?", room);
    while (mounts && fgets(line, sizeof(line), mounts)) {
        char point[2048], kind[64];
        const char *tail = strstr(line, " - ");
        size_t len;

        if (!tail || sscanf(line, "%*s %*s %*s %*s %2047s", point) != 1 || sscanf(tail, " - %63s",
                                                                                  kind) != 1) {
            continue;
        }
        len = strcmp(point, "/") == 0 ? 0 : strlen(point);
        if (len >= longest && strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0')) {
            longest = len;
            apr_cpystrn(type, kind, room);
        }
    }
    if (mounts) {
        fclose(mounts);
    }
}

static bool is_remote(const char *type)
{
    static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre",
                                         "9p",
                                         "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.juicefs" };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

static void look_at_type(fpi_doctor_t *d)
{
    char type[64];

    find_type(type, sizeof(type), d->settings->data_dir);
    if (is_remote(type)) {
        FAIL("file_system", SAY("数据目录位于网络文件系统 %s, 内置数据库的锁在其上不可靠",
                                "the data directory is on a network file system, %s, where the locks of the embedded "
                                "database do not hold",
                                type),
             SAY("将 FPImageDataDir 移到本地磁盘", "move FPImageDataDir to a local disk"));
    }
    else {
        OK("file_system", SAY("数据目录位于 %s", "the data directory is on %s", type));
    }
}

static void look_at_room(fpi_doctor_t *d, const char *name, const char *dir)
{
    const char *remedy = SAY("释放或扩充磁盘空间", "free some room, or enlarge the disk");
    struct statvfs fs;
    int64_t mib;

    if (statvfs(dir, &fs) != 0) {
        return; /* it is made with the first image; the directory above was looked at */
    }
    mib = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize / MIB;
    if (fs.f_flag & ST_RDONLY) {
        FAIL(name, SAY("%s 以只读方式挂载", "%s is mounted read-only", dir),
             SAY("检查内核日志中的磁盘错误后重新挂载", "look for disk errors in the kernel's log, then mount it again"));
    }
    else if (mib < ROOM_FAIL_MIB) {
        FAIL(name, SAY("%s 仅剩 %ld MiB", "%s has %ld MiB left", dir, (long)mib), remedy);
    }
    else if (mib < ROOM_WARN_MIB) {
        WARN(name, SAY("%s 仅剩 %ld MiB", "%s has %ld MiB left", dir, (long)mib), remedy);
    }
    else if (fs.f_files && fs.f_favail < FILES_WARN) {
        WARN(name, SAY("%s 仅剩 %ld 个文件 (inode)", "%s has room for %ld files (inodes)", dir, (long)fs.f_favail),
             remedy);
    }
    else {
        OK(name, SAY("%s 剩余 %ld MiB", "%s has %ld MiB left", dir, (long)mib));
    }
}

/* ---- store ---- */

static void look_at_store(fpi_doctor_t *d)
{
    const char *remedy = SAY("按提示处理; 新安装或升级后运行 fpimagectl init",
                             "do as it says; after an installation or upgrade run fpimagectl init");
    fpi_store_stats_t stats;
    fpi_err_t *err = d->app->store ? NULL : fpi_admin_app_open(d->app, d->task);

    if (err) {
        d->app->store = NULL;
        FAIL("store", fpi_doctor_why(d, err), remedy);
        return;
    }
    err = fpi_store_check(d->app->store, d->task);
    if (err) {
        FAIL("store", fpi_doctor_why(d, err), remedy);
        return;
    }
    fpi_store_stats(d->app->store, &stats);
    OK("store", SAY("%s, 结构版本 %ld, 可读", "%s, schema %ld, can be read", d->settings->database,
                    (long)stats.schema));
}

/* ---- what lies in the store ---- */

static const char *add_name(fpi_doctor_t *d, const char *list, int n, const char *name)
{
    if (n > 10) {
        return n == 11 ? apr_pstrcat(d->task->pool, list, ", ...", NULL) : list;
    }
    return apr_pstrcat(d->task->pool, list, *list ? ", " : "", name, NULL);
}

static void look_at_enterprises(fpi_doctor_t *d)
{
    fpi_enterprises_t all;
    const char *names = "", *refused_names = "";
    int unchecked = 0, refused = 0, enabled = 0;
    fpi_err_t *err = fpi_admin_enterprises(&all, d->app, d->task);

    if (err) {
        FAIL("enterprises", fpi_doctor_why(d, err),
             SAY("恢复与数据库匹配的密钥文件, 或用 enterprise add 重新登记",
                 "restore the key file that belongs to this database, or add the enterprise anew"));
        return;
    }
    for (int i = 0; i < all.count; i++) {
        const fpi_enterprise_t *e = all.items[i];

        enabled += e->is_enabled;
        if (e->is_enabled && !e->is_checked && e->checked) {
            refused_names = add_name(d, refused_names, ++refused, e->client_id);
        }
        else if (e->is_enabled && !e->is_checked) {
            names = add_name(d, names, ++unchecked, e->client_id);
        }
    }
    if (enabled == 0) {
        WARN("enterprises", SAY("没有启用的企业授权 (共 %d 个): EAS 无法取得 token",
                                "there is no enabled enterprise authorisation (of %d): EAS gets no token", all.count),
             SAY("fpimagectl enterprise add", "fpimagectl enterprise add"));
    }
    else if (refused) {
        WARN("enterprises", SAY("%d 个企业授权被发票云拒绝: %s", "enterprises that the cloud refused when they were checked, %d: %s",
                                refused, refused_names),
             SAY("更正 client_id 或 secret 后 fpimagectl enterprise add, 再 enterprise check",
                 "correct client_id or secret with fpimagectl enterprise add, then enterprise check"));
    }
    else if (unchecked) {
        WARN("enterprises", SAY("%d 个企业授权未经发票云校验: %s", "%d enterprises were never checked with the cloud: %s",
                                unchecked, names),
             SAY("fpimagectl enterprise check", "fpimagectl enterprise check"));
    }
    else {
        OK("enterprises",
           SAY("%d 个, 其中启用 %d 个, 均已校验", "%d, %d of them enabled, all checked", all.count, enabled));
    }
}

static const char *problem_of(fpi_doctor_t *d, const fpi_push_problem_t *p)
{
    const char *client_id = p->row ? p->row->client_id : p->enterprise->client_id;

    return apr_pstrcat(d->task->pool, client_id, ": ", p->text, NULL);
}

static void look_at_push_table(fpi_doctor_t *d)
{
    apr_array_header_t *problems;
    const char *list = "";
    bool is_grave = false;
    fpi_err_t *err = fpi_admin_push_check(&problems, d->app, d->task);

    if (err) {
        return; /* told with the enterprises */
    }
    for (int i = 0; i < problems->nelts; i++) {
        const fpi_push_problem_t *p = &APR_ARRAY_IDX(problems, i, fpi_push_problem_t);

        list = i < 5 ? apr_pstrcat(d->task->pool, list, i ? "; " : "", problem_of(d, p), NULL) : list;
        is_grave = is_grave || p->kind != FPI_PUSH_NO_ROW;
    }
    if (problems->nelts == 0) {
        OK("push_table", SAY("与企业授权一致", "it fits the enterprises"));
        return;
    }
    WARN("push_table", SAY("%d 处: %s", "%d: %s", problems->nelts, list),
         is_grave ? SAY("fpimagectl push-table check 查看全部; add 或 remove 更正",
                        "fpimagectl push-table check shows all; correct with add and remove")
                  : SAY("如该企业由收票助手推送, 请 fpimagectl push-table add",
                        "if the receipt assistant pushes for it: fpimagectl push-table add"));
}

/* Where the cloud sends its pushes: is it us who is there? */
static void look_at_push_reach(fpi_doctor_t *d)
{
    apr_array_header_t *list;
    int left, bad = 0;

    if (fpi_push_reach(&list, &left, d->app, d->task)) {
        return; /* told with the enterprises */
    }
    for (int i = 0; i < list->nelts; i++) {
        const fpi_push_reach_t *reach = &APR_ARRAY_IDX(list, i, fpi_push_reach_t);

        if (reach->found) {
            bad++;
            WARN("push_reach", SAY("%s: %s", "%s: %s", reach->row->url, reach->found), reach->remedy);
        }
    }
    if (list->nelts && !bad) {
        OK("push_reach", SAY("%d 个推送地址均指向本系统", "urls of the push table that lead here: %d", list->nelts));
    }
    if (left) {
        OK("push_reach", SAY("另有 %d 行未逐一检查", "rows that were not asked for: %d", left));
    }
}

typedef struct counts_t {
    fpi_job_counts_t jobs;
    fpi_troubles_t troubles;
    apr_time_t due;
    const char *capture;
} counts_t;

static fpi_err_t *tx_counts(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    counts_t *c = baton;

    FPI_TRY(fpi_jobs_count(&c->jobs, tx, task));
    FPI_TRY(fpi_jobs_next_due(&c->due, tx, NULL, task));
    FPI_TRY(fpi_setting_find(&c->capture, tx, FPI_TENANT_FIRST, "journal.capture_until", task));
    return fpi_report_troubles(&c->troubles, tx, fpi_clock_now() - DAY, task);
}

static void tell_jobs(fpi_doctor_t *d, const counts_t *c)
{
    apr_time_t late = c->due ? fpi_clock_now() - c->due : 0;

    if (c->jobs.parked) {
        WARN("jobs",
             SAY("%ld 个后台任务已挂起, %ld 个等待", "background steps: %ld parked, %ld waiting", (long)c->jobs.parked,
                         (long)c->jobs.ready),
             SAY("fpimagectl push list --failed 查看原因, 排除后 push replay ID",
                 "fpimagectl push list --failed tells why; remove the cause, then push replay ID"));
    }
    else if (c->jobs.ready && late > apr_time_from_sec(300)) {
        WARN("jobs", SAY("%ld 个任务等待, 最早的已超期 %ld 秒无人处理", "steps that wait: %ld, the first for %ld s past its time",
                         (long)c->jobs.ready, (long)apr_time_sec(late)),
             SAY("httpd 是否在运行并已加载本模块?", "does httpd run, with the module loaded?"));
    }
    else {
        OK("jobs", SAY("无挂起, %ld 个等待", "none parked, %ld wait", (long)c->jobs.ready));
    }
}

static void tell_pushes(fpi_doctor_t *d, const counts_t *c)
{
    if (c->troubles.refused) {
        WARN("pushes",
             SAY("最近一天有 %ld 次推送被拒绝", "pushes refused in the last day: %ld", (long)c->troubles.refused),
             SAY("fpimagectl push list --failed 查看原因", "fpimagectl push list --failed tells why"));
    }
    else {
        OK("pushes", SAY("最近一天没有被拒绝的推送", "none was refused in the last day"));
    }
    if (c->troubles.unknown) {
        WARN("unknown_calls",
             SAY("最近一天收到 %ld 种未知接口的调用", "kinds of calls to unknown paths in the last day: %ld",
                                  (long)c->troubles.unknown),
             SAY("fpimagectl journal list, 再 journal suggest ID",
                 "fpimagectl journal list, then journal suggest ID"));
    }
}

static void tell_capture(fpi_doctor_t *d, const counts_t *c)
{
    int64_t until;

    if (c->capture && fpi_int_parse(&until, c->capture, 0, INT64_MAX) && until > fpi_clock_now()) {
        WARN("capture", SAY("未知调用的报文正以明文保存, 还有 %ld 分钟", "bodies of unknown calls are kept in clear for %ld "
                                                                      "more minutes",
                            (long)(apr_time_sec(until - fpi_clock_now()) / 60 + 1)),
             SAY("不再需要时 fpimagectl journal capture off",
                 "fpimagectl journal capture off when it is not needed"));
    }
}

static void look_at_work(fpi_doctor_t *d)
{
    counts_t c = { .due = 0 };
    fpi_err_t *err = fpi_store_read(d->app->store, tx_counts, &c, d->task);

    if (err) {
        FAIL("jobs", fpi_doctor_why(d, err), SAY("检查数据库", "look at the store"));
        return;
    }
    tell_jobs(d, &c);
    tell_pushes(d, &c);
    tell_capture(d, &c);
}

/* ---- who calls ---- */

typedef struct prefixes_t {
    fpi_prefix_t items[FPI_PREFIX_MOST];
    int count;
} prefixes_t;

static fpi_err_t *tx_prefixes(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    prefixes_t *all = baton;

    return fpi_prefix_list(all->items, &all->count, tx, task);
}

static void look_at_prefixes(fpi_doctor_t *d)
{
    prefixes_t all = { .count = 0 };
    fpi_err_t *err = fpi_store_read(d->app->store, tx_prefixes, &all, d->task);
    const char *list = "";

    if (err || !all.count) {
        return; /* a store that fails is told by others */
    }
    for (int i = 0; i < all.count; i++) {
        list = apr_pstrcat(d->task->pool, list, i ? ", " : "", all.items[i].source, NULL);
    }
    WARN("client_prefix", SAY("一周内有客户端使用错误的地址前缀: %s", "clients have used a malformed prefix within a week: %s", list),
         SAY("在该客户端 (如EAS影像系统配置) 将地址改为 %s", "correct the address at that client (in EAS: the imaging "
             "system's configuration) to %s", all.items[0].right));
}

/* ---- all of it ---- */

void fpi_doctor_run(apr_array_header_t **out, fpi_app_t *app, const fpi_doctor_options_t *options,
                    fpi_task_t *task)
{
    fpi_doctor_t d = { app, app->settings, options, task,
                       apr_array_make(task->pool, 16, sizeof(fpi_check_t)) };
    const char *blobs = strchr(app->settings->blob_store, ':') + 1;

    look_at_settings(&d);
    look_at_body_limit(&d);
    look_at_named(&d);
    if (look_at_dir(&d)) {
        look_at_key(&d);
        look_at_type(&d);
        look_at_room(&d, "room", app->settings->data_dir);
        if (strncmp(blobs, app->settings->data_dir, strlen(app->settings->data_dir)) != 0) {
            look_at_room(&d, "image_room", blobs);
        }
        look_at_store(&d);
    }
    if (app->store) {
        look_at_enterprises(&d);
        look_at_push_table(&d);
        look_at_push_reach(&d);
        look_at_work(&d);
        look_at_prefixes(&d);
    }
    fpi_doctor_look_at_decoder(&d);
    fpi_doctor_look_at_cloud(&d);
    if (app->store) {
        fpi_doctor_look_at_erps(&d);
        fpi_doctor_look_at_scanners(&d);
    }
    *out = d.checks;
}

fpi_health_t fpi_doctor_worst(const apr_array_header_t *checks)
{
    fpi_health_t worst = FPI_HEALTH_OK;

    for (int i = 0; i < checks->nelts; i++) {
        fpi_health_t health = APR_ARRAY_IDX(checks, i, fpi_check_t).health;

        worst = health > worst ? health : worst;
    }
    return worst;
}

const char *fpi_health_name(fpi_health_t health)
{
    static const char *const names[] = { "ok", "warn", "fail" };

    return names[health];
}
