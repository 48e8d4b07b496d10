alter view public.video_completion reset (security_invoker);
