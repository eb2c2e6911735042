/* The outbox: what is told to the ERP, in which order, how often, and what is seen of it when it can't be told. */
#include "outbox.h"

#define HOUR apr_time_from_sec(3600)
#define DAY (24 * HOUR)

static void order(int64_t id, fpi_act_t act, const char *reason)
{
    unit_done(try_order(id, act, reason));
}

START_TEST(told_in_order)
{
    int64_t id;

    add_system();
    id = make_bill("A-1");
    order(id, FPI_ACT_SUBMIT, NULL);
    order(id, FPI_ACT_RESCAN, "page 2");
    order(id, FPI_ACT_RESUBMIT, NULL);
    order(id, FPI_ACT_REVIEW, NULL);
    work();
    ck_assert_str_eq(heard_of("A-1"), "READY SENT_BACK READY* REVIEW");
    ck_assert_int_eq(erp.calls, 4);
    ck_assert_int_eq(says(id, "told to EAS-1"), 4);
    pass(DAY);
    ck_assert_int_eq(erp.calls, 4);
}
END_TEST

START_TEST(an_hour_of_silence)
{
    int64_t ids[20];
    const char *numbers[20];

    add_system();
    erp.mode = ERP_DOWN;
    for (int i = 0; i < 20; i++) {
        numbers[i] = apr_psprintf(task->pool, "D-%d", i);
        ids[i] = make_bill(numbers[i]);
        order(ids[i], FPI_ACT_SUBMIT, NULL);
        pass(apr_time_from_sec(30));
    }
    order(ids[3], FPI_ACT_RESCAN, "blurred");
    order(ids[3], FPI_ACT_RESUBMIT, NULL);
    pass(HOUR);
    ck_assert_int_eq(erp.heard_count, 0);
    ck_assert_int_lt(erp.calls, 20 * 14); /* 1 s doubling: a dozen each */
    ck_assert_int_eq(says(ids[3], "not told"), 1);
    erp.mode = ERP_UP;
    pass(HOUR); /* the longest pause there is */
    for (int i = 0; i < 20; i++) {
        ck_assert_str_eq(heard_of(numbers[i]), i == 3 ? "READY SENT_BACK READY*" : "READY");
    }
    ck_assert_int_eq(erp.heard_count, 22);
    ck_assert_int_eq(says(ids[0], "told to EAS-1 at try"), 1);
}
END_TEST

START_TEST(the_first_that_gets_through_wakes_the_others)
{
    int64_t ids[5];

    add_system();
    erp.mode = ERP_DOWN;
    for (int i = 0; i < 5; i++) {
        ids[i] = make_bill(apr_psprintf(task->pool, "W-%d", i));
        order(ids[i], FPI_ACT_SUBMIT, NULL);
    }
    pass(12 * HOUR);
    erp.mode = ERP_UP;
    for (int i = 0; i < 3600 && !erp.heard_count; i++) {
        pass(APR_USEC_PER_SEC);
    }
    pass(apr_time_from_sec(2));
    ck_assert_int_eq(erp.heard_count, 5);
}
END_TEST

START_TEST(given_up_and_taken_up)
{
    doing_t d;
    int64_t id;

    add_system();
    erp.mode = ERP_DOWN;
    id = make_bill("P-1");
    order(id, FPI_ACT_SUBMIT, NULL);
    pass(3 * DAY + 2 * HOUR);
    d = look_at(id);
    ck_assert_int_eq(d.rows[0].state, FPI_DELIVERY_PARKED);
    ck_assert_int_eq(says(id, "given up after"), 1);
    ck_assert_int_eq(says(id, "delivery retry --bill P-1"), 1);
    ck_assert_int_eq((int)app->shared->metrics.notices_parked, 1);
    erp.mode = ERP_UP;
    pass(DAY);
    ck_assert_int_eq(erp.heard_count, 0); /* nobody asked */
    d.id = id;
    unit_done(fpi_store_write(app->store, tx_retry, &d, task));
    ck_assert_int_eq(d.count, 1);
    work();
    ck_assert_str_eq(heard_of("P-1"), "READY");
    unit_done(fpi_store_write(app->store, tx_retry, &d, task)); /* all told: once more, by hand */
    ck_assert_int_eq(d.count, 1);
    work();
    ck_assert_str_eq(heard_of("P-1"), "READY READY");
}
END_TEST

START_TEST(a_parked_one_goes_before_the_next)
{
    int64_t id;

    add_system();
    erp.mode = ERP_DOWN;
    id = make_bill("P-2");
    order(id, FPI_ACT_SUBMIT, NULL);
    pass(4 * DAY);
    erp.mode = ERP_UP;
    order(id, FPI_ACT_RESCAN, "why");
    work();
    ck_assert_str_eq(heard_of("P-2"), "READY SENT_BACK");
}
END_TEST

START_TEST(what_was_refused_gives_way)
{
    int64_t id;

    add_system();
    erp.mode = ERP_REFUSES;
    id = make_bill("R-1");
    order(id, FPI_ACT_SUBMIT, NULL);
    pass(HOUR);
    ck_assert_int_eq(says(id, "not told"), 1);
    order(id, FPI_ACT_RESCAN, "why");
    pass(HOUR);
    erp.mode = ERP_UP;
    pass(HOUR);
    ck_assert_str_eq(heard_of("R-1"), "SENT_BACK");
    ck_assert_int_eq(says(id, "skipped: refused, and a newer one waits"), 1);
}
END_TEST

START_TEST(what_need_not_be_told)
{
    int64_t id, other;
    doing_t d;

    add_system();
    id = make_bill("N-1");
    order(id, FPI_ACT_SUBMIT, NULL);
    work();
    order(id, FPI_ACT_RESCAN, "a mistake");
    order(id, FPI_ACT_CANCEL_RESCAN, NULL);
    work();
    ck_assert_str_eq(heard_of("N-1"), "READY");
    ck_assert_int_eq(says(id, "withdrawn before the ERP was told"), 1);
    order(id, FPI_ACT_RESCAN, "no mistake");
    work();
    order(id, FPI_ACT_CANCEL_RESCAN, NULL);
    work();
    ck_assert_str_eq(heard_of("N-1"), "READY SENT_BACK READY*");
    other = make_bill("N-2");
    order(other, FPI_ACT_SUBMIT, NULL);
    order(other, FPI_ACT_VOID, NULL);
    work();
    ck_assert_str_eq(heard_of("N-2"), "");
    d = look_at(other);
    ck_assert_int_eq(d.rows[0].state, FPI_DELIVERY_SKIPPED);
    ck_assert_int_eq(says(other, "as the bill was voided"), 1);
}
END_TEST

START_TEST(nobody_to_tell)
{
    int64_t id = make_bill("U-1");
    doing_t d;

    order(id, FPI_ACT_SUBMIT, NULL);
    order(id, FPI_ACT_RESCAN, "why");
    pass(HOUR);
    d = look_at(id);
    ck_assert_int_eq(d.row_count, 2);
    ck_assert_int_eq(d.rows[0].state, FPI_DELIVERY_UNADDRESSED);
    ck_assert_int_eq(says(id, "no business system for resource \"EAS\""), 1);
    unit_failed(fpi_store_write(app->store, tx_retry, &d, task), FPI_E_STATE);
    add_system();
    unit_done(fpi_store_write(app->store, tx_retry, &d, task));
    ck_assert_int_eq(d.count, 2);
    work();
    ck_assert_str_eq(heard_of("U-1"), "READY SENT_BACK");
}
END_TEST

static fpi_err_t *tx_claim(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_delivery_t *next;
    bool *held = baton;

    FPI_TRY(fpi_delivery_find_next(&next, tx, 1, 1, t));
    return fpi_delivery_claim(held, next, tx, 1, now + FPI_NOTICE_LIMIT + FPI_NOTICE_MARGIN, t);
}

/* A child began to tell it and was killed, or froze, in the middle. */
START_TEST(never_two_at_once)
{
    int64_t id;
    bool held;

    add_system();
    id = make_bill("C-1");
    ck_assert_int_eq(id, 1);
    order(id, FPI_ACT_SUBMIT, NULL);
    unit_done(fpi_store_write(app->store, tx_claim, &held, task));
    ck_assert(held);
    unit_done(fpi_store_write(app->store, tx_claim, &held, task));
    ck_assert(!held);
    pass(FPI_NOTICE_LIMIT);
    ck_assert_int_eq(erp.calls, 0);
    pass(FPI_NOTICE_MARGIN + APR_USEC_PER_SEC);
    ck_assert_str_eq(heard_of("C-1"), "READY");
}
END_TEST

START_TEST(an_answer_that_was_lost)
{
    add_system();
    erp.mode = ERP_LOSES;
    order(make_bill("L-1"), FPI_ACT_SUBMIT, NULL);
    work();
    erp.mode = ERP_UP;
    pass(apr_time_from_sec(5));
    ck_assert_str_eq(heard_of("L-1"), "READY READY");
    ck_assert_int_eq(image_of("L-1")->state, 2);
}
END_TEST

START_TEST(not_without_its_images)
{
    const char *sha = put_bytes("I-1"), *path, *aside = apr_pstrcat(task->pool, folder, "/aside", NULL);
    int64_t id;

    add_system();
    id = make_bill("I-1");
    path = apr_psprintf(task->pool, "%s/blobs/%.2s/%.2s/%s", folder, sha, sha + 2, sha);
    ck_assert_int_eq(rename(path, aside), 0);
    order(id, FPI_ACT_SUBMIT, NULL);
    pass(HOUR);
    ck_assert_int_eq(erp.calls, 0);
    ck_assert_int_eq(says(id, "is missing from the blob store"), 1);
    ck_assert_int_eq(rename(aside, path), 0);
    pass(HOUR);
    ck_assert_str_eq(heard_of("I-1"), "READY");
}
END_TEST

/* ---- reconciliation ---- */

static fpi_err_t *tx_reconcile(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    return baton ? fpi_reconcile_put(tx, 1, 1, t) : fpi_fail(t, FPI_E_INTERNAL, "no baton");
}

static void reconcile(void)
{
    unit_done(fpi_store_write(app->store, tx_reconcile, app, task));
    work();
    work();
}

START_TEST(what_the_erp_has_lost)
{
    int64_t id;

    add_system();
    unit_done(fpi_reconcile_arrange(app, task));
    id = make_bill("E-1");
    order(id, FPI_ACT_SUBMIT, NULL);
    pass(HOUR);
    ck_assert_int_eq(erp.asked, 1); /* it agrees, and is not asked again */
    order(id, FPI_ACT_RESCAN, "why");
    order(id, FPI_ACT_RESUBMIT, NULL);
    work();
    image_of("E-1")->state = 0;
    pass(2 * FPI_RECONCILE_PAUSE);
    ck_assert_str_eq(heard_of("E-1"), "READY SENT_BACK READY* READY*");
    for (int i = 0; i < 10; i++) { /* it forgets each time */
        image_of("E-1")->state = 1;
        now += APR_USEC_PER_SEC;
        reconcile();
    }
    ck_assert_str_eq(heard_of("E-1"), "READY SENT_BACK READY* READY* READY* READY*");
    ck_assert_int_eq(says(id, "telling it again has not helped"), 1);
}
END_TEST

START_TEST(what_the_erp_did_by_itself)
{
    int64_t id, other;

    add_system();
    id = make_bill("E-2");
    other = make_bill("E-3");
    order(id, FPI_ACT_SUBMIT, NULL);
    order(other, FPI_ACT_SUBMIT, NULL);
    work();
    image_of("E-2")->state = 3;
    image_of("E-3")->state = 5;
    now += APR_USEC_PER_SEC;
    reconcile();
    reconcile();
    ck_assert_int_eq(erp.heard_count, 2);
    ck_assert_int_eq(says(id, "says state 3, here it is submitted: send it back here"), 1);
    ck_assert_int_eq(says(other, "void it here"), 1);
}
END_TEST

START_TEST(parked_ones_when_it_answers_again)
{
    int64_t lost, kept, refused;

    add_system();
    refused = make_bill("E-6");
    erp.mode = ERP_REFUSES;
    order(refused, FPI_ACT_SUBMIT, NULL);
    pass(4 * DAY);
    erp.mode = ERP_DOWN;
    lost = make_bill("E-4");
    kept = make_bill("E-5");
    order(lost, FPI_ACT_SUBMIT, NULL);
    order(kept, FPI_ACT_SUBMIT, NULL);
    pass(4 * DAY);
    erp.mode = ERP_UP;
    image_of("E-5")->state = 2; /* the last try got through, unseen */
    reconcile();
    ck_assert_str_eq(heard_of("E-4"), "READY");
    ck_assert_str_eq(heard_of("E-5"), "");
    ck_assert_str_eq(heard_of("E-6"), "");
    ck_assert_int_eq(says(lost, "answers again"), 1);
    ck_assert_int_eq(says(kept, "has it already"), 1);
    ck_assert_int_eq(look_at(kept).rows[0].state, FPI_DELIVERY_DELIVERED);
    ck_assert_int_eq(look_at(refused).rows[0].state, FPI_DELIVERY_PARKED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notices");
    TCase *one = tcase_create("notices");

    tcase_add_checked_fixture(one, outbox_open, outbox_close);
    tcase_set_timeout(one, 120);
    tcase_add_test(one, told_in_order);
    tcase_add_test(one, an_hour_of_silence);
    tcase_add_test(one, the_first_that_gets_through_wakes_the_others);
    tcase_add_test(one, given_up_and_taken_up);
    tcase_add_test(one, a_parked_one_goes_before_the_next);
    tcase_add_test(one, what_was_refused_gives_way);
    tcase_add_test(one, what_need_not_be_told);
    tcase_add_test(one, nobody_to_tell);
    tcase_add_test(one, never_two_at_once);
    tcase_add_test(one, an_answer_that_was_lost);
    tcase_add_test(one, not_without_its_images);
    tcase_add_test(one, what_the_erp_has_lost);
    tcase_add_test(one, what_the_erp_did_by_itself);
    tcase_add_test(one, parked_ones_when_it_answers_again);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
