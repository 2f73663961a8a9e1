-- What each store earned over some days, and with how many orders and cups
-- :from_date day: the first day
-- :to_date day: the last day
SELECT store, SUM(amount) AS revenue, COUNT(*) AS orders, SUM(cups) AS cups
FROM shop.orders
WHERE status = 'PAID'
AND part_date BETWEEN :from_date AND :to_date
GROUP BY store
ORDER BY store
