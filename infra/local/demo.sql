SELECT competitor, count(*) AS posts, sum(CAST(JSON_VALUE(record, '$$.likes') AS INT64)) AS likes
FROM records
WHERE crawl_id IN ($crawl_ids) AND NOT is_error
GROUP BY competitor
ORDER BY likes DESC
