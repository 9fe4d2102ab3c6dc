output "name" {
  description = "The subscription's name."
  value       = google_pubsub_subscription.main.name
}
