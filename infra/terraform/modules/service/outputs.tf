output "uri" {
  description = "Address of the service."
  value       = google_cloud_run_v2_service.main.uri
}

output "name" {
  description = "Cloud Run's name of it."
  value       = google_cloud_run_v2_service.main.name
}

output "account" {
  description = "Its service account, as a member."
  value       = google_service_account.main.member
}

output "runs" {
  description = "The image it runs, and its room."
  value       = { image = var.image, limits = local.limits }
}
