-- Data steps that wait for a branch's next commit.

alter table pleach.branch add column waiting jsonb not null default '[]';
