/* SPDX-License-Identifier: MIT */
/*
 * model.h - the rules of the engine once more, so plainly that they can be read
 * and believed: arrays, no lock, no list, no speed, nothing of lib/host.
 *
 * Partitions, VPs, ports and connections are numbered by their place in an
 * array. What a callback of the engine would be told is written down as an
 * effect. Functions return what the functions of hvhost.h return; a VP or a
 * partition that is named must be there.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

#define MODEL_PARTITIONS	3u
#define MODEL_VPS		3u	/* the partitions' vp_count_max */
#define MODEL_PORTS		4u	/* their ports_max */
#define MODEL_CONNECTIONS	4u	/* their connections_max */
#define MODEL_BUFFERS		3u	/* their message_buffers */
#define MODEL_QUEUE		(MODEL_PORTS * MODEL_BUFFERS)
#define MODEL_MEMORY_SIZE	0x4000u	/* their gpa_size */
#define MODEL_BAD_PAGE		0x2000u	/* GPA of a page that cannot be used */
#define MODEL_EFFECTS		64u

enum effect_kind {
	EFFECT_INTERRUPT = 1,	/* what: SINT, value: vector */
	EFFECT_OVERLAY,		/* what: MSR, value: GPA */
	EFFECT_READ,		/* what: size, value: GPA */
	EFFECT_WRITE		/* what: size, value: GPA */
};

struct effect {
	uint32_t kind;
	uint32_t partition;
	uint32_t vp;		/* 0 with READ and WRITE */
	uint32_t what;
	uint64_t value;
	uint64_t data;		/* of a WRITE */
};

struct effects {
	unsigned int count;
	struct effect effect[MODEL_EFFECTS];
};

void effects_add(struct effects *effects, struct effect effect);

struct model_message {
	struct model_port *port;
	uint32_t type;
	uint32_t size;
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};

struct model_queue {
	uint32_t count;
	struct model_message message[MODEL_QUEUE];	/* the oldest first */
};

struct model_vp {
	bool exists;
	uint64_t scontrol, simp, siefp;
	uint64_t sint[HV_SINT_COUNT];
	struct hv_sim_page sim;
	struct hv_sief_page sief;
	struct model_queue queue[HV_SINT_COUNT];
	uint64_t delivered, lost, eoms;
};

struct model_port {
	bool exists;
	uint32_t id;
	uint64_t connection_partition;
	struct hv_port_info info;
	bool connected;
	uint32_t queued;
	uint64_t posted, delivered, refused, lost;
};

struct model_connection {
	bool exists;
	uint32_t id;
	struct model_partition *port_owner;
	struct model_port *port;	/* NULL: deleted */
	uint64_t posted, refused;
};

struct model_partition {
	bool exists;
	uint64_t id;
	enum hvhost_partition_state state;
	uint64_t privileges;
	uint64_t guest_os_id, hypercall;
	struct model_vp vp[MODEL_VPS];
	struct model_port port[MODEL_PORTS];
	struct model_connection connection[MODEL_CONNECTIONS];
	const uint8_t *memory;		/* the guest's own */
	/*
	 * Bit n: the engine was just seen to change VP n. Which of several VPs a
	 * message to any VP goes to is the engine's choice, but for the rules.
	 */
	uint32_t vps_chosen;
};

struct model {
	uint32_t flags;			/* of the machine */
	struct model_partition partition[MODEL_PARTITIONS];
	struct effects effects;		/* emptied by the user */
};

int model_partition_activate(struct model *model, unsigned int partition);
int model_partition_begin_finalize(struct model *model, unsigned int partition);
int model_partition_finalize(struct model *model, unsigned int partition);
void model_partition_reset(struct model *model, unsigned int partition);

int model_vp_new(struct model *model, unsigned int partition, uint32_t vp);
void model_vp_free(struct model *model, unsigned int partition, unsigned int vp);
void model_vp_reset(struct model *model, unsigned int partition,
		    unsigned int vp);
void model_vp_eom(struct model *model, unsigned int partition, unsigned int vp);
void model_vp_eoi(struct model *model, unsigned int partition, unsigned int vp,
		  uint8_t vector);
int model_vp_read_msr(struct model *model, unsigned int partition,
		      unsigned int vp, uint32_t msr, uint64_t *value);
int model_vp_write_msr(struct model *model, unsigned int partition,
		       unsigned int vp, uint32_t msr, uint64_t value);
int model_vp_hypercall(struct model *model, unsigned int partition,
		       unsigned int vp, const struct hvhost_hypercall *call,
		       uint64_t *result);
void model_vp_inspect(const struct model *model, unsigned int partition,
		      unsigned int vp, struct hvhost_vp_state *state);

/* The machine was saved, freed and restored: its pages are placed anew. */
void model_restore(struct model *model);

/* For the host itself */
uint16_t model_create_port(struct model *model,
			   const struct hv_create_port_input *input);
uint16_t model_delete_port(struct model *model,
			   const struct hv_delete_port_input *input);
uint16_t model_connect_port(struct model *model,
			    const struct hv_connect_port_input *input);
uint16_t model_disconnect_port(struct model *model,
			       const struct hv_disconnect_port_input *input);
uint16_t model_get_port_property(struct model *model,
				 const struct hv_get_port_property_input *input,
				 uint64_t *value);

/* An event port has none. */
uint32_t model_port_buffers(const struct model_port *port);
struct model_port *model_port_find(struct model_partition *partition,
				   uint32_t id);
struct model_connection *
model_connection_find(struct model_partition *partition, uint32_t id);

#endif /* MODEL_H */
