output "connection_name" {
  description = "Name for Cloud SQL's connector."
  value       = google_sql_database_instance.main.connection_name
}

output "instance" {
  description = "Name of the instance."
  value       = google_sql_database_instance.main.name
}

output "url" {
  description = "HEADRACE_DATABASE_URL, through the socket that Cloud Run mounts."
  value       = "postgresql://${google_sql_user.main.name}:${random_password.main.result}@/${google_sql_database.main.name}?host=/cloudsql/${google_sql_database_instance.main.connection_name}"
  sensitive   = true
}
