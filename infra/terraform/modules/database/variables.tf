variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "tier" {
  description = "Machine type of Cloud SQL."
  type        = string
}

variable "max_connections" {
  description = "Connections that the server takes."
  type        = number
}

variable "connections_wanted" {
  description = "Connections that all instances of all services may hold together."
  type        = number
}

variable "standby" {
  description = "Whether a second zone stands by."
  type        = bool
}

variable "protected" {
  description = "Whether it refuses to be destroyed."
  type        = bool
}

variable "labels" {
  description = "Labels of the instance."
  type        = map(string)
}
