-- A snapshot that nothing needs any more is given to no new operation, and goes when those that may
-- still be cloning it are over.

alter table pleach.snapshot add column retired boolean not null default false;
