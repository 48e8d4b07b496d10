-- Catalogue: courses, who teaches them, modules, lessons, content blocks and videos. Their policies stand in the
-- migration of access, because who may read a lesson depends on who is enrolled.
-- Rollback: drop the tables below and the types.

create type public.content_type as enum ('rich_text', 'image', 'video', 'file', 'youtube');

-- courses --------------------------------------------------------------------------------------------------

create table public.courses (
    id uuid primary key default gen_random_uuid(),
    title text not null check (length(title) between 1 and 200),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    description text not null check (length(description) <= 20000),
    short_description text check (length(short_description) <= 200),
    learning_objectives jsonb not null default '[]' check (jsonb_typeof(learning_objectives) = 'array'),
    target_audience text check (length(target_audience) <= 1000),
    tags text[] not null default '{}' check (cardinality(tags) <= 30),
    category text not null check (category in (
        'insurance_fundamentals', 'health_benefits', 'life_insurance', 'retirement_planning', 'compliance',
        'sales_techniques', 'leadership', 'technology', 'continuing_education'
    )),
    difficulty_level text not null default 'beginner'
        check (difficulty_level in ('beginner', 'intermediate', 'advanced', 'expert')),
    ce_credits numeric(5, 2) not null default 0 check (ce_credits >= 0),
    pricing_type text not null default 'free' check (pricing_type in ('free', 'paid', 'member_only', 'premium')),
    price numeric(10, 2) not null default 0 check (price >= 0),
    member_price numeric(10, 2) check (member_price >= 0),
    currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
    delivery_format text not null default 'self_paced'
        check (delivery_format in ('self_paced', 'instructor_led', 'blended', 'live_virtual')),
    estimated_duration_minutes integer check (estimated_duration_minutes > 0),
    status text not null default 'draft' check (status in ('draft', 'under_review', 'published', 'archived')),
    published_at timestamptz,
    archived_at timestamptz,
    instructor_id uuid references public.profiles (id) on delete restrict,
    author_bio text check (length(author_bio) <= 5000),
    thumbnail_url text check (length(thumbnail_url) <= 1024),
    promo_video_url text check (length(promo_video_url) <= 1024),
    syllabus_url text check (length(syllabus_url) <= 1024),
    allow_enrollment boolean not null default true,
    max_enrollments integer check (max_enrollments > 0),
    enrollment_start_date timestamptz,
    enrollment_end_date timestamptz,
    course_start_date timestamptz,
    course_end_date timestamptz,
    completion_certificate boolean not null default true,
    total_enrollments integer not null default 0 check (total_enrollments >= 0),
    active_enrollments integer not null default 0 check (active_enrollments >= 0),
    completion_count integer not null default 0 check (completion_count >= 0),
    completion_rate numeric(5, 2) generated always as (
        case when total_enrollments > 0 then round(least(completion_count, total_enrollments) * 100.0 / total_enrollments, 2) else 0 end
    ) stored,
    required_lessons integer not null default 0 check (required_lessons >= 0),
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    search_text text generated always as (
        private.fold(
            title || ' ' || coalesce(short_description, '') || ' ' || coalesce(target_audience, '') || ' ' || replace(category, '_', ' ')
        )
    ) stored,
    constraint paid_courses_have_a_price check (pricing_type not in ('paid', 'premium') or price > 0),
    constraint enrollment_window check (enrollment_end_date is null or enrollment_start_date is null or enrollment_end_date > enrollment_start_date),
    constraint course_dates check (course_end_date is null or course_start_date is null or course_end_date > course_start_date)
);
comment on table public.courses is 'Course catalogue. Counters are kept by triggers, by the difference.';
comment on column public.courses.required_lessons is 'Lessons with require_completion; kept by trigger_count_required_lessons.';
comment on column public.courses.search_text is 'What the catalogue search compares with, folded by private.fold().';
create index idx_courses_status on public.courses (published_at desc, id) where status = 'published';
create index idx_courses_category on public.courses (category) where status = 'published';
create index idx_courses_instructor on public.courses (instructor_id);
create index idx_courses_created_by on public.courses (created_by);
create index idx_courses_search on public.courses using gin (search_text extensions.gin_trgm_ops);

create trigger update_courses_updated_at before update on public.courses
    for each row execute function public.update_updated_at_column();

create function private.stamp_course_status() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.status = 'published' and new.published_at is null then
        new.published_at := now();
    end if;
    if new.status = 'archived' and new.archived_at is null then
        new.archived_at := now();
    elsif new.status <> 'archived' then
        new.archived_at := null;
    end if;
    return new;
end
$$;
comment on function private.stamp_course_status() is 'Trigger: dates the first publication and the archiving of a course.';
create trigger stamp_course_status before insert or update of status on public.courses
    for each row execute function private.stamp_course_status();

create table public.course_instructors (
    course_id uuid not null references public.courses (id) on delete cascade,
    profile_id uuid not null references public.profiles (id) on delete cascade,
    position integer not null default 1 check (position > 0),
    created_at timestamptz not null default now(),
    primary key (course_id, profile_id)
);
comment on table public.course_instructors is 'Co-instructors: rows in place of the array co_instructors, so that they are real people and can be indexed.';
create index idx_course_instructors_profile on public.course_instructors (profile_id, course_id);

-- course_modules -------------------------------------------------------------------------------------------

create table public.course_modules (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    title text not null check (length(title) between 1 and 200),
    description text check (length(description) <= 5000),
    module_order integer not null check (module_order > 0),
    learning_objectives jsonb not null default '[]' check (jsonb_typeof(learning_objectives) = 'array'),
    is_preview boolean not null default false,
    unlock_after_module_id uuid,
    unlock_date timestamptz,
    estimated_duration_minutes integer check (estimated_duration_minutes > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Reordering moves many rows in one statement.
    constraint unique_course_module_order unique (course_id, module_order) deferrable initially immediate,
    constraint course_modules_id_course unique (id, course_id),
    constraint course_modules_unlock_after foreign key (unlock_after_module_id, course_id)
        references public.course_modules (id, course_id) on delete set null (unlock_after_module_id),
    constraint module_unlocks_after_another check (unlock_after_module_id <> id)
);
comment on table public.course_modules is 'Sections of a course; may open after another section or on a date.';
create index idx_course_modules_unlock on public.course_modules (unlock_after_module_id, course_id);

create trigger update_course_modules_updated_at before update on public.course_modules
    for each row execute function public.update_updated_at_column();

-- lessons --------------------------------------------------------------------------------------------------

create table public.lessons (
    id uuid primary key default gen_random_uuid(),
    module_id uuid not null,
    course_id uuid not null,
    title text not null check (length(title) between 1 and 200),
    description text check (length(description) <= 5000),
    lesson_type text not null check (lesson_type in (
        'video', 'text', 'pdf', 'scorm', 'quiz', 'assignment', 'live_session', 'external_link', 'embedded_content'
    )),
    lesson_order integer not null check (lesson_order > 0),
    is_preview boolean not null default false,
    unlock_after_lesson_id uuid,
    unlock_date timestamptz,
    require_completion boolean not null default true,
    completion_criteria text not null default 'marked_complete' check (completion_criteria in (
        'video_watched', 'time_spent', 'quiz_passed', 'marked_complete', 'scorm_completed'
    )),
    min_time_seconds integer check (min_time_seconds > 0),
    watched_percentage_required numeric(5, 2) not null default 90 check (watched_percentage_required between 1 and 100),
    estimated_duration_minutes integer check (estimated_duration_minutes > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_module_lesson_order unique (module_id, lesson_order) deferrable initially immediate,
    constraint lessons_id_course unique (id, course_id),
    constraint lessons_module foreign key (module_id, course_id)
        references public.course_modules (id, course_id) on delete cascade,
    constraint lessons_unlock_after foreign key (unlock_after_lesson_id, course_id)
        references public.lessons (id, course_id) on delete set null (unlock_after_lesson_id),
    constraint lesson_unlocks_after_another check (unlock_after_lesson_id <> id),
    constraint time_spent_has_a_time check (completion_criteria <> 'time_spent' or min_time_seconds is not null),
    constraint watching_needs_a_video check (completion_criteria <> 'video_watched' or lesson_type = 'video')
);
comment on table public.lessons is 'What is learnt in one sitting. Its content stands in content_blocks and lesson_videos, which have policies of their own.';
comment on column public.lessons.course_id is 'Follows from module_id; the composite foreign key keeps it true.';
comment on column public.lessons.watched_percentage_required is 'Share of a video''s seconds that must really be watched, for completion_criteria = video_watched.';
create index idx_lessons_course on public.lessons (course_id);
create index idx_lessons_module on public.lessons (module_id, course_id);
create index idx_lessons_unlock on public.lessons (unlock_after_lesson_id, course_id);
create index idx_lessons_preview on public.lessons (course_id) where is_preview;

create trigger update_lessons_updated_at before update on public.lessons
    for each row execute function public.update_updated_at_column();

-- content_blocks -------------------------------------------------------------------------------------------

create function private.is_content(p_type public.content_type, p_content jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select jsonb_typeof(p_content) = 'object' and case p_type
        when 'rich_text' then jsonb_typeof(p_content -> 'html') = 'string' and jsonb_typeof(p_content -> 'plain_text') = 'string'
        when 'image' then jsonb_typeof(p_content -> 'url') = 'string' and jsonb_typeof(p_content -> 'alt_text') = 'string'
        when 'video' then jsonb_typeof(p_content -> 'url') = 'string'
        when 'file' then jsonb_typeof(p_content -> 'url') = 'string' and jsonb_typeof(p_content -> 'filename') = 'string'
            and jsonb_typeof(p_content -> 'file_size') = 'number'
        when 'youtube' then p_content ->> 'video_id' ~ '^[A-Za-z0-9_-]{11}$'
    end
$$;
comment on function private.is_content(public.content_type, jsonb) is 'Whether content has the shape of its type.';
grant execute on function private.is_content(public.content_type, jsonb) to anon, authenticated, service_role;

create table public.content_blocks (
    id uuid primary key default gen_random_uuid(),
    lesson_id uuid not null,
    course_id uuid not null,
    type public.content_type not null,
    content jsonb not null,
    order_index integer not null check (order_index > 0),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint content_has_the_shape_of_its_type check (coalesce(private.is_content(type, content), false)),
    constraint content_blocks_order unique (lesson_id, order_index) deferrable initially immediate,
    constraint content_blocks_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.content_blocks is 'The body of a lesson, piece by piece.';
create index idx_content_blocks_lesson on public.content_blocks (lesson_id, course_id);
create index idx_content_blocks_course on public.content_blocks (course_id);
create trigger update_content_blocks_updated_at before update on public.content_blocks
    for each row execute function public.update_updated_at_column();

-- lesson_videos --------------------------------------------------------------------------------------------

create table public.lesson_videos (
    id uuid primary key default gen_random_uuid(),
    lesson_id uuid not null,
    course_id uuid not null,
    hosting_provider text not null default 'upload'
        check (hosting_provider in ('upload', 'supabase_storage', 's3', 'youtube', 'vimeo', 'wistia')),
    source_key text check (length(source_key) <= 512),
    playlist_key text check (length(playlist_key) <= 512),
    poster_key text check (length(poster_key) <= 512),
    external_url text check (length(external_url) <= 1024),
    duration integer not null check (duration between 1 and 43200),
    max_rate numeric(3, 2) not null default 2 check (max_rate between 1 and 4),
    captions jsonb not null default '[]' check (jsonb_typeof(captions) = 'array'),
    transcript jsonb not null default '[]' check (jsonb_typeof(transcript) = 'array'),
    renditions jsonb not null default '[]' check (jsonb_typeof(renditions) = 'array'),
    processing_state text not null default 'ready' check (processing_state in ('waiting', 'processing', 'ready', 'failed')),
    processing_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_video_a_lesson unique (lesson_id),
    constraint lesson_videos_id_course unique (id, course_id),
    constraint lesson_videos_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade,
    constraint hosted_here_or_elsewhere check (
        (hosting_provider in ('upload', 'supabase_storage', 's3') and external_url is null)
        or (hosting_provider in ('youtube', 'vimeo', 'wistia') and external_url is not null and playlist_key is null)
    )
);
comment on table public.lesson_videos is 'The one place for a lesson''s video.';
comment on column public.lesson_videos.duration is 'Whole seconds, rounded down: a started last second cannot be watched wholly.';
comment on column public.lesson_videos.max_rate is 'The fastest playback whose seconds count.';
comment on column public.lesson_videos.captions is 'Array of {key, lang, label}.';
comment on column public.lesson_videos.transcript is 'Array of {start, end, text}, seconds.';
create index idx_lesson_videos_lesson on public.lesson_videos (lesson_id, course_id);
create index idx_lesson_videos_course on public.lesson_videos (course_id);
create trigger update_lesson_videos_updated_at before update on public.lesson_videos
    for each row execute function public.update_updated_at_column();

-- Unlocking must not go round in a circle -----------------------------------------------------------------

create function private.waits_for(p_part uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.unlock_after_lesson_id from public.lessons l where l.id = p_part and l.unlock_after_lesson_id is not null
    union all
    select m.unlock_after_module_id from public.lessons l join public.course_modules m on m.id = l.module_id
    where l.id = p_part and m.unlock_after_module_id is not null
    union all
    select m.unlock_after_module_id from public.course_modules m where m.id = p_part and m.unlock_after_module_id is not null
    union all
    select l.id from public.lessons l where l.module_id = p_part and l.require_completion
$$;
comment on function private.waits_for(uuid) is 'Lessons and modules that must be complete before a lesson opens or a module counts as complete.';

create function private.refuse_unlock_circle() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Two halves of a circle written at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('unlocking:' || new.course_id::text, 0));
    if exists (
        -- What must be complete before it opens. A lesson waits for its lesson and for the module that its own module
        -- waits for; a module is complete when its required lessons are.
        with recursive before_it (id) as (
            select w.id from private.waits_for(new.id) w (id)
            union
            select w.id from before_it b cross join lateral private.waits_for(b.id) w (id)
        )
        select 1 from before_it where id = new.id
    ) then
        perform private.refuse('CG422', 'unlock_circle', 'This would make a circle: each part would wait for the other.');
    end if;
    return null;
end
$$;
comment on function private.refuse_unlock_circle() is 'Trigger: refuses unlock_after references that go round in a circle, also through modules.';
create constraint trigger lessons_unlock_without_circle
    after insert or update of unlock_after_lesson_id, module_id, require_completion on public.lessons
    for each row execute function private.refuse_unlock_circle();
create constraint trigger modules_unlock_without_circle after insert or update of unlock_after_module_id on public.course_modules
    for each row when (new.unlock_after_module_id is not null) execute function private.refuse_unlock_circle();

-- Counters and search --------------------------------------------------------------------------------------

create function private.hold_requirements(p_course uuid, p_change boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    select case when p_change
        then pg_advisory_xact_lock(hashtextextended('requirements:' || p_course::text, 0))
        else pg_advisory_xact_lock_shared(hashtextextended('requirements:' || p_course::text, 0))
    end
$$;
comment on function private.hold_requirements(uuid, boolean) is
    'Until the commit: completions of a course share a lock that a change of what it requires holds alone, so that neither misses the other. '
    'Taken before any row of enrollments or courses.';

create function private.count_required_lessons() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(coalesce(new.course_id, old.course_id), true);
    if tg_op <> 'INSERT' and old.require_completion then
        update public.courses set required_lessons = required_lessons - 1 where id = old.course_id;
    end if;
    if tg_op <> 'DELETE' and new.require_completion then
        update public.courses set required_lessons = required_lessons + 1 where id = new.course_id;
    end if;
    return null;
end
$$;
comment on function private.count_required_lessons() is 'Trigger: keeps courses.required_lessons by the difference.';
create trigger trigger_count_required_lessons after insert or delete on public.lessons
    for each row execute function private.count_required_lessons();
create trigger trigger_recount_required_lessons after update of require_completion, course_id on public.lessons
    for each row when (old.require_completion is distinct from new.require_completion or old.course_id is distinct from new.course_id)
    execute function private.count_required_lessons();

create function public.search_courses(p_query text)
returns table (course_id uuid, rank real)
language sql stable security definer set search_path = pg_catalog, pg_temp
set pg_trgm.word_similarity_threshold = 0.38
as $$
    -- Trigram operators are not leakproof, so under row-level security no index would serve them: this function
    -- is the definer and applies the filter of the public catalogue itself. Each word is forgiven its own typing errors:
    -- 0.38 still finds a word of six letters of which one is wrong. Left out is what matches fewer words than another
    -- course does or is much less near than the nearest: a word typed well does not bring its neighbours. A title counts
    -- 1.3 times, so that it comes first without pushing out a course whose description has the very word.
    with words as (
        select distinct w.word
        from regexp_split_to_table(private.fold(left(btrim(p_query), 200)), '[[:space:][:punct:]]+') as w (word)
        where w.word <> ''
    ), telling as (
        -- Words such as "of" and "the" say little beside a longer one.
        select word from words
        where length(word) > 3 or not exists (select 1 from words where length(word) > 3)
        order by length(word) desc, word limit 8
    ), found as (
        select c.id, count(*) as hits, sum(greatest(
            extensions.word_similarity(t.word, private.fold(c.title)) * 1.3,
            extensions.word_similarity(t.word, c.search_text)
        )) / (select count(*) from telling) as rank
        from telling t
        join public.courses c on c.status = 'published'
            and (t.word operator(extensions.<%) c.search_text or c.search_text like '%' || t.word || '%')
        group by c.id
    ), compared as (
        select f.*, max(f.hits) over () as most_hits, max(f.rank) over () as best from found f
    )
    select p.id, p.rank::real from compared p where p.hits = p.most_hits and p.rank >= p.best * 0.7
$$;
comment on function public.search_courses(text) is 'Published courses that match the most words of a query, typing errors forgiven, with a rank (higher is nearer).';
grant execute on function public.search_courses(text) to anon, authenticated, service_role;

-- The catalogue's pages are cached until this number moves; counters of enrollments do not move it.
create table private.catalogue_version (
    only_one boolean primary key default true check (only_one),
    version bigint not null default 1
);
comment on table private.catalogue_version is 'One row. Moves when anything that the catalogue shows has changed.';
insert into private.catalogue_version default values;
alter table private.catalogue_version enable row level security;

create function private.move_catalogue_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update private.catalogue_version set version = version + 1;
    perform pg_notify('collegium_catalogue_changed', '');
    return null;
end
$$;
comment on function private.move_catalogue_version() is 'Trigger: says that cached catalogue pages are old.';
create trigger catalogue_courses_added after insert or delete on public.courses
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_courses_changed after update of title, slug, description, short_description, learning_objectives,
    target_audience, tags, category, difficulty_level, ce_credits, pricing_type, price, member_price, currency, delivery_format,
    estimated_duration_minutes, status, instructor_id, thumbnail_url, allow_enrollment, enrollment_start_date, enrollment_end_date,
    course_start_date, course_end_date, completion_certificate
    on public.courses
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_modules_changed after insert or update or delete on public.course_modules
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_lessons_changed after insert or update or delete on public.lessons
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_videos_changed after insert or update of duration, lesson_id or delete on public.lesson_videos
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_instructors_changed after insert or update or delete on public.instructor_profiles
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_teams_changed after insert or update or delete on public.course_instructors
    for each statement execute function private.move_catalogue_version();

create function private.current_catalogue_version() returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select version from private.catalogue_version $$;
comment on function private.current_catalogue_version() is 'The number that cached catalogue pages are kept under.';
grant execute on function private.current_catalogue_version() to anon, authenticated, service_role;

alter table public.courses enable row level security;
alter table public.course_instructors enable row level security;
alter table public.course_modules enable row level security;
alter table public.lessons enable row level security;
alter table public.content_blocks enable row level security;
alter table public.lesson_videos enable row level security;
revoke all on public.courses, public.course_instructors, public.course_modules, public.lessons, public.content_blocks,
    public.lesson_videos from anon, authenticated, service_role;
grant select, insert, update, delete on public.courses, public.course_instructors, public.course_modules, public.lessons,
    public.content_blocks, public.lesson_videos to service_role;
