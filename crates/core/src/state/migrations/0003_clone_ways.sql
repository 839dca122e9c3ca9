-- How each warm clone was made, to be told to whoever gets it.

alter table pleach.warm add column way text not null default 'unknown';
