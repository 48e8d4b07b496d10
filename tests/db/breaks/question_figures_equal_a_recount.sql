insert into private.question_moves (question_version_id, asked) values (%(question_version)s, 1);
