// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of rules, in which the probe finds the few that may want a socket by its
 * ports, however many there are.
 *
 * For each end the bounds of all rules divide the ports into spans, each with a
 * list of the rules that want it. A table of two levels tells the list of each
 * port.
 */

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "rule.h"

#define PG_PORTS	65536
#define PG_PAGES	(PG_PORTS / PG_PAGE_PORTS)

/* Of a memory cgroup that may be another's, who is not to lose a process. */
#define PG_GFP		(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN)

/* The end by whose port a rule is found; PG_ENDS: neither. */
static unsigned int pg_rule_end(const struct pg_rule *rule)
{
	unsigned int end;

	for (end = 0; end < PG_ENDS; end++)
		if (rule->info.match.ports[end].min)
			break;
	return end;
}

static const struct pg_range *pg_range(const struct pg_ruleset *set,
				       unsigned int end, u16 place)
{
	return &set->rules[place]->info.match.ports[end];
}

/* The first place from one on whose rule is found by the port of an end. */
static unsigned int pg_place(const struct pg_ruleset *set, unsigned int end,
			     unsigned int place)
{
	while (place < set->n && pg_rule_end(set->rules[place]) != end)
		place++;
	return place;
}

static int pg_alloc_pages_of(struct pg_port_map *map,
			     const struct pg_range *range)
{
	unsigned int page;

	for (page = range->min / PG_PAGE_PORTS;
	     page <= range->max / PG_PAGE_PORTS; page++) {
		if (map->pages[page])
			continue;
		map->pages[page] = kcalloc(PG_PAGE_PORTS, sizeof(u32),
					   PG_GFP);
		if (!map->pages[page])
			return -ENOMEM;
	}
	return 0;
}

static int pg_alloc_pages(struct pg_port_map *map,
			  const struct pg_ruleset *set, unsigned int end)
{
	unsigned int i;
	int err = 0;

	for (i = pg_place(set, end, 0); i < set->n && !err;
	     i = pg_place(set, end, i + 1))
		err = pg_alloc_pages_of(map, pg_range(set, end, i));
	return err;
}

static void pg_mark_bounds(unsigned long *bounds, const struct pg_ruleset *set,
			   unsigned int end)
{
	const struct pg_range *range;
	unsigned int i;

	for (i = pg_place(set, end, 0); i < set->n;
	     i = pg_place(set, end, i + 1)) {
		range = pg_range(set, end, i);
		__set_bit(range->min, bounds);
		if (range->max < PG_PORTS - 1)
			__set_bit(range->max + 1, bounds);
	}
}

/* Number the spans; returns how many there are. */
static unsigned int pg_number_spans(struct pg_port_map *map,
				    const unsigned long *bounds)
{
	unsigned int page, port, span = 0;

	for (page = 0; page < PG_PAGES; page++) {
		if (!map->pages[page]) {
			span += bitmap_weight(bounds, PG_PAGE_PORTS);
			bounds += PG_PAGE_PORTS / BITS_PER_LONG;
			continue;
		}
		for (port = 0; port < PG_PAGE_PORTS; port++) {
			span += test_bit(port, bounds);
			map->pages[page][port] = span;
		}
		bounds += PG_PAGE_PORTS / BITS_PER_LONG;
	}
	return span + 1;
}

static int pg_build_spans(struct pg_port_map *map, const struct pg_ruleset *set,
			  unsigned int end)
{
	unsigned long *bounds;
	unsigned int n;

	bounds = bitmap_zalloc(PG_PORTS, PG_GFP);
	if (!bounds)
		return -ENOMEM;
	pg_mark_bounds(bounds, set, end);
	n = pg_number_spans(map, bounds);
	bitmap_free(bounds);
	return n;
}

static unsigned int pg_span_of(const struct pg_port_map *map, u16 port)
{
	return map->pages[port / PG_PAGE_PORTS][port % PG_PAGE_PORTS];
}

/* Count how long the list of each span will be. */
static void pg_count_lists(const struct pg_port_map *map, u32 *lengths,
			   const struct pg_ruleset *set, unsigned int end)
{
	const struct pg_range *range;
	unsigned int i, span;

	for (i = pg_place(set, end, 0); i < set->n;
	     i = pg_place(set, end, i + 1)) {
		range = pg_range(set, end, i);
		for (span = pg_span_of(map, range->min);
		     span <= pg_span_of(map, range->max); span++)
			lengths[span]++;
		cond_resched();
	}
}

/* Turn lengths of lists into their starts; returns the room they need. */
static u32 pg_lay_out_lists(u32 *starts, unsigned int n_spans)
{
	u32 room = 0, length;
	unsigned int span;

	for (span = 0; span < n_spans; span++) {
		length = starts[span] + 1;
		starts[span] = room;
		room += length;
	}
	return room;
}

static void pg_fill_lists(struct pg_port_map *map, u32 *starts,
			  unsigned int n_spans, const struct pg_ruleset *set,
			  unsigned int end)
{
	const struct pg_range *range;
	unsigned int i, span;

	for (i = pg_place(set, end, 0); i < set->n;
	     i = pg_place(set, end, i + 1)) {
		range = pg_range(set, end, i);
		for (span = pg_span_of(map, range->min);
		     span <= pg_span_of(map, range->max); span++)
			map->lists[starts[span]++] = i;
		cond_resched();
	}
	/* Each is at the end of its list now, and lists follow each other. */
	for (span = n_spans - 1; span; span--)
		starts[span] = starts[span - 1] + 1;
	starts[0] = 0;
}

/* Let pages tell lists instead of spans. */
static void pg_link_lists(struct pg_port_map *map, const u32 *starts)
{
	unsigned int page, port;

	for (page = 0; page < PG_PAGES; page++) {
		if (!map->pages[page])
			continue;
		for (port = 0; port < PG_PAGE_PORTS; port++)
			map->pages[page][port] =
				starts[map->pages[page][port]];
	}
}

static int pg_build_lists(struct pg_port_map *map, unsigned int n_spans,
			  const struct pg_ruleset *set, unsigned int end)
{
	u32 *starts;
	size_t size;

	starts = kvcalloc(n_spans, sizeof(*starts), PG_GFP);
	if (!starts)
		return -ENOMEM;
	pg_count_lists(map, starts, set, end);
	size = pg_lay_out_lists(starts, n_spans) * sizeof(*map->lists);
	map->lists = kvmalloc(size, PG_GFP);
	if (map->lists) {
		memset(map->lists, 0xff, size);
		pg_fill_lists(map, starts, n_spans, set, end);
		pg_link_lists(map, starts);
	}
	kvfree(starts);
	return map->lists ? 0 : -ENOMEM;
}

static int pg_build_map(struct pg_ruleset *set, unsigned int end)
{
	struct pg_port_map *map = &set->maps[end];
	int n_spans, err;

	if (pg_place(set, end, 0) == set->n)
		return 0;
	err = pg_alloc_pages(map, set, end);
	if (err)
		return err;
	n_spans = pg_build_spans(map, set, end);
	if (n_spans < 0)
		return n_spans;
	return pg_build_lists(map, n_spans, set, end);
}

static int pg_build_portless(struct pg_ruleset *set)
{
	unsigned int i, n = 0;

	for (i = pg_place(set, PG_ENDS, 0); i < set->n;
	     i = pg_place(set, PG_ENDS, i + 1))
		n++;
	set->portless = kcalloc(n + 1, sizeof(*set->portless),
				PG_GFP);
	if (!set->portless)
		return -ENOMEM;
	n = 0;
	for (i = pg_place(set, PG_ENDS, 0); i < set->n;
	     i = pg_place(set, PG_ENDS, i + 1))
		set->portless[n++] = i;
	set->portless[n] = PG_NO_RULE;
	return 0;
}

static void pg_free_map(struct pg_port_map *map)
{
	unsigned int page;

	for (page = 0; page < PG_PAGES; page++)
		kfree(map->pages[page]);
	kvfree(map->lists);
}

static void pg_ruleset_free(struct pg_ruleset *set)
{
	unsigned int i;

	for (i = 0; i < PG_ENDS; i++)
		pg_free_map(&set->maps[i]);
	kfree(set->portless);
	for (i = 0; i < set->n; i++)
		pg_rule_put(set->rules[i]);
	kvfree(set);
}

static void pg_ruleset_free_rcu(struct rcu_head *rcu)
{
	pg_ruleset_free(container_of(rcu, struct pg_ruleset, rcu));
}

/**
 * pg_ruleset_put - give back a reference
 * @set: a set of rules, or NULL
 */
void pg_ruleset_put(struct pg_ruleset *set)
{
	if (set && refcount_dec_and_test(&set->refs))
		call_rcu(&set->rcu, pg_ruleset_free_rcu);
}

static void pg_ruleset_add(struct pg_ruleset *set, struct pg_rule *rule)
{
	refcount_inc(&rule->refs);
	set->rules[set->n++] = rule;
}

/* Behind all of its group, whose ids are lower. */
static void pg_ruleset_insert(struct pg_ruleset *set, struct pg_rule *rule)
{
	unsigned int i = set->n;

	while (i && set->rules[i - 1]->group->id > rule->group->id)
		i--;
	memmove(&set->rules[i + 1], &set->rules[i],
		(set->n - i) * sizeof(*set->rules));
	refcount_inc(&rule->refs);
	set->rules[i] = rule;
	set->n++;
}

static int pg_ruleset_build(struct pg_ruleset *set)
{
	unsigned int end;
	int err = 0;

	for (end = 0; end < PG_ENDS && !err; end++)
		err = pg_build_map(set, end);
	return err ? err : pg_build_portless(set);
}

static unsigned int pg_count_live(const struct pg_ruleset *set)
{
	unsigned int i, n = 0;

	for (i = 0; set && i < set->n; i++)
		n += !pg_rule_is_dead(set->rules[i]);
	return n;
}

/**
 * pg_ruleset_new - make a set of rules
 * @old: a set that has all of them, dead ones besides, or NULL
 * @add: a rule to add, or NULL
 *
 * Return: a set with one reference, NULL if there are no rules, or ERR_PTR:
 * -ENOMEM.
 */
struct pg_ruleset *pg_ruleset_new(const struct pg_ruleset *old,
				  struct pg_rule *add)
{
	unsigned int i, n = pg_count_live(old) + !!add;
	struct pg_ruleset *set;

	if (!n)
		return NULL;
	set = kvzalloc(struct_size(set, rules, n), PG_GFP);
	if (!set)
		return ERR_PTR(-ENOMEM);
	refcount_set(&set->refs, 1);
	/* With its group a rule may die meanwhile, none comes to life. */
	for (i = 0; old && i < old->n; i++)
		if (!pg_rule_is_dead(old->rules[i]))
			pg_ruleset_add(set, old->rules[i]);
	if (add)
		pg_ruleset_insert(set, add);
	if (pg_ruleset_build(set)) {
		pg_ruleset_free(set);
		return ERR_PTR(-ENOMEM);
	}
	return set;
}
