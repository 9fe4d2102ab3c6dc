# A push subscription of a function. What it refuses for good ends in a topic that is read: `<name>.dead`.
resource "google_pubsub_subscription" "main" {
  project = var.project
  name    = var.name
  topic   = var.topic
  labels  = var.labels

  ack_deadline_seconds       = 600
  message_retention_duration = var.doorbell ? "600s" : "604800s"
  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  push_config {
    push_endpoint = "${var.endpoint}/"
    oidc_token {
      service_account_email = var.push_account
      audience              = var.endpoint
    }
    no_wrapper {
      write_metadata = true
    }
  }

  retry_policy {
    minimum_backoff = var.doorbell ? "1s" : "10s"
    maximum_backoff = var.doorbell ? "60s" : "600s"
  }

  dynamic "dead_letter_policy" {
    for_each = google_pubsub_topic.dead
    content {
      dead_letter_topic     = dead_letter_policy.value.id
      max_delivery_attempts = 20
    }
  }
}

resource "google_pubsub_topic" "dead" {
  count = var.doorbell ? 0 : 1

  project = var.project
  name    = "${var.name}.dead"
  labels  = var.labels
}

# Without a subscription a dead letter would be lost.
resource "google_pubsub_subscription" "dead" {
  count = var.doorbell ? 0 : 1

  project = var.project
  name    = "${var.name}.dead"
  topic   = google_pubsub_topic.dead[0].id
  labels  = var.labels

  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "dead" {
  count = var.doorbell ? 0 : 1

  project = var.project
  topic   = google_pubsub_topic.dead[0].name
  role    = "roles/pubsub.publisher"
  member  = var.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead" {
  count = var.doorbell ? 0 : 1

  project      = var.project
  subscription = google_pubsub_subscription.main.name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}
