-- Names of the association's document that had no place yet: the dates of a cohort, and what the instructor says at the end.
-- Columns without a default and checks over a table that has no such values: nothing waits.
-- Rollback: drop the columns.

alter table public.enrollments
    add column cohort_start_date timestamptz,
    add column cohort_end_date timestamptz,
    add column instructor_notes text,
    add constraint cohort_dates_are_of_a_cohort
        check (cohort_name is not null or num_nonnulls(cohort_start_date, cohort_end_date) = 0) not valid,
    add constraint a_cohort_ends_after_it_starts check (cohort_end_date > cohort_start_date) not valid,
    add constraint instructor_notes_have_a_length check (length(instructor_notes) between 1 and 10000) not valid;
alter table public.enrollments validate constraint cohort_dates_are_of_a_cohort;
alter table public.enrollments validate constraint a_cohort_ends_after_it_starts;
alter table public.enrollments validate constraint instructor_notes_have_a_length;

comment on column public.enrollments.cohort_start_date is 'When the cohort of this enrollment begins, as it was when the person was put into it; written by the site alone.';
comment on column public.enrollments.cohort_end_date is 'When the cohort of this enrollment ends.';
comment on column public.enrollments.instructor_notes is 'What the instructor says to the member about the whole course, beside final_grade. The member reads it.';
