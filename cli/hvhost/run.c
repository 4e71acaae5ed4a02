// SPDX-License-Identifier: MIT
/* hvhost run: from a command line to a server that runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "control.h"
#include "cost.h"
#include "guest.h"
#include "log.h"
#include "number.h"
#include "sandbox.h"
#include "server.h"

#define NO_FD UINT64_MAX

struct run {
	struct common_options common;
	struct option_list partitions;
	struct option_list guests;
	struct option_list links;
	struct option_list users;
	struct option_list groups;
	struct option_list control_users;
	struct option_list control_groups;
	const char *conformance;
	uint64_t clients_max;
	uint64_t user_clients_max;	/* 0: half of these */
	uint64_t ports_max;	/* 0: as cost_usual_ports() says */
	uint64_t connections_max;
	uint64_t buffers;
	const char *memory_max;
	uint64_t ready_fd;
	bool no_seccomp;
	struct server server;	/* in the end, what all of it comes to */
};

static const struct run defaults = {
	.clients_max = 64,
	.memory_max = "4G",
	.connections_max = 256,
	.buffers = HV_PORT_MESSAGE_BUFFERS,
	.ready_fd = NO_FD,
};

#define VALUE(name) offsetof(struct run, name)

static const struct option_line options[] = {
	OPTION_SOCKET,
	{ 'p', "partition", "NAME",
	  "a partition that is to come, with what it will be\n"
	  "like: NAME[,vps=N][,restricted][,inactive]\n"
	  "[,user=USER][,group=GROUP]; users and groups, any\n"
	  "number, are who may come by that name, and they by\n"
	  "no other (any number of times)",
	  OPTION_LIST, VALUE(partitions), 0, 0 },
	{ 'g', "guest", "NAME",
	  "a KVM guest: NAME,kernel=FILE[,initrd=FILE][,cpus=N]\n"
	  "[,memory=SIZE][,serial=stdio|FILE][,serial2=FILE]\n"
	  "[,cpuid=hyperv|kvm][,privileges=N][,withheld=N]\n"
	  "[,on-reset=end|restart][,cmdline=TEXT];\n"
	  "FILE for the kernel is a bzImage or a multiboot ELF,\n"
	  "cmdline comes last and may have commas; hvhost ends\n"
	  "when all guests have (any number of times)",
	  OPTION_LIST, VALUE(guests), 0, 0 },
	{ 'l', "link", "LINK",
	  "FROM:CONNECTION=TO:SINT[,vp=N][,event]: what FROM\n"
	  "posts to CONNECTION arrives at TO's SINT\n"
	  "(any number of times)",
	  OPTION_LIST, VALUE(links), 0, 0 },
	{ 0, "conformance", "NAME",
	  "prepare everything for a 'hvpost conform' that runs\n"
	  "as partition NAME",
	  OPTION_TEXT, VALUE(conformance), 0, 0 },
	{ 0, "allow-user", "USER",
	  "who may come besides root and this user, by names\n"
	  "that nobody has (any number of times)",
	  OPTION_LIST, VALUE(users), 0, 0 },
	{ 0, "allow-group", "GROUP",
	  "whose members may, likewise (any number of times)",
	  OPTION_LIST, VALUE(groups), 0, 0 },
	{ 0, "control-user", "USER",
	  "the same, and who may also change what runs: links,\n"
	  "ports, guests, snapshots (any number of times)",
	  OPTION_LIST, VALUE(control_users), 0, 0 },
	{ 0, "control-group", "GROUP",
	  "whose members may, likewise (any number of times)",
	  OPTION_LIST, VALUE(control_groups), 0, 0 },
	{ 0, "max-clients", "N", "attached processes at one time (64)",
	  OPTION_NUMBER, VALUE(clients_max), 1, 1024 },
	{ 0, "max-clients-per-user", "N",
	  "of these, of one user other than root and this one\n"
	  "(half of them)",
	  OPTION_NUMBER, VALUE(user_clients_max), 1, 1024 },
	{ 0, "max-ports", "N",
	  "ports of one partition (256; where --buffers is above\n"
	  "256 fewer, with 65536 buffers in all, but 16)",
	  OPTION_NUMBER, VALUE(ports_max), 1, HV_ID_MASK },
	{ 0, "max-connections", "N", "connections of one partition (256)",
	  OPTION_NUMBER, VALUE(connections_max), 1, 65536 },
	{ 'b', "buffers", "N",
	  "messages that may wait for each message port of a\n"
	  "process, beside the one in the slot (16, as hosts\n"
	  "have); with more, those who send in bulk seldom wait",
	  OPTION_NUMBER, VALUE(buffers), 1, 65535 },
	{ 0, "max-memory", "SIZE",
	  "what all these processes may cost at most, with M or\n"
	  "G (4G); if the limits allow more, hvhost does not\n"
	  "begin",
	  OPTION_TEXT, VALUE(memory_max), 0, 0 },
	{ 0, "ready-fd", "N",
	  "write a line to this descriptor and close it as soon\n"
	  "as processes can come",
	  OPTION_NUMBER, VALUE(ready_fd), 0, 1023 },
	{ 0, "no-seccomp", NULL,
	  "do without the filter of system calls, to debug",
	  OPTION_FLAG, VALUE(no_seccomp), 0, 0 },
	OPTION_HELP,
	OPTION_END,
};

typedef const char *add_peer(struct peers *peers, const char *text);

/* To @peers, and to those who may come. Return NULL, or what is wrong. */
static const char *admit(struct server *server, add_peer *add, const char *text,
			 struct peers *peers)
{
	const char *wrong = add(peers, text);

	return wrong ? wrong : add(&server->peers, text);
}

/* Partitions and links */

static const char *set_vps(struct named *named, const char *value)
{
	uint64_t number;

	if (parse_number(value, &number) || !number ||
	    number > HVPOST_ATTACH_VPS_MAX)
		return "vps is a number from 1 to 64";
	named->vp_count = (uint32_t)number;
	return NULL;
}

static const char *add_owner(struct server *server, struct named *named,
			     add_peer *add, const char *value)
{
	named->has_owners = true;
	return admit(server, add, value, &named->owners);
}

static const char *set_partition_option(struct server *server,
					struct named *named, char *option)
{
	const char *key = strsep(&option, "="), *value = option;

	if (value && !strcmp(key, "vps"))
		return set_vps(named, value);
	if (value && !strcmp(key, "user"))
		return add_owner(server, named, peers_add_user, value);
	if (value && !strcmp(key, "group"))
		return add_owner(server, named, peers_add_group, value);
	if (!value && !strcmp(key, "restricted"))
		named->privileges = privileges_restricted();
	else if (!value && !strcmp(key, "inactive"))
		named->is_inactive = true;
	else
		return "an option of a partition is vps=N, user=USER, "
		       "group=GROUP, restricted or inactive";
	return NULL;
}

/* @text is changed. */
static const char *add_partition(struct server *server, char *text)
{
	char *rest, *option = strtok_r(text, ",", &rest);
	const char *wrong = NULL;
	struct named *named;

	if (!option || !name_is_valid(option))
		return "a partition's name has 1 to 63 of a-z A-Z 0-9 . _ -";
	named = names_get(&server->names, option);
	if (!named)
		return "out of memory";
	if (named->is_kept)
		return "it is there twice";
	named->is_kept = true;
	while (!wrong && (option = strtok_r(NULL, ",", &rest)))
		wrong = set_partition_option(server, named, option);
	return wrong;
}

static int add_partitions(struct run *run)
{
	for (size_t i = 0; i < run->partitions.count; i++) {
		const char *text = run->partitions.text[i];
		char *copy = strdup(text);
		const char *wrong = copy ?
			add_partition(&run->server, copy) :
			"out of memory";

		free(copy);
		if (wrong)
			return command_fail(&run->common, EXIT_LOCAL, NULL,
					    "--partition '%.80s': %s", text,
					    wrong);
	}
	return EXIT_DONE;
}

/* Rather an error now than no memory then. */
static int check_cost(const struct run *run)
{
	const struct server *server = &run->server;
	uint64_t bytes = cost_of_all(&server->limits, &server->names), most;

	if (parse_size(run->memory_max, &most))
		return command_fail(&run->common, EXIT_LOCAL, NULL,
				    "--max-memory '%.80s' is not a number with "
				    "M or G", run->memory_max);
	if (bytes <= most)
		return EXIT_DONE;
	return command_fail(&run->common, EXIT_LOCAL,
			    "lower --max-clients, --max-ports, "
			    "--max-connections or --buffers, or allow it",
			    "%u processes with %u ports of %u buffers each "
			    "could take %" PRIu64 "M of memory, more than "
			    "--max-memory %s",
			    server->limits.clients, server->limits.ports,
			    server->limits.buffers, bytes >> 20,
			    run->memory_max);
}

static int add_prober(struct run *run)
{
	struct named *named;

	if (!run->conformance)
		return EXIT_DONE;
	if (!name_is_valid(run->conformance))
		return command_fail(&run->common, EXIT_LOCAL, NULL,
				    "--conformance '%.80s': a partition's name "
				    "has 1 to 63 of a-z A-Z 0-9 . _ -",
				    run->conformance);
	named = names_get(&run->server.names, run->conformance);
	if (!named)
		return command_fail(&run->common, EXIT_LOCAL, NULL,
				    "out of memory");
	named->is_kept = named->is_prober = true;
	return EXIT_DONE;
}

static const char *add_link(struct server *server, const char *text)
{
	struct link_wish wish;
	struct link *link;
	const char *wrong = link_parse(text, &wish);

	if (wrong)
		return wrong;
	switch (links_add(&server->links, &server->names, server->machine,
			  &wish, &link)) {
	case 0:
		link->from->is_kept = link->to->is_kept = true;
		return NULL;
	case -EEXIST:
		return "FROM has a link at this connection already";
	case -ERANGE:
		return "TO has no VP of that number: guests have cpus=N, "
		       "processes one unless --partition says vps=N";
	default:
		return "out of memory";
	}
}

static int add_links(struct run *run)
{
	for (size_t i = 0; i < run->links.count; i++) {
		const char *text = run->links.text[i];
		const char *wrong = add_link(&run->server, text);

		if (wrong)
			return command_fail(&run->common, EXIT_LOCAL, NULL,
					    "--link '%.80s': %s", text, wrong);
		run->server.link_count++;
	}
	return EXIT_DONE;
}

static int add_guest(struct run *run, const char *text)
{
	char *copy = strdup(text);
	char error[VMM_ERROR_SIZE];
	struct guest_wish wish;
	const char *wrong = copy ? guest_parse(copy, &wish) : "out of memory";

	if (!wrong && guests_add(&run->server, &wish, error))
		wrong = error;
	free(copy);
	if (wrong)
		return command_fail(&run->common, EXIT_LOCAL, NULL,
				    "--guest '%.80s': %s", text, wrong);
	return EXIT_DONE;
}

static int add_guests(struct run *run)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < run->guests.count && !status; i++)
		status = add_guest(run, run->guests.text[i]);
	return status;
}

/* Who may come, and who may do what */

static int add_list(struct run *run, const char *option,
		    const struct option_list *list, add_peer *add,
		    struct peers *peers)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->text[i];
		const char *wrong = admit(&run->server, add, text, peers);

		if (wrong)
			return command_fail(&run->common, EXIT_LOCAL, NULL,
					    "%s '%.80s': %s", option, text,
					    wrong);
	}
	return EXIT_DONE;
}

static int add_peers(struct run *run)
{
	struct server *server = &run->server;
	int status = add_list(run, "--allow-user", &run->users, peers_add_user,
			      &server->attachers);

	if (!status)
		status = add_list(run, "--allow-group", &run->groups,
				  peers_add_group, &server->attachers);
	if (!status)
		status = add_list(run, "--control-user", &run->control_users,
				  peers_add_user, &server->controllers);
	if (!status)
		status = add_list(run, "--control-group", &run->control_groups,
				  peers_add_group, &server->controllers);
	return status;
}

/*
 * The socket's file is no narrower than what the peers' credentials decide. It can
 * belong to one group.
 */
static int open_to_peers(struct run *run)
{
	const struct peers *peers = &run->server.peers;
	const char *path = run->server.path;
	int err = 0;

	if (peers->user_count || peers->group_count > 1)
		err = chmod(path, 0666);
	else if (peers->group_count)
		err = chown(path, (uid_t)-1, peers->group[0]);
	return err ? -errno : 0;
}

/* Running */

/* Each client has some twenty descriptors. */
static void allow_many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int fail_to_listen(const struct run *run, int err)
{
	const char *path = run->server.path;

	switch (err) {
	case -EADDRINUSE:
		return command_fail(&run->common, EXIT_LOCAL,
				    "use it, stop it, or choose another socket "
				    "by --socket",
				    "%s is in use: another hvhost listens "
				    "there", path);
	case -EEXIST:
		return command_fail(&run->common, EXIT_LOCAL,
				    "choose another path by --socket",
				    "%s is there and is not a socket", path);
	default:
		return command_fail(&run->common, EXIT_LOCAL,
				    "choose another path by --socket, or set "
				    "HVHOST_SOCKET",
				    "cannot listen at %s: %s", path,
				    strerror(-err));
	}
}

/* Whoever does not read it does without: we wait for nobody. */
static void say(int fd, const char *line)
{
	struct pollfd to = { .fd = fd, .events = POLLOUT };
	size_t size = strlen(line);

	if (poll(&to, 1, 0) == 1 && write(fd, line, size) != (ssize_t)size)
		log_line("nobody reads that it listens: %s", strerror(errno));
}

static void say_ready(const struct run *run)
{
	char line[256];

	snprintf(line, sizeof(line), "hvhost: listening at %s\n",
		 run->server.path);
	say(STDOUT_FILENO, line);
	if (run->ready_fd == NO_FD)
		return;
	say((int)run->ready_fd, "ready\n");
	close((int)run->ready_fd);
}

static int serve(struct run *run)
{
	char error[VMM_ERROR_SIZE];
	int err = server_listen(&run->server);

	if (err)
		return fail_to_listen(run, err);
	err = open_to_peers(run);
	if (err)
		return command_fail(&run->common, EXIT_LOCAL,
				    "--allow-group needs one of this user's "
				    "groups",
				    "cannot open %s to other users: %s",
				    run->server.path, strerror(-err));
	control_prepare();
	err = run->no_seccomp ? 0 : sandbox_enter(run->server.path,
						 run->guests.count);
	if (err)
		return command_fail(&run->common, EXIT_LOCAL,
				    "--no-seccomp does without it",
				    "cannot filter system calls: %s",
				    strerror(-err));
	/* After the filter, which all threads are to have too. */
	err = log_begin();
	if (err)
		return command_fail(&run->common, EXIT_LOCAL, NULL,
				    "cannot begin: %s", strerror(-err));
	err = guests_start(&run->server, error);
	if (err)
		return command_fail(&run->common, EXIT_LOCAL, NULL, "%s", error);
	say_ready(run);
	return server_run(&run->server);
}

static int set_up_and_serve(struct run *run)
{
	int status = add_partitions(run);

	if (!status)
		status = check_cost(run);
	if (!status)
		status = add_prober(run);
	if (!status)
		status = add_guests(run);
	/* When it is known who has how many VPs */
	if (!status)
		status = add_links(run);
	if (!status)
		status = add_peers(run);
	return status ? status : serve(run);
}

static int run_host(void *values, char **operands)
{
	struct run *run = values;
	struct server *server = &run->server;
	int status, err;

	(void)operands;
	server->path = command_socket(&run->common);
	server->limits = (struct server_limits){
		.clients = (uint32_t)run->clients_max,
		.clients_of_user = (uint32_t)(run->user_clients_max ?:
					      (run->clients_max + 1) / 2),
		.ports = run->ports_max ? (uint32_t)run->ports_max :
			 cost_usual_ports((uint32_t)run->buffers),
		.connections = (uint32_t)run->connections_max,
		.buffers = (uint32_t)run->buffers,
		.links = 65536,
		.restart = {
			.first_ms = 100, .most_ms = 10000, .settled_ms = 10000,
		},
	};
	allow_many_descriptors();
	err = server_init(server);
	if (err)
		status = command_fail(&run->common, EXIT_LOCAL, NULL,
				      "cannot begin: %s", strerror(-err));
	else
		status = set_up_and_serve(run);
	server_destroy(server);
	log_end();
	return status;
}

const struct command command_run = {
	.name = "run",
	.operands = "",
	.summary = "be the host, until SIGTERM or SIGINT",
	.details =
	"Make a machine and wait at a socket for processes, each of which becomes\n"
	"a partition of it: 'hvpost --target host:PATH,partition=NAME' is one.",
	.examples =
	"  hvhost run --socket /tmp/h --link web:0x10=app:5\n"
	"      what web posts to connection 0x10 arrives at app's SINT 5\n"
	"  hvpost listen 5 --target host:/tmp/h,partition=app\n"
	"  hvpost send 0x10 hello --target host:/tmp/h,partition=web\n"
	"      in two other terminals\n",
	.options = options,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_host,
};
