mock_provider "google" {}

variables {
  project      = "a-project"
  name         = "push_event.crawl.failed"
  topic        = "projects/a-project/topics/crawl.failed"
  endpoint     = "https://push-event.example"
  push_account = "headrace-push@a-project.iam.gserviceaccount.com"
  pubsub_agent = "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
  doorbell     = false
  labels       = {}

  dead_letter_topic = "projects/a-project/topics/dead-letters"
}

run "pushes_events_as_they_are" {
  assert {
    condition     = google_pubsub_subscription.main.push_config[0].no_wrapper[0].write_metadata
    error_message = "A push is the CloudEvent itself, in binary mode."
  }
  assert {
    condition     = google_pubsub_subscription.main.push_config[0].oidc_token[0].service_account_email == var.push_account
    error_message = "A push carries the push account's token."
  }
  assert {
    condition     = google_pubsub_subscription.main.push_config[0].oidc_token[0].audience == var.endpoint
    error_message = "The token is for this function only."
  }
  assert {
    condition     = google_pubsub_subscription.main.ack_deadline_seconds == 600
    error_message = "A function may take nine minutes."
  }
}

run "sets_aside_what_nobody_acknowledges" {
  assert {
    condition     = google_pubsub_subscription.main.dead_letter_policy[0].dead_letter_topic == var.dead_letter_topic
    error_message = "What fails twenty times is a dead letter."
  }
  assert {
    condition     = google_pubsub_subscription_iam_member.dead_letters[0].member == var.pubsub_agent && google_pubsub_subscription_iam_member.dead_letters[0].role == "roles/pubsub.subscriber"
    error_message = "Pub/Sub must be able to take dead letters off the subscription."
  }
}

run "forgets_doorbells" {
  variables {
    doorbell = true
  }
  assert {
    condition     = length(google_pubsub_subscription.main.dead_letter_policy) == 0
    error_message = "A lost doorbell costs one tick; it is no dead letter."
  }
  assert {
    condition     = google_pubsub_subscription.main.message_retention_duration == "600s"
    error_message = "A doorbell is worth nothing after the next tick."
  }
}
