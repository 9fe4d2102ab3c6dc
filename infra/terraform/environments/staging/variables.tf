variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where everything runs and lies."
  type        = string
}

variable "image" {
  description = "The image to run, as the build pushed it."
  type        = string
}

variable "browser_image" {
  description = "The image with Chromium, as the build pushed it."
  type        = string
}

variable "alert_email" {
  description = "Who is told of alerts."
  type        = string
}

variable "domain" {
  description = "Host name of the one origin; null: no load balancer."
  type        = string
  default     = null
}

variable "provider_secrets" {
  description = "Secrets in Secret Manager that become environment variables of the same name."
  type        = list(string)
  default     = []
}

variable "budget" {
  description = "A monthly budget: billing account, and amount in its currency; null: none."
  type        = object({ billing_account = string, amount = number })
  default     = null
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
