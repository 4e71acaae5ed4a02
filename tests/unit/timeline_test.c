// SPDX-License-Identifier: MIT
#include "timeline.h"

#include <string.h>

#include "suites.h"
#include "trips.h"

static struct timeline timeline;

static void begin(void)
{
	ck_assert_int_eq(timeline_begin(&timeline), 0);
}

static void end(void)
{
	timeline_end(&timeline);
}

static struct sighting message(enum sighting_kind kind, uint64_t time_ns,
			       const char *text)
{
	struct sighting sighting = sighting_new(kind, SIGHTING_BY_DRIVER);

	sighting.time_ns = time_ns;
	sighting.message_type = 1;
	sighting.payload_size = (uint32_t)strlen(text);
	sighting.payload_captured = sighting.payload_size;
	memcpy(sighting.payload, text, strlen(text));
	return sighting;
}

static void add(const struct sighting *sighting)
{
	ck_assert_int_eq(timeline_add(&timeline, sighting), 0);
}

static void post(uint64_t time_ns, uint64_t duration_ns, const char *text)
{
	struct sighting sighting = message(SIGHTING_POST, time_ns, text);

	sighting.duration_ns = duration_ns;
	sighting.status = HV_STATUS_SUCCESS;
	add(&sighting);
}

static void arrive(uint64_t time_ns, const char *text)
{
	const struct sighting sighting = message(SIGHTING_SLOT, time_ns, text);

	add(&sighting);
}

static void ck_trips(size_t count, const uint64_t *durations)
{
	const struct numbers *trips = &timeline.latencies[LATENCY_TRIP];

	ck_assert_uint_eq(trips->count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(trips->values[i], durations[i]);
}

#define ck_trips(...)                                                     \
	do {                                                              \
		const uint64_t expected_[] = { __VA_ARGS__ };             \
		(ck_trips)(sizeof(expected_) / sizeof(expected_[0]),      \
			   expected_);                                    \
	} while (0)

static const struct {
	enum sighting_kind kind;
	uint32_t status;
	enum timeline_lane lane;	/* LANES: none */
} lanes[] = {
	{ SIGHTING_POST, HV_STATUS_SUCCESS, LANE_POSTS },
	{ SIGHTING_POST, HV_STATUS_INSUFFICIENT_BUFFERS, LANE_REFUSED },
	{ SIGHTING_POST, SIGHTING_NONE, LANE_REFUSED },
	{ SIGHTING_DELIVER, SIGHTING_NONE, LANE_DELIVERED },
	{ SIGHTING_SLOT, SIGHTING_NONE, LANE_SLOTS },
	{ SIGHTING_EOM, SIGHTING_NONE, LANE_EOMS },
	{ SIGHTING_DROP, SIGHTING_NONE, LANE_LOST },
	{ SIGHTING_RING_FULL, SIGHTING_NONE, LANE_LOST },
	{ SIGHTING_QUEUE_FULL, SIGHTING_NONE, LANE_LOST },
	{ SIGHTING_OWNER, SIGHTING_NONE, LANES },
	{ SIGHTING_RING_RESUMED, SIGHTING_NONE, LANES },
};

START_TEST(each_kind_has_its_lane)
{
	struct sighting sighting = message(lanes[_i].kind, 7, "x");

	sighting.status = lanes[_i].status;
	add(&sighting);
	for (int i = 0; i < LANES; i++)
		ck_assert_uint_eq(timeline.lanes[i].count,
				  i == (int)lanes[_i].lane);
	ck_assert_uint_eq(timeline_count(&timeline), lanes[_i].lane != LANES);
}
END_TEST

START_TEST(first_and_last_are_found_in_any_order)
{
	arrive(50, "a");
	arrive(20, "b");
	arrive(90, "c");
	ck_assert_uint_eq(timeline.first_ns, 20);
	ck_assert_uint_eq(timeline.last_ns, 90);
}
END_TEST

START_TEST(only_posts_that_were_taken_have_a_latency)
{
	struct sighting refused = message(SIGHTING_POST, 5, "no");

	refused.status = HV_STATUS_INSUFFICIENT_BUFFERS;
	refused.duration_ns = 1000;
	add(&refused);
	post(10, SIGHTING_NONE_64, "nobody knows");
	post(20, 7, "yes");
	ck_assert_uint_eq(timeline.latencies[LATENCY_POST].count, 1);
	ck_assert_uint_eq(timeline.latencies[LATENCY_POST].values[0], 7);
}
END_TEST

START_TEST(a_trip_begins_before_the_post)
{
	post(100, 30, "hello");
	arrive(150, "hello");
	ck_trips(80);
}
END_TEST

START_TEST(an_arrival_belongs_to_the_first_post_that_says_the_same)
{
	post(100, 0, "same");
	post(200, 0, "same");
	post(210, 0, "other");
	arrive(250, "same");
	arrive(260, "other");
	arrive(300, "same");
	arrive(310, "same");
	ck_trips(150, 50, 100);
}
END_TEST

START_TEST(a_post_that_arrived_is_not_awaited_any_more)
{
	post(100, 0, "same");
	arrive(150, "same");
	post(200, 0, "same");
	arrive(230, "same");
	ck_trips(50, 30);
}
END_TEST

START_TEST(a_message_may_arrive_before_its_post_ends)
{
	arrive(120, "same");
	post(150, 50, "same");
	arrive(220, "same");
	post(260, 60, "same");
	ck_trips(20, 20);
}
END_TEST

START_TEST(what_arrived_before_a_post_began_is_of_another_one)
{
	arrive(90, "same");
	arrive(95, "same");
	arrive(130, "same");
	post(150, 50, "same");
	post(200, 30, "same");
	arrive(210, "same");
	ck_trips(30, 40);
}
END_TEST

/* In time: they are not compared with each other. */
START_TEST(many_that_say_the_same_are_no_trips)
{
	for (uint64_t i = 0; i < 300000; i++)
		arrive(i, "same");
	ck_assert_uint_eq(timeline.latencies[LATENCY_TRIP].count, 0);
	post(400000, 1, "same");
	ck_assert_uint_eq(timeline.latencies[LATENCY_TRIP].count, 0);
}
END_TEST

START_TEST(another_type_is_another_message)
{
	struct sighting sighting = message(SIGHTING_SLOT, 200, "same");

	post(100, 0, "same");
	sighting.message_type = 2;
	add(&sighting);
	ck_assert_uint_eq(timeline.latencies[LATENCY_TRIP].count, 0);
}
END_TEST

START_TEST(of_messages_that_were_not_kept_whole_none_is_a_trip)
{
	struct sighting sighting = message(SIGHTING_SLOT, 200, "same");

	post(100, 0, "same");
	sighting.payload_size++;
	add(&sighting);
	ck_assert_uint_eq(timeline.latencies[LATENCY_TRIP].count, 0);
}
END_TEST

START_TEST(an_arrival_before_its_post_s_start_took_no_time)
{
	post(100, 10, "clocks differ");
	arrive(80, "clocks differ");
	ck_trips(0);
}
END_TEST

START_TEST(a_duration_longer_than_time_itself_is_none)
{
	post(100, 200, "odd");
	arrive(130, "odd");
	ck_trips(30);
}
END_TEST

/* More than there are buckets: every one has several. */
START_TEST(many_messages_find_their_own)
{
	struct sighting slot = message(SIGHTING_SLOT, 0, "12345678");
	struct sighting sent = message(SIGHTING_POST, 0, "12345678");
	const struct numbers *trips = &timeline.latencies[LATENCY_TRIP];

	sent.status = HV_STATUS_SUCCESS;
	for (uint64_t i = 0; i < 40000; i++) {
		sent.time_ns = i;
		memcpy(sent.payload, &i, sizeof(i));
		add(&sent);
	}
	for (uint64_t i = 40000; i-- > 0;) {
		slot.time_ns = 2 * i;
		memcpy(slot.payload, &i, sizeof(i));
		add(&slot);
	}
	ck_assert_uint_eq(trips->count, 40000);
	for (uint64_t i = 0; i < 40000; i++)
		ck_assert_uint_eq(trips->values[i], 39999 - i);
}
END_TEST

Suite *timeline_suite(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tcase = tcase_create("timeline");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, each_kind_has_its_lane, 0, ROWS(lanes));
	tcase_add_test(tcase, first_and_last_are_found_in_any_order);
	tcase_add_test(tcase, only_posts_that_were_taken_have_a_latency);
	tcase_add_test(tcase, a_trip_begins_before_the_post);
	tcase_add_test(tcase, a_message_may_arrive_before_its_post_ends);
	tcase_add_test(tcase,
		       what_arrived_before_a_post_began_is_of_another_one);
	tcase_add_test(tcase, many_that_say_the_same_are_no_trips);
	tcase_add_test(tcase,
		       an_arrival_belongs_to_the_first_post_that_says_the_same);
	tcase_add_test(tcase, a_post_that_arrived_is_not_awaited_any_more);
	tcase_add_test(tcase, another_type_is_another_message);
	tcase_add_test(tcase,
		       of_messages_that_were_not_kept_whole_none_is_a_trip);
	tcase_add_test(tcase, an_arrival_before_its_post_s_start_took_no_time);
	tcase_add_test(tcase, a_duration_longer_than_time_itself_is_none);
	tcase_add_test(tcase, many_messages_find_their_own);
	return suite;
}
