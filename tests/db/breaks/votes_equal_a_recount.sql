insert into public.review_votes (review_id, member_id, is_helpful) values (%(review)s, %(owner)s, true);
