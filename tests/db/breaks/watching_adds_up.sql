update public.video_watching set seen[1] = played[1] + 1;
