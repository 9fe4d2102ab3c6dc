mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789" }
  }
}

mock_provider "random" {}

variables {
  project     = "a-project"
  region      = "europe-west3"
  environment = "dev"
  image       = "europe-west3-docker.pkg.dev/a-project/headrace/headrace:abc"

  browser_image = "europe-west3-docker.pkg.dev/a-project/headrace/browser:abc"

  alert_email = "team@example.com"
  database    = { tier = "db-custom-1-3840", max_connections = 300, standby = false }
  faces       = { min_instances = 0, max_instances = 2, pool = 5 }
  functions   = { max_instances = 1, pool = 3 }
  protected   = false

  provider_secrets = ["BRIGHT_DATA_API_TOKEN", "HEADRACE_ALERT_EMAIL_TO"]
}

run "deploys_what_the_topology_names" {
  command = plan
  assert {
    condition     = tolist(keys(module.function)) == tolist(keys(jsondecode(file("../../../../schemas/generated/topology.json")).functions))
    error_message = "Every function is a service."
  }
  assert {
    condition     = tolist(keys(module.face)) == tolist(sort(jsondecode(file("../../../../schemas/generated/topology.json")).services))
    error_message = "Every face is a service."
  }
  assert {
    condition = alltrue(flatten([for one in values(jsondecode(file("../../../../schemas/generated/topology.json")).functions) :
    [for topic in concat(try(one.topics, []), try(one.doorbells, [])) : contains(keys(google_pubsub_topic.main), topic)]]))
    error_message = "Every topic that a function hears of exists."
  }
  assert {
    condition     = contains(keys(google_pubsub_topic.main), "data.ingestion.completed")
    error_message = "Every event has a topic, whoever hears of it."
  }
  assert {
    condition     = contains(keys(module.subscription), "sweep.tick") && contains(keys(module.subscription), "push_event.crawl.failed")
    error_message = "Subscriptions are named as the code names them."
  }
  assert {
    condition     = google_cloud_scheduler_job.tick.schedule == "* * * * *"
    error_message = "The clock ticks each minute."
  }
  assert {
    condition     = contains(output.grants["store_snapshot"], "lake_write") && !contains(output.grants["poll_crawls"], "lake_write")
    error_message = "Who only asks providers cannot change the lake."
  }
  assert {
    condition = alltrue([for name in ["capture_page", "crawl_site", "erase_crawl", "import_file", "intake", "process_media"] :
    contains(output.grants[name], "lake_write")])
    error_message = "Who takes things in, or erases them, can change the lake."
  }
  assert {
    condition     = contains(keys(local.secrets["poll_crawls"]), "BRIGHT_DATA_API_TOKEN") && !contains(keys(local.secrets["capture_page"]), "BRIGHT_DATA_API_TOKEN")
    error_message = "Whoever opens pages of strangers holds no key of a provider."
  }
  assert {
    condition     = alltrue([for one in values(local.secrets) : contains(keys(one), "HEADRACE_ALERT_EMAIL_TO")])
    error_message = "What nobody lists is everybody's."
  }
  assert {
    condition = output.connections == 2 * (
      length(jsondecode(file("../../../../schemas/generated/topology.json")).services) * 2 * 5
      + length(jsondecode(file("../../../../schemas/generated/topology.json")).functions) * 1 * 3
    ) + 2
    error_message = "Old and new revisions run side by side, and the migration comes on top."
  }
  assert {
    condition     = output.origin == "https://crawling-123456789.europe-west3.run.app"
    error_message = "Without a domain the crawling face is the origin."
  }
  assert {
    condition = alltrue([for name in local.faces :
    contains(split(",", local.audiences[name]), output.services[name])])
    error_message = "A token for the address that is told of a face is taken by it."
  }
  assert {
    condition     = length(module.front) == 0
    error_message = "Without a domain there is no load balancer to pay for."
  }
}

run "clears_away_what_was_left_half_written_and_nothing_else" {
  command = plan
  assert {
    condition = jsonencode(flatten([for one in google_storage_bucket.lake.lifecycle_rule :
    tolist(one.condition)[0].matches_prefix if tolist(one.action)[0].type == "Delete"])) == jsonencode([".pending/"])
    error_message = "Only what has no name yet is ever deleted."
  }
  assert {
    condition = jsonencode([for one in google_storage_bucket.lake.lifecycle_rule :
    tolist(one.condition)[0].age if tolist(one.action)[0].type == "Delete"]) == "[2]"
    error_message = "Nothing is in the making for two days."
  }
  assert {
    condition     = google_storage_bucket.lake.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "Where nothing is protected, nothing that was deleted is paid for."
  }
}

run "brings_back_for_a_week_what_was_paid_for" {
  command = plan
  variables {
    protected = true
  }
  assert {
    condition     = google_storage_bucket.lake.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "Results that were deleted by mistake come back for a week."
  }
  assert {
    condition     = !google_storage_bucket.lake.force_destroy
    error_message = "A bucket with results in it refuses to be destroyed."
  }
}

run "migrates_before_there_is_anything_else" {
  command = plan
  plan_options {
    target = [google_cloud_run_v2_job.migration]
  }
  assert {
    condition     = google_storage_bucket_iam_member.migration.role == "roles/storage.objectUser"
    error_message = "The first migration gives the lake its name."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.migration.role == "roles/secretmanager.secretAccessor"
    error_message = "The migration reads where the database is."
  }
}

run "gives_every_path_to_one_service" {
  command = plan
  variables {
    domain = "headrace.example.com"
  }
  assert {
    condition     = contains(local.routes["crawling"], "/api/v1/crawl/trigger") && contains(local.routes["crawling"], "/api/v1/crawl/*")
    error_message = "Routes are read off the OpenAPI document."
  }
  assert {
    condition     = length(distinct(flatten(values(local.routes)))) == length(flatten(values(local.routes)))
    error_message = "No path belongs to two services."
  }
  assert {
    condition     = local.environment.HEADRACE_PUBLIC_URL == "https://headrace.example.com"
    error_message = "Providers reach webhooks by the one origin."
  }
  assert {
    condition     = length(module.front) == 1
    error_message = "A domain has a load balancer."
  }
}

run "gives_a_browser_to_those_who_open_pages" {
  command = plan
  assert {
    condition     = module.function["capture_page"].runs == { image = var.browser_image, limits = { cpu = "2", memory = "2Gi" } }
    error_message = "Captures run where Chromium is."
  }
  assert {
    condition = alltrue([for name, one in module.function :
    one.runs.image == (try(local.functions[name].browser, false) ? var.browser_image : var.image)])
    error_message = "Who needs a browser is read off the topology."
  }
  assert {
    condition     = module.function["sweep"].runs == { image = var.image, limits = { cpu = "1", memory = "1Gi" } }
    error_message = "Nobody else pays for it."
  }
}

run "refuses_an_image_that_moves" {
  command = plan
  variables {
    image = "europe-west3-docker.pkg.dev/a-project/headrace/headrace:latest"
  }
  expect_failures = [var.image]
}
