locals {
  resources = {
    topics  = [for topic in google_pubsub_topic.main : topic.name]
    bucket  = google_storage_bucket.lake.name
    dataset = module.warehouse.dataset
    maker   = google_project_iam_custom_role.table_maker.id
  }

  # Whoever commits something also publishes it, and whoever starts makes sure that the lake is the database's own.
  everybody = ["publish", "lake_read"]
  grants = {
    crawling       = ["sign_urls", "warehouse_read"]
    intake         = ["lake_write", "warehouse_read"]
    jobs           = ["warehouse_read"]
    capture_page   = ["lake_write"]
    clean_up       = ["lake_write", "warehouse_write"]
    crawl_site     = ["lake_write"]
    erase_crawl    = ["lake_write", "warehouse_write"]
    erase_dataset  = ["lake_write", "warehouse_write"]
    import_file    = ["lake_write"]
    load_datasets  = ["lake_write", "warehouse_write"]
    load_warehouse = ["lake_write", "warehouse_write"]
    process_media  = ["lake_write"]
    store_snapshot = ["lake_write"]
  }

  # Secrets that are not everybody's, and who reads them.
  ask_providers = ["cancel_snapshot", "crawling", "poll_crawls", "store_snapshot", "submit_crawl"]
  tell_people   = ["deliver_alert", "sweep"]
  secret_readers = {
    BRIGHT_DATA_API_TOKEN         = local.ask_providers
    FIRECRAWL_API_KEY             = local.ask_providers
    FIRECRAWL_WEBHOOK_SECRET      = ["crawling"]
    HEADRACE_ALERT_WEBHOOK_SECRET = local.tell_people
    HEADRACE_SMTP_URL             = local.tell_people
    OPENAI_API_KEY                = ["capture_page", "process_document"]
  }
}

# Whoever asks the warehouse first makes its views, and changes nothing else there.
resource "google_project_iam_custom_role" "table_maker" {
  project     = var.project
  role_id     = "headraceTableMaker"
  title       = "Headrace: makes tables and views that are missing"
  permissions = ["bigquery.tables.create"]

  depends_on = [google_project_service.main]
}

# Pub/Sub calls functions with tokens of this identity, and of no other.
resource "google_service_account" "push" {
  project      = var.project
  account_id   = "headrace-push"
  display_name = "Headrace: pushes of Pub/Sub"
}

resource "google_service_account_iam_member" "push_tokens" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent

  depends_on = [google_project_service.main] # before, there is no such agent
}

resource "google_service_account" "event_writer" {
  project      = var.project
  account_id   = "headrace-event-writer"
  display_name = "Headrace: published events into the warehouse"
}

resource "google_service_account_iam_member" "event_writer" {
  service_account_id = google_service_account.event_writer.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent

  depends_on = [google_project_service.main] # see above
}

resource "google_bigquery_dataset_iam_member" "event_writer" {
  project    = var.project
  dataset_id = module.warehouse.dataset
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.event_writer.member
}
