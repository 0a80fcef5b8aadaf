variable "name" {
  default = "logs"
}

variable "port" {
  type    = number
  default = "80"
}

variable "tags" {
  type    = map(string)
  default = { env = "prod", count = 2 }
}

variable "set" {
  type    = set(string)
  default = ["b", "a", "b"]
}

variable "numbers" {
  type    = set(number)
  default = [10, 9, "1"]
}

variable "settings" {
  type = object({
    name    = string
    size    = optional(number, 3)
    gone    = optional(string)
    nested  = optional(object({ on = optional(bool, true), list = optional(list(string), ["x"]) }), {})
    entries = optional(map(object({ a = optional(number, 1) })), {})
  })
  default = { name = "x", extra = true, entries = { p = {}, q = { a = "2" } } }
}

variable "pair" {
  type    = tuple([string, number])
  default = [1, "2"]
}

variable "password" {
  type      = string
  sensitive = true
  default   = "correct horse"
}

variable "nothing" {
  type    = string
  default = null
}

locals {
  template = "Hello, $${name}! %%{ for x in list }$${x};%%{ endfor }"
  list     = ["a", "b", "c"]
  objects  = [{ name = "one", size = 1 }, { name = "two", size = 2 }]
  indented = <<-EOT
    first
      second ${var.name}

    third
  EOT
  flush    = <<EOT
  kept
    more
EOT
  loop     = <<-EOT
    start
    %{ for x in local.list ~}
    item ${x}
    %{ endfor ~}
    end
  EOT
  choice   = <<-EOT
    %{ if var.port == 80 }
    plain
    %{ else }
    other
    %{ endif }
  EOT
  stripped = <<EOT
  a
  %{~ if true ~}
  b
  %{~ endif ~}
  c
EOT
  mixed    = <<-EOT
      deep
    ${var.name}
        deeper $${kept} %%{kept}
  EOT
  quoted   = "line\n  ${~ var.name ~}  \n  end"
  empty    = <<EOT
EOT
}
