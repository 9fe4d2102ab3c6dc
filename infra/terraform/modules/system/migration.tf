resource "google_service_account" "migration" {
  project      = var.project
  account_id   = "headrace-migration"
  display_name = "Headrace: migrations"
}

resource "google_project_iam_member" "migration" {
  project = var.project
  role    = "roles/cloudsql.client"
  member  = google_service_account.migration.member
}

resource "google_secret_manager_secret_iam_member" "migration" {
  project   = var.project
  secret_id = google_secret_manager_secret.database_url.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.migration.member
}

resource "google_storage_bucket_iam_member" "migration" {
  bucket = google_storage_bucket.lake.name
  role   = "roles/storage.objectUser"
  member = google_service_account.migration.member
}

# Run once a deployment, before the services that need the new schema (see cloudbuild.yaml).
resource "google_cloud_run_v2_job" "migration" {
  project             = var.project
  location            = var.region
  name                = "migration"
  labels              = local.labels
  deletion_protection = false

  template {
    template {
      service_account = google_service_account.migration.email
      max_retries     = 1 # all that is missing is applied in one transaction: a run that failed left nothing behind
      timeout         = "1800s"

      containers {
        image   = var.image
        command = ["headrace"]
        args    = ["migrate"]

        dynamic "env" {
          for_each = merge(local.environment, { HEADRACE_DATABASE_POOL = local.migration_pool })
          content {
            name  = env.key
            value = env.value
          }
        }
        env {
          name = "HEADRACE_DATABASE_URL"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.database_url.secret_id
              version = "latest"
            }
          }
        }
        volume_mounts {
          name       = "cloudsql"
          mount_path = "/cloudsql"
        }
      }

      volumes {
        name = "cloudsql"
        cloud_sql_instance {
          instances = [module.database.connection_name]
        }
      }
    }
  }

  # It is made alone before everything else (see cloudbuild.yaml), with no more than what it depends on.
  depends_on = [
    google_project_iam_member.migration,
    google_secret_manager_secret_iam_member.migration,
    google_secret_manager_secret_version.database_url,
    google_storage_bucket_iam_member.migration,
  ]
}
