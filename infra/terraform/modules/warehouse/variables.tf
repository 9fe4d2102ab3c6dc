variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where the rows lie."
  type        = string
}

variable "tables" {
  description = "Folder of the generated schemas, one file a table."
  type        = string
}

variable "protected" {
  description = "Whether tables refuse to be destroyed."
  type        = bool
}

variable "labels" {
  description = "Labels of the dataset and its tables."
  type        = map(string)
}
