-- A portion of a regrade finds its rows by their keys. Of a question that 100,000 attempts were asked, a portion of a thousand was joined
-- with the whole tables, a hundred times over.
-- Rollback: alter function … reset enable_seqscan.
alter function private.regrade_attempts(uuid, uuid[], text, uuid, boolean, uuid) set enable_seqscan = off;
alter function private.log_grade_changes(uuid[]) set enable_seqscan = off;
