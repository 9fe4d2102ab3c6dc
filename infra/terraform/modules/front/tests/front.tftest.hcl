mock_provider "google" {}

variables {
  project  = "a-project"
  region   = "europe-west3"
  domain   = "headrace.example.com"
  services = { crawling = "crawling", jobs = "jobs" }
  routes   = { crawling = ["/api/v1/crawl/*"], jobs = ["/api/background/*"] }
  default  = "jobs"
}

run "leads_each_path_to_its_service" {
  assert {
    condition     = length(google_compute_url_map.main.path_matcher[0].path_rule) == 2
    error_message = "Each service has its paths."
  }
  assert {
    condition     = google_compute_url_map.to_https.default_url_redirect[0].https_redirect
    error_message = "Nothing is served in the clear."
  }
}
