update public.peer_review_states set received = 1 where submission_id = %(submission)s;
