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

  depends_on = [google_service_account_iam_member.push_tokens]
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

  depends_on = [module.warehouse, google_service_account_iam_member.event_writer]
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
