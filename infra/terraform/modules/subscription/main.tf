# A push subscription of a function, as infra/gcp/pubsub makes it where there is no Terraform.
resource "google_pubsub_subscription" "main" {
  project = var.project
  name    = var.name
  topic   = var.topic
  labels  = var.labels

  # A replayed message is for one subscription; all others pass it over.
  filter = "NOT attributes:\"headrace-for\" OR attributes.\"headrace-for\" = \"${var.name}\""

  ack_deadline_seconds       = 600
  message_retention_duration = var.doorbell ? "600s" : "604800s"
  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  push_config {
    push_endpoint = var.endpoint
    oidc_token {
      service_account_email = var.push_account
      audience              = var.endpoint
    }
    no_wrapper {
      write_metadata = true
    }
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "600s"
  }

  dynamic "dead_letter_policy" {
    for_each = var.doorbell ? [] : [var.dead_letter_topic]
    content {
      dead_letter_topic     = dead_letter_policy.value
      max_delivery_attempts = 20
    }
  }
}

# What it refuses for good Pub/Sub takes off here, to put it among the dead letters.
resource "google_pubsub_subscription_iam_member" "dead_letters" {
  count = var.doorbell ? 0 : 1

  project      = var.project
  subscription = google_pubsub_subscription.main.name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}
