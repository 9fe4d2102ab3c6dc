output "dataset" {
  description = "Id of the dataset."
  value       = google_bigquery_dataset.main.dataset_id
}

output "messages_table" {
  description = "The table that Pub/Sub writes to, as project.dataset.table."
  value       = "${google_bigquery_table.messages.project}.${google_bigquery_table.messages.dataset_id}.${google_bigquery_table.messages.table_id}"
}
