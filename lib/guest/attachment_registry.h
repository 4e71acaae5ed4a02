/* SPDX-License-Identifier: MIT */
/*
 * attachment_registry.h - the attachments of this process. All of its handles that
 * name one partition of one hvhost share an attachment: it begins with the first
 * of them and ends with the last.
 *
 * Both functions may be called from any thread.
 */
#ifndef HVPOST_ATTACHMENT_REGISTRY_H
#define HVPOST_ATTACHMENT_REGISTRY_H

#include "attachment.h"

/*
 * Take part in an attachment, which is made if this process has none of that name
 * whose hvhost is still there. Return 0 or a negative errno value, as
 * attachment_attach() does; -ETIMEDOUT also if another thread is at it until then.
 */
int attachment_get(const struct attachment_name *name, uint64_t deadline_ns,
		   struct attachment **attachment);
void attachment_put(struct attachment *attachment);

#endif /* HVPOST_ATTACHMENT_REGISTRY_H */
