locals {
  service = replace(var.name, "_", "-")
  limits  = var.browser ? { cpu = "2", memory = "2Gi" } : { cpu = "1", memory = "1Gi" }
}

resource "google_service_account" "main" {
  project      = var.project
  account_id   = "headrace-${local.service}"
  display_name = "Headrace: ${var.name}"
}

resource "google_cloud_run_v2_service" "main" {
  project              = var.project
  location             = var.region
  name                 = local.service
  ingress              = var.ingress
  invoker_iam_disabled = !var.verified_by_platform
  deletion_protection  = false # it holds nothing

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "${var.timeout}s"
    max_instance_request_concurrency = var.concurrency
    # Chromium's sandbox wants a whole kernel.
    execution_environment = var.browser ? "EXECUTION_ENVIRONMENT_GEN2" : null

    scaling {
      min_instance_count = var.min_instances
      max_instance_count = var.max_instances
    }

    containers {
      image   = var.image
      command = [var.command[0]]
      args    = slice(var.command, 1, length(var.command))

      ports {
        container_port = 8080
      }
      resources {
        limits            = local.limits
        cpu_idle          = !var.cpu_between_requests
        startup_cpu_boost = true
      }
      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get {
          path = "/livez"
        }
      }
      liveness_probe {
        period_seconds    = 30
        failure_threshold = 3
        http_get {
          path = "/livez"
        }
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
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
        instances = [var.database]
      }
    }
  }

  # Without these it would start and fail: whoever opens the database compares it with the lake.
  depends_on = [
    google_project_iam_member.database,
    google_secret_manager_secret_iam_member.main,
    google_storage_bucket_iam_member.lake,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  count = var.verified_by_platform ? 1 : 0

  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.invoker"
  member   = var.invoker
}
