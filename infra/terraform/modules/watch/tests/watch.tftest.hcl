mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789" }
  }
}

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
    condition = alltrue([for made in [
      google_monitoring_uptime_check_config.main, google_monitoring_alert_policy.origin,
      google_billing_budget.main, google_project_service.budgets,
    ] : length(made) == 0])
    error_message = "What is not wanted is not made."
  }
}

run "asks_the_origin_for_a_sign_of_life_and_watches_the_budget" {
  variables {
    domain = "headrace.example.com"
    budget = { billing_account = "000000-000000-000000", amount = 100 }
  }
  assert {
    condition     = google_monitoring_uptime_check_config.main[0].http_check[0].path == "/docs"
    error_message = "The origin is asked where Google hands the question on."
  }
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.origin[0].conditions[0].condition_threshold[0].filter,
      "check_id=\"${google_monitoring_uptime_check_config.main[0].uptime_check_id}\"",
    )
    error_message = "Somebody is told when the origin does not answer."
  }
  assert {
    condition     = length(google_billing_budget.main[0].threshold_rules) == 3
    error_message = "People are told at 50, 90 and 100 percent."
  }
  assert {
    condition     = tolist(google_billing_budget.main[0].budget_filter[0].projects) == tolist(["projects/123456789"])
    error_message = "A budget names the project as Google keeps it."
  }
}
