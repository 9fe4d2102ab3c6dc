locals {
  run          = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=one_of(${join(",", formatlist("\"%s\"", sort(var.services)))})"
  subscription = "resource.type=\"pubsub_subscription\""
  database     = "resource.type=\"cloudsql_database\" AND resource.labels.database_id=\"${var.project}:${var.database}\""

  # title → what is measured, above which value, for how long, how it is put together, and what helps
  policies = {
    "A subscription is not served" = {
      filter   = "${local.subscription} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      above    = 900
      duration = "300s"
      aligner  = "ALIGN_MAX"
      reducer  = "REDUCE_MAX"
      groups   = ["resource.labels.subscription_id"]
      help     = "Its function fails or is missing: look at the logs of the Cloud Run service of that name."
    }
    "Dead letters are not kept" = {
      filter   = "${local.subscription} AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=\"${var.dead_letters}\""
      above    = 0
      duration = "600s"
      aligner  = "ALIGN_MAX"
      reducer  = "REDUCE_MAX"
      groups   = ["resource.labels.subscription_id"]
      help     = "keep_dead_letters does not read them: look at its log. Kept ones are listed by GET /api/background/dead-letters."
    }
    "Services answer with errors" = {
      filter   = "${local.run} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      above    = 0.2
      duration = "300s"
      aligner  = "ALIGN_RATE"
      reducer  = "REDUCE_SUM"
      groups   = ["resource.labels.service_name"]
      help     = "More than 12 failures a minute: look at the service's error log."
    }
    # A doorbell is given up before it is old enough for the alert above; while its function fails, nine tries a minute
    # do. Refused pushes are not counted: a busy function refuses many with 429, and loses nothing.
    "A service goes on failing" = {
      filter   = "${local.run} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      above    = 0.05
      duration = "900s"
      aligner  = "ALIGN_RATE"
      reducer  = "REDUCE_SUM"
      groups   = ["resource.labels.service_name"]
      help     = "More than three failures a minute for a quarter of an hour: it does not start, or fails each time. Look at its error log."
    }
    "The database works at its limit" = {
      filter   = "${local.database} AND metric.type=\"cloudsql.googleapis.com/database/cpu/utilization\""
      above    = 0.85
      duration = "900s"
      aligner  = "ALIGN_MEAN"
      reducer  = "REDUCE_MAX"
      groups   = ["resource.labels.database_id"]
      help     = "Look at the slowest statements in query insights; then take a larger tier."
    }
    "The database runs out of connections" = {
      filter   = "${local.database} AND metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\""
      above    = floor(0.8 * var.connections)
      duration = "300s"
      aligner  = "ALIGN_MAX"
      reducer  = "REDUCE_SUM"
      groups   = ["resource.labels.database_id"]
      help     = "Terraform holds all instances below the limit: look for somebody else's sessions."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  project      = var.project
  display_name = "Headrace ${var.environment}"
  type         = "email"
  labels       = { email_address = var.email }
}

resource "google_monitoring_alert_policy" "main" {
  for_each = local.policies

  project               = var.project
  display_name          = "Headrace ${var.environment}: ${each.key}"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = each.key
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.duration
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.groups
      }
    }
  }
  documentation {
    content   = each.value.help
    mime_type = "text/markdown"
  }
}

# No tick, no polls: the sweep is called every minute.
resource "google_monitoring_alert_policy" "tick" {
  project               = var.project
  display_name          = "Headrace ${var.environment}: The clock stands still"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "The sweep was not called"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"sweep\" AND metric.type=\"run.googleapis.com/request_count\""
      duration = "600s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  # Pushes that Cloud Run itself refuses, for want of a right, are no failures of the service. A round takes 540 s.
  conditions {
    display_name = "A function acknowledges no tick"
    condition_absent {
      filter   = "${local.subscription} AND resource.labels.subscription_id=monitoring.regex.full_match(\".*[.]tick\") AND metric.type=\"pubsub.googleapis.com/subscription/push_request_count\" AND metric.labels.response_class=\"ack\""
      duration = "1800s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.subscription_id"]
      }
    }
  }
  documentation {
    content   = "Look whether the Cloud Scheduler job `tick` is paused, at the log of the service that the subscription's name begins with, and whether the account of the pushes may still call it."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_uptime_check_config" "main" {
  count = var.domain == null ? 0 : 1

  project      = var.project
  display_name = "Headrace ${var.environment}"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/docs" # paths that end with z, as /livez does, Google may keep to itself
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.domain }
  }
}

resource "google_monitoring_alert_policy" "origin" {
  count = var.domain == null ? 0 : 1

  project               = var.project
  display_name          = "Headrace ${var.environment}: The origin cannot be reached"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "Two places or more get no answer"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.main[0].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.labels.host"]
      }
    }
  }
  documentation {
    content   = "Look whether the domain's A record and certificate are right, and at the log of the service `jobs`."
    mime_type = "text/markdown"
  }
}

# Budgets are another product's, which is asked for only where there is one.
resource "google_project_service" "budgets" {
  count = var.budget == null ? 0 : 1

  project            = var.project
  service            = "billingbudgets.googleapis.com"
  disable_on_destroy = false # others may use it
}

data "google_project" "main" {
  project_id = var.project
}

resource "google_billing_budget" "main" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "Headrace ${var.environment}"
  budget_filter {
    projects = ["projects/${data.google_project.main.number}"] # what is kept; an id would differ for ever
  }
  amount {
    specified_amount {
      units = floor(var.budget.amount)
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.email.id]
  }

  depends_on = [google_project_service.budgets]
}
