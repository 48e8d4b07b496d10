-- Credits for programs: who has completed every required course of a program is credited by the program's rules.
-- Rollback: restore private.award_enrollment_credits and private.credit_evidence of the migration of awards, drop the column,
-- and put the constraint a_rule_is_of_one_thing back.

-- The table is small: its index is built at once.
alter table public.credit_rules add column program_id uuid references public.programs (id) on delete cascade;
create index idx_credit_rules_program on public.credit_rules (program_id);
alter table public.credit_rules drop constraint a_rule_is_of_one_thing;
alter table public.credit_rules add constraint a_rule_is_of_one_thing
    check (num_nonnulls(course_id, live_session_id, program_id) = 1) not valid;
alter table public.credit_rules validate constraint a_rule_is_of_one_thing;
alter table public.credit_rules add constraint programs_are_completed check (program_id is null or basis = 'completion') not valid;
alter table public.credit_rules validate constraint programs_are_completed;
grant insert (program_id) on public.credit_rules to authenticated;

create function private.award_program_credits(p_enrollment uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_rule public.credit_rules;
    v_courses integer;
    v_awarded integer := 0;
begin
    select * into v_enrollment from public.enrollments where id = p_enrollment and status = 'completed';
    for v_rule in
        select r.* from public.program_courses p join public.credit_rules r on r.program_id = p.program_id
        where p.course_id = v_enrollment.course_id
          and r.valid_from <= v_enrollment.completed_at and (r.valid_until is null or r.valid_until > v_enrollment.completed_at)
        order by r.program_id, r.id
    loop
        -- Of the last two courses completed at once, the second sees the first.
        perform pg_advisory_xact_lock(hashtextextended('program:' || v_rule.program_id || ':' || v_enrollment.member_id, 0));
        select count(*) into v_courses from public.program_courses p where p.program_id = v_rule.program_id and p.is_required;
        continue when v_courses = 0
            or exists (
                select 1 from public.program_courses p
                where p.program_id = v_rule.program_id and p.is_required and not exists (
                    select 1 from public.enrollments e
                    where e.member_id = v_enrollment.member_id and e.course_id = p.course_id and e.status = 'completed'
                )
            )
            -- Once for each program and type, also when one of its courses is completed again.
            or exists (
                select 1 from public.credit_awards a join public.credit_rules b on b.id = a.rule_id
                where a.member_id = v_enrollment.member_id and b.program_id = v_rule.program_id
                  and a.credit_type_id = v_rule.credit_type_id
            );
        v_awarded := v_awarded + (private.give_credit(
            v_rule, v_enrollment.member_id, v_enrollment.course_id, p_enrollment, null,
            (v_enrollment.completed_at at time zone 'UTC')::date,
            jsonb_build_object('completed_at', v_enrollment.completed_at, 'program_id', v_rule.program_id, 'courses', v_courses)
        ) is not null)::integer;
    end loop;
    return v_awarded;
end
$$;
comment on function private.award_program_credits(uuid) is
    'Gives the credits of the programs that a completed enrollment was the last required course of; answers how many awards.';

create or replace function private.give_credits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.award_enrollment_credits(new.id);
    perform private.award_program_credits(new.id);
    return null;
end
$$;
