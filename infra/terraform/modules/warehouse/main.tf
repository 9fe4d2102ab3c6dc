locals {
  stamp   = { name = "loaded_by", type = "STRING", mode = "REQUIRED", description = "The load that brought the row." }
  layouts = jsondecode(file("${var.tables}/../layout.json"))
  tables = { for name in fileset(var.tables, "*.json") : trimsuffix(name, ".json") => {
    schema = jsonencode(concat(jsondecode(file("${var.tables}/${name}")), [local.stamp]))
    layout = local.layouts[trimsuffix(name, ".json")]
  } }
}

resource "google_bigquery_dataset" "main" {
  project    = var.project
  dataset_id = "headrace"
  location   = var.region
  labels     = var.labels

  delete_contents_on_destroy = !var.protected
}

# Rows as they were loaded, as infra/gcp/bigquery would make them. It adds what it keeps beside them, the views that
# people ask, and later columns; it never removes any.
resource "google_bigquery_table" "rows" {
  for_each = local.tables

  project             = var.project
  dataset_id          = google_bigquery_dataset.main.dataset_id
  table_id            = "${each.key}_rows"
  schema              = each.value.schema
  clustering          = each.value.layout.clustering
  labels              = var.labels
  deletion_protection = var.protected

  time_partitioning {
    type  = "DAY"
    field = each.value.layout.partition
  }

  lifecycle {
    ignore_changes = [schema]
  }
}

# What Pub/Sub writes: each message as it came, now and then twice. The table `events` is filled from PostgreSQL instead,
# with days that leave it.
resource "google_bigquery_table" "messages" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.main.dataset_id
  table_id            = "event_messages"
  clustering          = ["subscription_name"]
  labels              = var.labels
  deletion_protection = var.protected
  schema = jsonencode([
    { name = "subscription_name", type = "STRING", mode = "NULLABLE", description = "warehouse. and the event's type" },
    { name = "message_id", type = "STRING", mode = "NULLABLE", description = "Pub/Sub's own; another one when published again" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE", description = "When Pub/Sub took it" },
    { name = "attributes", type = "JSON", mode = "NULLABLE", description = "The CloudEvent's, each with ce- before it" },
    { name = "data", type = "JSON", mode = "NULLABLE", description = "The event itself" },
  ])

  time_partitioning {
    type  = "DAY"
    field = "publish_time"
  }
}

resource "google_bigquery_table" "published_events" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.main.dataset_id
  table_id            = "published_events"
  labels              = var.labels
  deletion_protection = false # it holds nothing

  view {
    use_legacy_sql = false
    query          = <<-SQL
      SELECT
        JSON_VALUE(attributes, '$."ce-type"') AS type,
        JSON_VALUE(attributes, '$."ce-id"') AS id,
        JSON_VALUE(attributes, '$."ce-subject"') AS subject,
        TIMESTAMP(JSON_VALUE(attributes, '$."ce-time"')) AS time,
        publish_time,
        data
      FROM `${google_bigquery_table.messages.project}.${google_bigquery_table.messages.dataset_id}.${google_bigquery_table.messages.table_id}`
      QUALIFY ROW_NUMBER() OVER (
        PARTITION BY JSON_VALUE(attributes, '$."ce-source"'), JSON_VALUE(attributes, '$."ce-id"') ORDER BY publish_time
      ) = 1
    SQL
  }
}
