-- shop.orders for one day: each receipt once, by its last transmission, with the customer where the app knows one.
-- A model is one query in Spark SQL; martgate runs it on DuckDB or Spark. :part_date is the day that is built.
WITH last_transmission AS (
  SELECT
    receipt_id,
    sent_at,
    TRIM(store) AS store,
    customer_id,
    status,
    cups,
    total,
    ROW_NUMBER() OVER (PARTITION BY receipt_id ORDER BY sent_at DESC) AS place
  FROM till.receipts
  WHERE part_date = :part_date
),

customers AS (
  SELECT customer_id, TRIM(email) AS email, level
  FROM app.customers
  WHERE part_date = :part_date
)

SELECT
  r.receipt_id AS order_id,
  r.sent_at AS ordered_at,
  r.store,
  CASE WHEN r.store IN ('HARBOUR', 'MARKET') THEN 'Hamburg' ELSE 'Bremen' END AS city,
  c.customer_id,
  c.email,
  COALESCE(c.level, 'NONE') AS level,
  r.status,
  r.cups,
  CASE WHEN r.status = 'CANCELLED' THEN 0 ELSE r.total END AS amount,
  CAST(:run_timestamp AS TIMESTAMP) AS built_at,
  :part_date AS part_date
FROM last_transmission r
LEFT JOIN customers c ON c.customer_id = r.customer_id
WHERE r.place = 1
