locals {
  address = { for name in setunion(local.faces, keys(local.functions)) : name =>
    "https://${replace(name, "_", "-")}-${data.google_project.main.number}.${var.region}.run.app"
  }
  gcloud = "32555940559.apps.googleusercontent.com" # the audience of gcloud auth print-identity-token
  audiences = { for name in local.faces : name =>
    join(",", distinct(concat([local.origin, local.address[name], local.gcloud], var.audiences)))
  }
  origin = var.domain == null ? local.address["crawling"] : "https://${var.domain}"

  environment = merge({
    HEADRACE_PROFILE       = "gcp"
    HEADRACE_HOST          = "0.0.0.0"
    HEADRACE_AUTH          = "on"
    HEADRACE_PUBLIC_URL    = local.origin
    HEADRACE_LAKE_URL      = "gs://${google_storage_bucket.lake.name}"
    HEADRACE_WAREHOUSE_URL = "bq://${var.project}.${module.warehouse.dataset}"
    GOOGLE_CLOUD_PROJECT   = var.project
    # Cloud Run hands on requests of 32 MiB at most; a form has a MiB beside its file.
    HEADRACE_MAX_UPLOAD_BYTES = 31 * 1024 * 1024
  }, var.settings)

  secrets = { for one in setunion(local.faces, keys(local.functions)) : one => merge(
    { HEADRACE_DATABASE_URL = google_secret_manager_secret.database_url.secret_id },
    { for name in var.provider_secrets : name => name if contains(lookup(local.secret_readers, name, [one]), one) },
  ) }
}

module "face" {
  source   = "../service"
  for_each = local.faces

  project  = var.project
  region   = var.region
  name     = each.key
  image    = var.image
  command  = ["uvicorn", "services.${each.key}.main:app", "--host", "0.0.0.0", "--port", "8080", "--timeout-keep-alive", "620", "--timeout-graceful-shutdown", "5"]
  database = module.database.connection_name

  environment = merge(local.environment, {
    HEADRACE_DATABASE_POOL = var.faces.pool
    # Google's front end notes the caller; a load balancer notes it and adds its own address.
    HEADRACE_TRUSTED_PROXIES = var.domain == null ? 1 : 2
    HEADRACE_AUDIENCES       = local.audiences[each.key]
  })
  secrets   = local.secrets[each.key]
  grants    = concat(local.everybody, lookup(local.grants, each.key, []))
  resources = local.resources

  # Faces verify their callers themselves: behind Cloud Run's own check API keys could not pass.
  verified_by_platform = false
  ingress              = var.domain == null ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  invoker              = null

  min_instances = var.faces.min_instances
  max_instances = var.faces.max_instances
  concurrency   = 250
  timeout       = 3600 # streams of events live long, and are resumed
  # Crawling sends orders on after it has answered.
  cpu_between_requests = each.key == "crawling"

  depends_on = [google_project_service.main, google_secret_manager_secret_version.database_url]
}

module "function" {
  source   = "../service"
  for_each = local.functions

  project  = var.project
  region   = var.region
  name     = each.key
  image    = try(each.value.browser, false) ? var.browser_image : var.image
  browser  = try(each.value.browser, false)
  command  = ["functions-framework", "--asgi", "--source", "functions/${each.key}.py", "--target", "main"]
  database = module.database.connection_name

  environment = merge(local.environment, { HEADRACE_DATABASE_POOL = var.functions.pool })
  secrets     = local.secrets[each.key]
  grants      = concat(local.everybody, lookup(local.grants, each.key, []))
  resources   = local.resources

  # No HEADRACE_PUSH_ACCOUNT: where Cloud Run verified a token, it hands on the rest without the signature.
  verified_by_platform = true
  ingress              = "INGRESS_TRAFFIC_INTERNAL_ONLY" # pushes of this project's Pub/Sub count as internal
  invoker              = google_service_account.push.member

  min_instances        = 0
  max_instances        = var.functions.max_instances
  concurrency          = 10
  timeout              = 600 # as long as Pub/Sub waits for an answer
  cpu_between_requests = false

  depends_on = [google_project_service.main, google_secret_manager_secret_version.database_url]
}
