SELECT competitor, count(*) AS posts, sum(CAST(record ->> 'likes' AS BIGINT)) AS likes
FROM records
WHERE crawl_id IN ($crawl_ids) AND NOT is_error
GROUP BY competitor
ORDER BY likes DESC
