mock_provider "google" {}

variables {
  project      = "a-project"
  environment  = "dev"
  email        = "team@example.com"
  domain       = null
  budget       = null
  dead_letters = "dead-letters"
  services     = ["crawling", "sweep"]
  database     = "headrace"
  connections  = 100
}

run "tells_of_dead_letters_that_nobody_reads" {
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.main["Dead letters are not kept"].conditions[0].condition_threshold[0].filter,
      "dead-letters",
    )
    error_message = "Somebody is told when dead letters pile up."
  }
  assert {
    condition     = alltrue([for one in google_monitoring_alert_policy.main : length(one.documentation[0].content) > 20])
    error_message = "Every alert says what helps."
  }
  assert {
    condition     = length(google_monitoring_uptime_check_config.main) == 0 && length(google_billing_budget.main) == 0
    error_message = "What is not wanted is not made."
  }
}

run "asks_the_origin_for_a_sign_of_life_and_watches_the_budget" {
  variables {
    domain = "headrace.example.com"
    budget = { billing_account = "000000-000000-000000", amount = 100 }
  }
  assert {
    condition     = google_monitoring_uptime_check_config.main[0].http_check[0].path == "/livez"
    error_message = "The origin is asked."
  }
  assert {
    condition     = length(google_billing_budget.main[0].threshold_rules) == 3
    error_message = "People are told at 50, 90 and 100 percent."
  }
}
