variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "environment" {
  description = "dev, staging or prod."
  type        = string
}

variable "email" {
  description = "Who is told."
  type        = string
}

variable "domain" {
  description = "Host name that is asked for a sign of life; null: none is asked."
  type        = string
}

variable "budget" {
  description = "A monthly budget, or null."
  type = object({
    billing_account = string
    amount          = number
  })
}

variable "dead_letters" {
  description = "The subscription that holds dead letters."
  type        = string
}

variable "services" {
  description = "Cloud Run's names of all services."
  type        = list(string)
}

variable "database" {
  description = "Name of the Cloud SQL instance."
  type        = string
}

variable "connections" {
  description = "Connections that the database takes."
  type        = number
}
