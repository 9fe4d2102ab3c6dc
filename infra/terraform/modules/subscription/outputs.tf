output "dead_letters" {
  description = "The subscription that holds dead letters; null for a doorbell."
  value       = one(google_pubsub_subscription.dead[*].name)
}
