-- Fewer rows of indexes: grading an answer and grading it anew move none, as no index is about points any more, and an entry of the
-- log finds its rule by key.
-- Rollback: create idx_quiz_answers_correct and idx_quiz_attempts_graded as they were; reset (fillfactor); restore
-- public.log_audit_trail of 20261121109000.

-- What waits for a person's grade are answers of attempts that wait (idx_quiz_attempts_status), which are few: the queue finds them so.
drop index public.idx_quiz_answers_correct;
-- What is archived after two years is found by ranges of pages: graded_at moves with each grade.
drop index public.idx_quiz_attempts_graded;
create index idx_quiz_attempts_graded on public.quiz_attempts using brin (graded_at);
-- Room for the graded answer beside the one that was given, and for the attempt with another score.
alter table public.quiz_answers set (fillfactor = 60);
alter table public.quiz_attempts set (fillfactor = 70);

create or replace function public.log_audit_trail() returns trigger
-- The time zone is set because instants stand in the log as text.
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
    -- The rule by its key: a hundred rows are few enough to be read whole, and that is what each entry would cost.
    set enable_seqscan = off
as $$
declare
    v_rule private.audit_tables;
    v_row jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
    v_before jsonb;
    v_after jsonb;
    v_changed text[];
    v_personal text[];
    v_personal_before jsonb;
    v_personal_after jsonb;
    v_digests_before jsonb;
    v_digests_after jsonb;
    v_record text;
    v_subject uuid;
    v_salt bytea;
    v_id bigint;
    v_actor uuid := auth.uid();
begin
    select * into strict v_rule from private.audit_tables where table_name = tg_argv[0];
    if tg_op = 'UPDATE' then
        v_before := to_jsonb(old);
        -- Cheap, because most updates of busy tables move a counter only.
        if v_row - v_rule.ignored_columns = v_before - v_rule.ignored_columns then
            return null;
        end if;
        select jsonb_object_agg(n.key, o.value), jsonb_object_agg(n.key, n.value), array_agg(n.key order by n.key)
        into v_before, v_after, v_changed
        from jsonb_each(v_row) n join jsonb_each(v_before) o on o.key = n.key
        where n.value <> o.value and n.key <> all (v_rule.ignored_columns);
        if tg_nargs > 1 then
            v_before := to_jsonb(old) - v_rule.ignored_columns;
            v_after := v_row - v_rule.ignored_columns;
        end if;
    elsif tg_op = 'INSERT' then
        v_after := v_row - v_rule.ignored_columns;
    else
        v_before := v_row - v_rule.ignored_columns;
    end if;
    v_before := v_before - v_rule.secret_columns;
    v_after := v_after - v_rule.secret_columns;
    if cardinality(v_rule.key_columns) = 1 then
        v_record := v_row ->> v_rule.key_columns[1];
    else
        select string_agg(v_row ->> k.name, ' ' order by k.n) into v_record
        from unnest(v_rule.key_columns) with ordinality k (name, n);
    end if;
    if v_rule.subject_table is null then
        v_subject := (v_row ->> v_rule.subject_column)::uuid;
    else
        v_subject := private.audit_subject(v_rule, v_row, v_record);
    end if;
    if v_rule.personal_columns && v_changed or (v_changed is null or tg_nargs > 1) and v_rule.personal_columns <> '{}' then
        v_salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
        -- What stands in the chained row: a digest of each value with the salt, its side and its column.
        select array_agg(distinct p.key order by p.key),
            jsonb_object_agg(p.key, p.value) filter (where p.side = 'before'),
            jsonb_object_agg(p.key, p.value) filter (where p.side = 'after'),
            v_before || jsonb_object_agg(p.key, p.digest) filter (where p.side = 'before'),
            v_after || jsonb_object_agg(p.key, p.digest) filter (where p.side = 'after')
        into v_personal, v_personal_before, v_personal_after, v_digests_before, v_digests_after
        from (
            select s.side, v.key, v.value, 'sha256:' || encode(sha256(v_salt || convert_to(
                length(s.side) || ':' || s.side || ',' || octet_length(convert_to(v.key, 'UTF8')) || ':' || v.key || ','
                || octet_length(convert_to(v.value::text, 'UTF8')) || ':' || v.value::text || ',', 'UTF8'
            )), 'hex') as digest
            from (values ('before', v_before), ('after', v_after)) s (side, columns) cross join jsonb_each(s.columns) v
            where v.key = any (v_rule.personal_columns) and v.value <> 'null'
        ) p;
        v_before := coalesce(v_digests_before, v_before);
        v_after := coalesce(v_digests_after, v_after);
    end if;
    insert into public.audit_logs
        (txid, actor, actor_role, request_id, table_name, record_id, operation, subject, changed, personal, before, after)
    values (
        pg_current_xact_id()::text::bigint, v_actor,
        -- As private.audit_actor_role says it, without a statement of its own.
        coalesce((select p.role::text from public.profiles p where p.id = v_actor), nullif(auth.role(), ''), session_user::text),
        left(auth.jwt() ->> 'request_id', 64), tg_argv[0], left(v_record, 400), tg_op, v_subject, v_changed, v_personal,
        v_before, v_after
    )
    returning id into v_id;
    -- Of a row that is about nobody no personal value is kept, because nobody could ask for its removal.
    if v_personal is not null and v_subject is not null then
        insert into public.audit_personal_values (audit_id, subject, salt, before, after)
        values (v_id, v_subject, v_salt, v_personal_before, v_personal_after);
    end if;
    return null;
end
$$;
