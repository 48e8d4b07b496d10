insert into public.credit_awards
    (member_id, credit_type_id, amount, earned_on, rule_id, course_id, attendance_id, figures, arithmetic)
values (%(owner)s, %(credit_type)s, 2, '2026-01-01', %(credit_rule)s, %(seminar)s, %(attendance)s, '{"minutes": 60, "rounding_step": 1}', '2');
