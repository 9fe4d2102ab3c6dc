locals {
  # Kept free for Cloud SQL itself and for a person with psql.
  reserved = 10
}

resource "google_sql_database_instance" "main" {
  project             = var.project
  region              = var.region
  name                = "headrace"
  database_version    = "POSTGRES_17"
  deletion_protection = var.protected

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.tier
    availability_type           = var.standby ? "REGIONAL" : "ZONAL"
    disk_autoresize             = true
    deletion_protection_enabled = var.protected
    user_labels                 = var.labels

    ip_configuration {
      ipv4_enabled = true # reached through Cloud SQL's own connector only: no network is authorized
      ssl_mode     = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = var.protected
    }
    insights_config {
      query_insights_enabled = true
    }
    database_flags {
      name  = "max_connections"
      value = var.max_connections
    }
    # A forgotten transaction would hold back vacuum and the readers of the event log.
    database_flags {
      name  = "idle_in_transaction_session_timeout"
      value = "60000"
    }
  }

  lifecycle {
    precondition {
      condition     = var.connections_wanted <= var.max_connections - local.reserved
      error_message = "All instances together may hold ${var.connections_wanted} connections; ${var.max_connections} less ${local.reserved} are there. Lower max_instances or pool, or raise max_connections."
    }
  }
}

# PostgreSQL lets nobody drop a role that owns tables, or a database that is in use: both go with the instance.
resource "google_sql_database" "main" {
  project         = var.project
  instance        = google_sql_database_instance.main.name
  name            = "headrace"
  deletion_policy = "ABANDON"
}

resource "random_password" "main" {
  length  = 40
  special = false # it stands in a URL
}

resource "google_sql_user" "main" {
  project         = var.project
  instance        = google_sql_database_instance.main.name
  name            = "headrace"
  password        = random_password.main.result
  deletion_policy = "ABANDON"
}
