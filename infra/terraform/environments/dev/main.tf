terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }
  # terraform init -backend-config=bucket=...
  backend "gcs" {
    prefix = "headrace/dev"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

module "system" {
  source = "../../modules/system"

  environment = "dev"
  project     = var.project
  region      = var.region
  image       = var.image
  domain      = var.domain
  alert_email = var.alert_email
  budget      = var.budget

  browser_image    = var.browser_image
  provider_secrets = var.provider_secrets
  settings         = var.settings
  audiences        = var.audiences

  database  = { tier = "db-g1-small", max_connections = 300, standby = false }
  faces     = { min_instances = 0, max_instances = 2, pool = 4 }
  functions = { max_instances = 1, pool = 3 }
  protected = false
}

output "system" {
  description = "Where everything is."
  value = {
    origin   = module.system.origin
    address  = module.system.address
    services = module.system.services
    lake     = module.system.lake
  }
}
