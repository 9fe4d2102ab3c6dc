# The least a process needs: its secrets, the database, and what its grants name, each on the one resource.
resource "google_secret_manager_secret_iam_member" "main" {
  for_each = var.secrets

  project   = var.project
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.main.member
}

resource "google_project_iam_member" "database" {
  project = var.project
  role    = "roles/cloudsql.client"
  member  = google_service_account.main.member
}

resource "google_pubsub_topic_iam_member" "publish" {
  for_each = toset(contains(var.grants, "publish") ? var.resources.topics : [])

  project = var.project
  topic   = each.value
  role    = "roles/pubsub.publisher"
  member  = google_service_account.main.member
}

resource "google_storage_bucket_iam_member" "lake" {
  for_each = toset([for one in var.grants : one if startswith(one, "lake_")])

  bucket = var.resources.bucket
  role   = each.value == "lake_write" ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = google_service_account.main.member
}

resource "google_bigquery_dataset_iam_member" "warehouse" {
  for_each = toset([for one in var.grants : one if startswith(one, "warehouse_")])

  project    = var.project
  dataset_id = var.resources.dataset
  role       = each.value == "warehouse_write" ? "roles/bigquery.dataEditor" : "roles/bigquery.dataViewer"
  member     = google_service_account.main.member
}

resource "google_bigquery_dataset_iam_member" "views" {
  count = contains(var.grants, "warehouse_read") ? 1 : 0

  project    = var.project
  dataset_id = var.resources.dataset
  role       = var.resources.maker
  member     = google_service_account.main.member
}

resource "google_project_iam_member" "warehouse_jobs" {
  for_each = toset(anytrue([for one in var.grants : startswith(one, "warehouse_")]) ? ["roles/bigquery.jobUser"] : [])

  project = var.project
  role    = each.value
  member  = google_service_account.main.member
}

# Signed URLs of results are signed by the service's own identity, without a key file.
resource "google_service_account_iam_member" "signs" {
  for_each = toset(contains(var.grants, "sign_urls") ? ["roles/iam.serviceAccountTokenCreator"] : [])

  service_account_id = google_service_account.main.name
  role               = each.value
  member             = google_service_account.main.member
}
