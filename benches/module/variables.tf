variable "name" {
  description = "What everything of this service is called."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "Lower-case letters, digits and dashes, at most 31."
  }
}

variable "environment" {
  description = "Where the service runs: staging or production."
  type        = string
  default     = "staging"
}

variable "vpc_id" {
  description = "The network that the service runs in."
  type        = string
}

variable "subnet_ids" {
  description = "The private subnets of the network."
  type        = list(string)
}

variable "clients" {
  description = "Networks that may talk to the service, by name."
  type        = map(object({ cidr = string, port = optional(number, 8443) }))
  default = {
    office = { cidr = "10.20.0.0/16" }
    batch  = { cidr = "10.30.4.0/22", port = 9443 }
  }
}

variable "retention" {
  description = "For how many days logs and backups are kept."
  type        = number
  default     = 365
}

variable "deletion_protection" {
  description = "Whether the database may be deleted."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
