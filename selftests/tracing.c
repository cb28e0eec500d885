// SPDX-License-Identifier: GPL-2.0-only
/* Reading trace events as they come. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracing.h"

#define TRACEFS	"/sys/kernel/tracing"

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int make_room(struct tracing *tracing, uint64_t generation)
{
	size_t room = tracing->room ? tracing->room : 1 << 16;
	struct change *changes;

	if (generation < tracing->room)
		return 0;
	while (room <= generation)
		room *= 2;
	changes = realloc(tracing->changes, room * sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	memset(changes + tracing->room, 0,
	       (room - tracing->room) * sizeof(*changes));
	tracing->changes = changes;
	tracing->room = room;
	return 0;
}

static int note(struct tracing *tracing, enum what what, const char *text)
{
	unsigned long long generation, id = 0;
	unsigned int group;
	int err;

	if (sscanf(text, "generation=%llu group=%u conn=%llu", &generation,
		   &group, &id) < 2)
		return -EPROTO;
	err = make_room(tracing, generation);
	if (err)
		return err;
	tracing->changes[generation] = (struct change){
		.what = what, .group = group, .id = id,
	};
	if (generation > tracing->last_generation)
		tracing->last_generation = generation;
	if (id > tracing->last_id)
		tracing->last_id = id;
	return 0;
}

static int parse_line(struct tracing *tracing, const char *line)
{
	static const struct {
		const char *name;
		enum what what;
	} events[] = {
		{ " conn_pending: ", CHANGE_CONN_PENDING },
		{ " conn_new: ", CHANGE_CONN_NEW },
		{ " conn_gone: ", CHANGE_CONN_GONE },
		{ " group_new: ", CHANGE_GROUP_NEW },
		{ " group_gone: ", CHANGE_GROUP_GONE },
		{ " rule_new: ", CHANGE_RULE_NEW },
		{ " rule_gone: ", CHANGE_RULE_GONE },
	};
	char netns[32];
	const char *pos;
	size_t i;

	snprintf(netns, sizeof(netns), "netns=%u ", tracing->netns);
	pos = strstr(line, netns);
	if (!pos) {
		/* "CPU:0 [LOST 42 EVENTS]" */
		tracing->lost += !!strstr(line, "LOST");
		return 0;
	}
	tracing->cut += !!strstr(line, " dump_cut: ");
	tracing->missed += !!strstr(line, " conn_missed: ");
	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (strstr(line, events[i].name))
			return note(tracing, events[i].what,
				    pos + strlen(netns));
	return 0;
}

static void *follow(void *arg)
{
	struct tracing *tracing = arg;
	char *line = NULL;
	size_t size = 0;
	FILE *stream = fdopen(dup(tracing->pipe), "r");

	for (;;) {
		while (getline(&line, &size, stream) > 0 && !tracing->error)
			tracing->error = parse_line(tracing, line);
		clearerr(stream);
		if (tracing->error || __atomic_load_n(&tracing->stop,
						      __ATOMIC_ACQUIRE))
			break;
		usleep(10000);
	}
	free(line);
	fclose(stream);
	return NULL;
}

static unsigned int own_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

int tracing_start(struct tracing *tracing)
{
	char path[PATH_MAX + 16];
	int err;

	memset(tracing, 0, sizeof(*tracing));
	tracing->netns = own_netns();
	snprintf(tracing->dir, sizeof(tracing->dir),
		 TRACEFS "/instances/peergroup-%d", getpid());
	/*
	 * Names of processes are not needed, and recording them patches the
	 * scheduler's code, over which an emulated processor may trip.
	 */
	err = write_file(TRACEFS, "options/record-cmd", "0");
	if (err)
		return err;
	if (mkdir(tracing->dir, 0700) && errno != EEXIST)
		return -errno;
	err = write_file(tracing->dir, "buffer_size_kb", "65536");
	if (!err)
		err = write_file(tracing->dir, "events/peergroup/enable", "1");
	if (err)
		return err;

	snprintf(path, sizeof(path), "%s/trace_pipe", tracing->dir);
	tracing->pipe = open(path, O_RDONLY | O_NONBLOCK);
	if (tracing->pipe < 0)
		return -errno;
	return -pthread_create(&tracing->reader, NULL, follow, tracing);
}

/* Events that did not fit into the buffer of one CPU. */
static unsigned long lost_on(const char *path)
{
	unsigned long n, lost = 0;
	char line[128];
	FILE *stats;

	stats = fopen(path, "r");
	if (!stats)
		return 1;
	while (fgets(line, sizeof(line), stats))
		if (sscanf(line, "overrun: %lu", &n) == 1 ||
		    sscanf(line, "commit overrun: %lu", &n) == 1 ||
		    sscanf(line, "dropped events: %lu", &n) == 1)
			lost += n;
	fclose(stats);
	return lost;
}

static void count_lost(struct tracing *tracing)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char path[PATH_MAX + 64];

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld/stats",
			 tracing->dir, cpu);
		tracing->lost += lost_on(path);
	}
}

int tracing_read(struct tracing *tracing)
{
	uint64_t generation;
	int err;

	err = write_file(tracing->dir, "events/peergroup/enable", "0");
	__atomic_store_n(&tracing->stop, true, __ATOMIC_RELEASE);
	pthread_join(tracing->reader, NULL);
	close(tracing->pipe);
	if (err || tracing->error)
		return err ? err : tracing->error;

	count_lost(tracing);
	for (generation = 1; generation <= tracing->last_generation;
	     generation++)
		tracing->holes += tracing->changes[generation].what ==
				  CHANGE_NONE;
	return 0;
}

void tracing_stop(struct tracing *tracing)
{
	free(tracing->changes);
	rmdir(tracing->dir);
	write_file(TRACEFS, "options/record-cmd", "1");
}
