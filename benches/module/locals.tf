data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  full_name  = "${var.name}-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # Production keeps two of what may fail.
  replicas = var.environment == "production" ? 2 : 1

  tags = merge(var.tags, {
    Service     = var.name
    Environment = var.environment
    Team        = "team-0"
  })
}
