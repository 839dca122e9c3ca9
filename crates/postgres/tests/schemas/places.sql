-- What lies in a tablespace of its own; the test makes the tablespace `elsewhere`.
CREATE TABLE public.far (a integer, b text, PRIMARY KEY (a) USING INDEX TABLESPACE elsewhere) TABLESPACE elsewhere;
CREATE INDEX far_b ON public.far (b) TABLESPACE elsewhere;
CREATE MATERIALIZED VIEW public.seen TABLESPACE elsewhere AS SELECT a FROM public.far;
CREATE TABLE public.parts (a integer) PARTITION BY LIST (a) TABLESPACE elsewhere;
