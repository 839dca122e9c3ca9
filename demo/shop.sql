-- The demo's schema: a small shop with enough rows to see that none is lost.

CREATE TYPE order_state AS ENUM ('open', 'paid', 'shipped', 'cancelled');

CREATE DOMAIN email_address AS text CHECK (VALUE LIKE '%_@_%');

CREATE TABLE customers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    email      email_address NOT NULL UNIQUE,
    country    char(2) NOT NULL DEFAULT 'DE',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE products (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku   text NOT NULL UNIQUE,
    title text NOT NULL,
    price numeric(10, 2) NOT NULL CHECK (price >= 0)
);

CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    customer_id bigint NOT NULL REFERENCES customers,
    state       order_state NOT NULL DEFAULT 'open',
    placed_on   date NOT NULL,
    PRIMARY KEY (id, placed_on)
) PARTITION BY RANGE (placed_on);

CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

CREATE INDEX orders_customer_idx ON orders (customer_id);

CREATE TABLE order_items (
    order_id   bigint NOT NULL,
    placed_on  date NOT NULL,
    product_id bigint NOT NULL REFERENCES products,
    quantity   integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, placed_on, product_id),
    FOREIGN KEY (order_id, placed_on) REFERENCES orders (id, placed_on)
);

CREATE FUNCTION order_total(wanted bigint) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(sum(i.quantity * p.price), 0)
    FROM order_items i JOIN products p ON p.id = i.product_id
    WHERE i.order_id = wanted
$$;

CREATE VIEW open_orders AS
SELECT o.id, c.name AS customer, o.placed_on, order_total(o.id) AS total
FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE o.state IN ('open', 'paid');

CREATE MATERIALIZED VIEW sales_by_country AS
SELECT c.country, count(*) AS orders
FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY c.country;

COMMENT ON TABLE customers IS 'Who buys';
COMMENT ON COLUMN customers.country IS 'ISO 3166-1 alpha-2';

INSERT INTO customers (name, email, country)
SELECT 'Customer ' || n, 'customer' || n || '@example.org', (ARRAY['DE', 'FR', 'IN', 'BR'])[1 + n % 4]
FROM generate_series(1, 20000) n;

INSERT INTO products (sku, title, price)
SELECT 'SKU-' || n, 'Product ' || n, (n % 97) + 0.99
FROM generate_series(1, 500) n;

INSERT INTO orders (customer_id, state, placed_on)
SELECT 1 + n % 20000, (enum_range(NULL::order_state))[1 + n % 4], date '2025-01-01' + n % 700
FROM generate_series(1, 15000) n;

INSERT INTO order_items (order_id, placed_on, product_id, quantity)
SELECT id, placed_on, 1 + id % 500, 1 + id % 3 FROM orders;

REFRESH MATERIALIZED VIEW sales_by_country;
