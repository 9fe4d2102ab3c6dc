# One origin: the load balancer gives each path to the service that knows it.
resource "google_compute_global_address" "main" {
  project = var.project
  name    = "headrace"
}

resource "google_compute_region_network_endpoint_group" "main" {
  for_each = var.services

  project               = var.project
  region                = var.region
  name                  = "headrace-${each.key}"
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = each.value
  }
}

resource "google_compute_backend_service" "main" {
  for_each = var.services

  project               = var.project
  name                  = "headrace-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  backend {
    group = google_compute_region_network_endpoint_group.main[each.key].id
  }
  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "main" {
  project         = var.project
  name            = "headrace"
  default_service = google_compute_backend_service.main[var.default].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "all"
  }
  path_matcher {
    name            = "all"
    default_service = google_compute_backend_service.main[var.default].id

    dynamic "path_rule" {
      for_each = { for name, paths in var.routes : name => paths if length(paths) > 0 }
      content {
        paths   = path_rule.value
        service = google_compute_backend_service.main[path_rule.key].id
      }
    }
  }
}

resource "google_compute_managed_ssl_certificate" "main" {
  project = var.project
  name    = "headrace-${replace(var.domain, ".", "-")}"
  managed {
    domains = [var.domain]
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "main" {
  project         = var.project
  name            = "headrace"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "main" {
  project          = var.project
  name             = "headrace"
  url_map          = google_compute_url_map.main.id
  ssl_certificates = [google_compute_managed_ssl_certificate.main.id]
  ssl_policy       = google_compute_ssl_policy.main.id
}

resource "google_compute_global_forwarding_rule" "main" {
  project               = var.project
  name                  = "headrace"
  target                = google_compute_target_https_proxy.main.id
  ip_address            = google_compute_global_address.main.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

resource "google_compute_url_map" "to_https" {
  project = var.project
  name    = "headrace-to-https"
  default_url_redirect {
    https_redirect = true
    strip_query    = false
  }
}

resource "google_compute_target_http_proxy" "main" {
  project = var.project
  name    = "headrace"
  url_map = google_compute_url_map.to_https.id
}

resource "google_compute_global_forwarding_rule" "to_https" {
  project               = var.project
  name                  = "headrace-to-https"
  target                = google_compute_target_http_proxy.main.id
  ip_address            = google_compute_global_address.main.id
  port_range            = "80"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
