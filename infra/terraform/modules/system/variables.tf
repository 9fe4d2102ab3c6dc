variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where everything runs and lies, e.g. europe-west3."
  type        = string
}

variable "environment" {
  description = "dev, staging or prod: labels and the text of alerts."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "An environment is dev, staging or prod."
  }
}

variable "image" {
  description = "The one image of every service and function, by digest or by a tag that is never moved."
  type        = string

  validation {
    condition     = !endswith(var.image, ":latest") && can(regex("[:@]", var.image))
    error_message = "Name one image: a tag other than latest, or a digest."
  }
}

variable "browser_image" {
  description = "The same with Chromium, for functions that open pages."
  type        = string

  validation {
    condition     = !endswith(var.browser_image, ":latest") && can(regex("[:@]", var.browser_image))
    error_message = "Name one image: a tag other than latest, or a digest."
  }
}

variable "domain" {
  description = "Host name of the one origin; null: no load balancer, each face answers under its own address."
  type        = string
  default     = null
}

variable "database" {
  description = "Cloud SQL: machine type, connections it takes, and whether a second zone stands by."
  type = object({
    tier            = string
    max_connections = number
    standby         = bool
  })
}

variable "faces" {
  description = "Each HTTP face: instances that stay up, instances at most, connections an instance holds."
  type = object({
    min_instances = number
    max_instances = number
    pool          = number
  })
}

variable "functions" {
  description = "Each function: instances at most, connections an instance holds."
  type = object({
    max_instances = number
    pool          = number
  })
}

variable "provider_secrets" {
  description = "Secrets that exist in Secret Manager under the name of the environment variable they become."
  type        = list(string)
  default     = []
}

variable "settings" {
  description = "More environment variables for every process, as .env.example names them."
  type        = map(string)
  default     = {}
}

variable "audiences" {
  description = "Audiences of Google identity tokens that callers may bring, besides the services' own addresses and gcloud's."
  type        = list(string)
  default     = []
}

variable "result_days" {
  description = "Days after which stored results move to cheaper storage."
  type        = number
  default     = 90
}

variable "protected" {
  description = "Whether database, bucket and dataset refuse to be destroyed."
  type        = bool
}

variable "alert_email" {
  description = "Who is told of alerts and of the budget."
  type        = string
}

variable "budget" {
  description = "A monthly budget: the billing account, and the amount in its own currency; null: none."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null
}
