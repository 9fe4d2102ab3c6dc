variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where the services run."
  type        = string
}

variable "domain" {
  description = "Host name of the one origin."
  type        = string
}

variable "services" {
  description = "Cloud Run services by their names in the code."
  type        = map(string)
}

variable "routes" {
  description = "Paths of each service."
  type        = map(list(string))
}

variable "default" {
  description = "Which service answers all other paths."
  type        = string
}
