mock_provider "google" {}
mock_provider "random" {}

variables {
  project            = "a-project"
  region             = "europe-west3"
  tier               = "db-custom-1-3840"
  max_connections    = 100
  connections_wanted = 90
  standby            = false
  protected          = true
  labels             = {}
}

run "takes_as_many_connections_as_are_there" {
  assert {
    condition     = startswith(output.url, "postgresql://headrace:") && strcontains(output.url, "@/headrace?host=/cloudsql/")
    error_message = "The URL leads through the connector's socket."
  }
  assert {
    condition     = google_sql_user.main.deletion_policy == "ABANDON" && google_sql_database.main.deletion_policy == "ABANDON"
    error_message = "What PostgreSQL refuses to drop goes with the instance."
  }
}

run "refuses_more_connections_than_the_server_takes" {
  command = plan
  variables {
    connections_wanted = 91
  }
  expect_failures = [google_sql_database_instance.main]
}
