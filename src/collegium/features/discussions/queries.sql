-- name: reviewed_course as anon
-- A course by its address, for those who see it, with its mean rating.
select c.id, c.slug, c.title, c.avg_rating, c.total_reviews from public.courses c where c.slug = $1;

-- name: read_reviews as anon
-- One page of approved reviews in an order, after the place where the last page ended.
select r.id, r.author, r.rating, r.title, r.review_text, r.is_featured, r.helpful_count, r.not_helpful_count, r.created_at,
    r.mine, r.my_vote
from public.read_reviews($1, $2, $3, $4, $5, $6, $7, $8, $9) r;

-- name: count_ratings as anon
-- How many approved reviews gave how many stars.
select r.rating, r.reviews from public.count_ratings($1) r;

-- name: my_review
-- One's own review of a course, and what decides whether one can be written.
select m.id, m.rating, m.title, m.review_text, m.is_approved, m.moderated_at, m.moderation_reason, m.created_at, m.enrolled,
    m.teaches, m.done, m.needed
from public.my_review($1) m;

-- name: write_review
-- Writes or changes one's own review.
select public.write_review($1, $2, $3, $4);

-- name: withdraw_review
-- Takes one's own review back.
delete from public.course_reviews where course_id = $1 and member_id = (select auth.uid()) returning id;

-- name: vote
-- Says that a review is helpful or not, or takes that back.
select public.vote_on_review($1, $2);

-- name: reviews_to_moderate
-- Reviews about which the person who asks decides, after a place.
select r.id, r.course_id, r.course_title, r.slug, r.author, r.rating, r.title, r.review_text, r.created_at, r.moderated_at,
    r.is_approved, r.is_featured, r.moderation_reason, r.helpful_count, r.by_office
from public.list_reviews_to_moderate($1, $2, $3, $4, $5) r;

-- name: moderate_review
-- Approves a review, turns it down for a reason, or features it.
select public.moderate_review($1, $2, $3, $4);

-- name: rules_of_course
-- What a team sets about reviews and the forum of its course.
select c.review_after_percent, c.enable_discussion_forum from public.courses c where c.id = $1;

-- name: set_review_share
-- Sets after which share of a course its learners can review it.
update public.courses set review_after_percent = $2 where id = $1 returning id;

-- name: set_forum
-- Turns the forum of a course on or off.
update public.courses set enable_discussion_forum = $2 where id = $1 returning id;

-- name: see_forum
-- The forum of a course by its address, and what the person who asks is in it.
select f.course_id, f.slug, f.title, f.part, f.open_reports from public.see_forum($1) f;

-- name: list_discussions
-- One page of a forum, after the place where the last page ended, with what is new in each to the person who asks.
select d.id, d.lesson_id, d.lesson_title, d.title, d.author, d.mine, d.is_pinned, d.is_locked, d.is_answered, d.posts_count,
    d.last_post_at, d.created_at,
    case when r.seen_at is null then 'all' when r.seen_at < d.last_post_at then 'replies' end as unread
from public.list_discussions($1, $2, $3, $4, $5, $6, $7) d
left join public.discussion_reading r on r.discussion_id = d.id and r.member_id = (select auth.uid())
order by d.is_pinned desc, d.last_post_at desc, d.id desc;

-- name: see_posts
-- Notes that the person who asks saw everything that a discussion holds now.
select public.see_posts($1);

-- name: see_all_posts
-- Notes that nothing in a forum is new to the person who asks.
select public.see_all_posts($1);

-- name: see_discussion
-- A discussion without its posts.
select d.id, d.course_id, d.slug, d.course_title, d.lesson_id, d.lesson_title, d.title, d.mine, d.is_pinned, d.is_locked,
    d.answer_id, d.posts_count, d.part
from public.see_discussion($1) d;

-- name: read_discussion
-- One page of a discussion's posts, after the place where the last page ended.
select p.id, p.parent_id, p.author, p.mine, p.by_team, p.is_answer, p.body, p.created_at, p.edited_at, p.deleted, p.hidden,
    p.hidden_reason, p.reported, p.open_reports
from public.read_discussion($1, $2, $3, $4) p;

-- name: start_discussion
-- Begins a discussion with its first post.
select public.start_discussion($1, $2, $3, $4);

-- name: post_reply
-- Adds a post to a discussion.
select public.post_reply($1, $2, $3);

-- name: edit_post
-- Changes one's own post.
select public.edit_post($1, $2);

-- name: delete_post
-- Takes one's own post back.
select public.delete_post($1);

-- name: hide_post
-- Hides a post for a reason, or shows it again.
select public.hide_post($1, $2);

-- name: report_post
-- Asks the team to look at a post.
select public.report_post($1, $2);

-- name: settle_reports
-- Settles the reports of a post: with a reason it is hidden, without one it is kept.
select public.settle_reports($1, $2);

-- name: mark_answer
-- Marks a reply as the answer, or none.
select public.mark_answer($1, $2);

-- name: moderate_discussion
-- Pins or closes a discussion.
select public.moderate_discussion($1, $2, $3);

-- name: rename_discussion
-- Gives a discussion another title.
select public.rename_discussion($1, $2);

-- name: list_reports
-- One page of the reports of a course, after the place where the last page ended.
select r.id, r.post_id, r.discussion_id, r.discussion_title, r.author, r.body, r.post_state, r.reported_by, r.reason,
    r.created_at, r.settled_at, r.outcome
from public.list_reports($1, $2, $3, $4, $5) r;

-- name: lesson_title
-- The title of a lesson of a course that is open to the person who asks.
select l.title from public.lessons l where l.id = $2 and l.course_id = $1;
