data "google_project" "main" {
  project_id = var.project
}

locals {
  labels       = { app = "headrace", environment = var.environment }
  pubsub_agent = "serviceAccount:service-${data.google_project.main.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # A roll-out runs the old revision beside the new one for a while, and the migration comes on top.
  connections = 2 * (
    length(local.faces) * var.faces.max_instances * var.faces.pool
    + length(local.functions) * var.functions.max_instances * var.functions.pool
  ) + local.migration_pool
  migration_pool = 2
}

resource "google_project_service" "main" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
  ])

  project            = var.project
  service            = each.key
  disable_on_destroy = false # others may use it
}

module "database" {
  source = "../database"

  project            = var.project
  region             = var.region
  tier               = var.database.tier
  max_connections    = var.database.max_connections
  connections_wanted = local.connections
  standby            = var.database.standby
  protected          = var.protected
  labels             = local.labels

  depends_on = [google_project_service.main]
}

module "warehouse" {
  source = "../warehouse"

  project   = var.project
  region    = var.region
  tables    = "${local.generated}/warehouse"
  protected = var.protected
  labels    = local.labels

  depends_on = [google_project_service.main]
}

resource "google_storage_bucket" "lake" {
  project  = var.project
  name     = "${var.project}-headrace-lake"
  location = var.region
  labels   = local.labels

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  versioning {
    enabled = false # an object is never overwritten
  }
  # What is deleted by mistake comes back for a week where results were paid for. It costs: what was staged is kept and
  # paid for as long, so a result of over 8 MiB takes up to three times its size that week. Nothing between 0 and a week
  # is taken, nor less than the whole bucket, and objects are joined only within one.
  soft_delete_policy {
    retention_duration_seconds = var.protected ? 604800 : 0
  }
  lifecycle_rule {
    condition {
      age                   = var.result_days
      matches_storage_class = ["STANDARD"]
    }
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
  }
  # What a process that died was about to name; nobody works on one for longer than minutes.
  lifecycle_rule {
    condition {
      age            = 2
      matches_prefix = [".pending/"]
    }
    action {
      type = "Delete"
    }
  }
  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  depends_on = [google_project_service.main]
}

resource "google_secret_manager_secret" "database_url" {
  project   = var.project
  secret_id = "HEADRACE_DATABASE_URL"
  labels    = local.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.main]
}

resource "google_secret_manager_secret_version" "database_url" {
  secret      = google_secret_manager_secret.database_url.id
  secret_data = module.database.url
}

module "front" {
  source = "../front"
  count  = var.domain == null ? 0 : 1

  project  = var.project
  region   = var.region
  domain   = var.domain
  services = { for name, face in module.face : name => face.name }
  routes   = local.routes
  default  = "jobs"
}

module "watch" {
  source = "../watch"

  project      = var.project
  environment  = var.environment
  email        = var.alert_email
  domain       = var.domain
  budget       = var.budget
  dead_letters = google_pubsub_subscription.dead_letters.name
  services     = concat([for one in module.face : one.name], [for one in module.function : one.name])
  database     = module.database.instance
  connections  = var.database.max_connections

  depends_on = [google_project_service.main]
}
