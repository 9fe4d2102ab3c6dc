variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "name" {
  description = "Name in the code; Cloud Run's has hyphens for underscores."
  type        = string

  validation {
    condition     = length("headrace-${var.name}") <= 30
    error_message = "A service account's id has 30 characters at most: headrace- and the name must fit in."
  }
}

variable "image" {
  description = "Image to run."
  type        = string
}

variable "browser" {
  description = "Whether it runs Chromium, which takes twice the room."
  type        = bool
  default     = false
}

variable "command" {
  description = "What the container starts."
  type        = list(string)
}

variable "database" {
  description = "Connection name of the Cloud SQL instance."
  type        = string
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variables whose values are secrets: variable → secret."
  type        = map(string)
}

variable "grants" {
  description = "What the service account may use, among the keys of resources."
  type        = list(string)

  validation {
    condition     = alltrue([for one in var.grants : contains(["publish", "lake_read", "lake_write", "sign_urls", "warehouse_read", "warehouse_write"], one)])
    error_message = "A grant is publish, lake_read, lake_write, sign_urls, warehouse_read or warehouse_write."
  }
}

variable "resources" {
  description = "What grants are about."
  type = object({
    topics  = list(string)
    bucket  = string
    dataset = string
    maker   = string
  })
}

variable "verified_by_platform" {
  description = "Whether Cloud Run lets nobody but the invoker pass."
  type        = bool
}

variable "ingress" {
  description = "From where it can be reached, in Cloud Run's words."
  type        = string
}

variable "invoker" {
  description = "The member that may call it; null where the platform does not verify."
  type        = string
}

variable "min_instances" {
  description = "Instances that stay up."
  type        = number
}

variable "max_instances" {
  description = "Instances at most."
  type        = number
}

variable "concurrency" {
  description = "Requests an instance takes at once."
  type        = number
}

variable "timeout" {
  description = "Seconds a request may take."
  type        = number
}

variable "cpu_between_requests" {
  description = "Whether an instance keeps its CPU when no request is under way."
  type        = bool
}
