resource "google_pubsub_topic" "main" {
  for_each = local.topics

  project = var.project
  name    = each.key
  labels  = local.labels

  # A doorbell is worth nothing once the next tick has come; an event can be replayed for a week.
  message_retention_duration = contains(local.events, each.key) ? "604800s" : "600s"

  depends_on = [google_project_service.main]
}

module "subscription" {
  source   = "../subscription"
  for_each = local.subscriptions

  project      = var.project
  name         = each.key
  topic        = google_pubsub_topic.main[each.value.topic].id
  endpoint     = module.function[each.value.function].uri
  push_account = google_service_account.push.email
  pubsub_agent = local.pubsub_agent
  doorbell     = contains(local.doorbells, each.value.topic)
  labels       = local.labels

  dead_letter_topic = google_pubsub_topic.dead_letters.id

  depends_on = [google_service_account_iam_member.push_tokens]
}

# What nobody acknowledged: functions/keep_dead_letters reads it each minute and lists it, so that it can be replayed.
resource "google_pubsub_topic" "dead_letters" {
  project = var.project
  name    = "dead-letters"
  labels  = local.labels

  depends_on = [google_project_service.main]
}

# Without a subscription a dead letter would be lost.
resource "google_pubsub_subscription" "dead_letters" {
  project = var.project
  name    = "dead-letters"
  topic   = google_pubsub_topic.dead_letters.id
  labels  = local.labels

  ack_deadline_seconds       = 10
  message_retention_duration = "2678400s" # a month, the longest
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = var.project
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  project      = var.project
  subscription = google_pubsub_subscription.dead_letters.name
  role         = "roles/pubsub.subscriber"
  member       = module.function["keep_dead_letters"].account
}

# Who replays looks first which topic a subscription has.
resource "google_pubsub_subscription_iam_member" "replays" {
  for_each = merge(
    { for name, one in local.subscriptions : name => module.subscription[name].name if contains(local.events, one.topic) },
    { for one in google_pubsub_subscription.warehouse : one.name => one.name },
  )

  project      = var.project
  subscription = each.value
  role         = "roles/pubsub.viewer"
  member       = module.face["jobs"].account
}

# Every event, as it was published, also stands in the warehouse.
resource "google_pubsub_subscription" "warehouse" {
  for_each = local.events

  project = var.project
  name    = "warehouse.${each.key}"
  topic   = google_pubsub_topic.main[each.key].id
  labels  = local.labels

  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
  bigquery_config {
    table                 = module.warehouse.messages_table
    write_metadata        = true
    service_account_email = google_service_account.event_writer.email
  }
  # Hundred tries are most of a day: long enough for BigQuery to come back.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }

  # Pub/Sub looks first whether its account may write there, and makes no subscription otherwise.
  depends_on = [
    module.warehouse,
    google_bigquery_dataset_iam_member.event_writer,
    google_service_account_iam_member.event_writer,
  ]
}

# What BigQuery refuses for good Pub/Sub takes off here.
resource "google_pubsub_subscription_iam_member" "warehouse" {
  for_each = google_pubsub_subscription.warehouse

  project      = var.project
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_cloud_scheduler_job" "tick" {
  project  = var.project
  region   = var.region
  name     = "tick"
  schedule = "* * * * *"

  pubsub_target {
    topic_name = google_pubsub_topic.main["tick"].id
    data       = base64encode("{}")
  }
}
