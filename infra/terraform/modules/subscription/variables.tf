variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "name" {
  description = "Name of the subscription: function.topic."
  type        = string
}

variable "topic" {
  description = "Id of the topic."
  type        = string
}

variable "endpoint" {
  description = "Address of the function."
  type        = string
}

variable "push_account" {
  description = "Service account whose tokens the pushes carry."
  type        = string
}

variable "pubsub_agent" {
  description = "Member name of Pub/Sub's own service agent."
  type        = string
}

variable "dead_letter_topic" {
  description = "Id of the topic where messages go that nobody acknowledges."
  type        = string
}

variable "doorbell" {
  description = "Whether messages only say that there may be work: such a message may be lost, and is never a dead letter."
  type        = bool
}

variable "labels" {
  description = "Labels of everything made here."
  type        = map(string)
}
