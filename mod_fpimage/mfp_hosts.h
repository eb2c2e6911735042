/* What an administrator should know of how the hosts of this httpd are set beside our directives: told
 * at start, and nothing is refused for it.
 *
 * Life:    as long as the configuration.
 * Threads: the parent has one.
 * Limits:  none. */
#ifndef MFP_HOSTS_H
#define MFP_HOSTS_H

#include "base/task.h"

#include <httpd.h>

/* pre_config: forgets which hosts had TLS in the last configuration. */
void mfp_hosts_forget(void);
void mfp_hosts_register(void);

/* Which hosts serve us in the clear though another serves the same store over TLS, and which take smaller bodies than our
 * directives say. */
void mfp_hosts_tell(server_rec *main, fpi_task_t *task);

#endif
