-- What PostgreSQL 16 to 18 added.
CREATE TABLE shop.eighteen (
    id integer CONSTRAINT must_be_there NOT NULL,
    doubled integer GENERATED ALWAYS AS (id * 2) VIRTUAL,
    parent integer,
    big text STORAGE EXTERNAL,
    kept integer NOT NULL NO INHERIT,
    CONSTRAINT hopeful CHECK (id > 0) NOT ENFORCED
);
ALTER TABLE shop.eighteen ADD CONSTRAINT eighteen_key PRIMARY KEY (id);
ALTER TABLE shop.eighteen ADD CONSTRAINT loose FOREIGN KEY (parent) REFERENCES shop.eighteen NOT ENFORCED;
ALTER TABLE shop.eighteen ADD CONSTRAINT big_not_null NOT NULL big NOT VALID;
CREATE TABLE shop.bookings (
    room integer,
    during daterange,
    PRIMARY KEY (room, during WITHOUT OVERLAPS)
);
CREATE TABLE shop.guests (
    name text,
    room integer,
    during daterange,
    FOREIGN KEY (room, PERIOD during) REFERENCES shop.bookings (room, PERIOD during)
);
GRANT MAINTAIN ON shop.eighteen TO app_reader;
CREATE DOMAIN shop.named AS text CONSTRAINT always NOT NULL;
