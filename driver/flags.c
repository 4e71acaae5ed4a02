// SPDX-License-Identifier: GPL-2.0-only OR MIT
#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/string.h>
#define READ_WORD(word)	READ_ONCE(word)
#else
#include <string.h>
#define READ_WORD(word)	__atomic_load_n(&(word), __ATOMIC_RELAXED)
#endif

#include "flags.h"

#define WORD_BITS	64u

unsigned int hvp_flags_next(const struct hv_event_flags *flags,
			    unsigned int from)
{
	const uint64_t *words = (const uint64_t *)flags;

	while (from < HV_EVENT_FLAG_COUNT) {
		uint64_t word = READ_WORD(words[from / WORD_BITS]) >>
				from % WORD_BITS;

		if (word)
			return from + (unsigned int)__builtin_ctzll(word);
		from = (from / WORD_BITS + 1) * WORD_BITS;
	}
	return HV_EVENT_FLAG_COUNT;
}

void hvp_flags_decode(struct hvpost_record *record, unsigned int flag)
{
	record->origin = flag;
	record->message_type = HV_MESSAGE_TYPE_NONE;
	record->payload_size = 0;
	record->message_flags = 0;
	record->flags = HVPOST_RECORD_EVENT;
	record->reserved = 0;
	memset(record->payload, 0, sizeof(record->payload));
}
