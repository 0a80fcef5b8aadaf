resource "aws_db_subnet_group" "main" {
  name       = local.full_name
  subnet_ids = var.subnet_ids
  tags       = local.tags
}

resource "aws_db_parameter_group" "main" {
  name   = local.full_name
  family = "postgres17"

  dynamic "parameter" {
    for_each = { "rds.force_ssl" = "1", "log_connections" = "1", "log_disconnections" = "1" }

    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}

resource "aws_db_instance" "main" {
  count = local.replicas

  identifier     = "${local.full_name}-${count.index}"
  engine         = "postgres"
  engine_version = "17.5"
  instance_class = "db.m7g.large"

  allocated_storage     = 50
  max_allocated_storage = 500
  storage_type          = "gp3"
  storage_encrypted     = true # one team in three forgets this
  kms_key_id            = aws_kms_key.data.arn

  username                            = "service"
  manage_master_user_password         = true
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.main.name
  parameter_group_name                = aws_db_parameter_group.main.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  publicly_accessible                 = false
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"

  multi_az                        = var.environment == "production"
  backup_retention_period         = 30
  copy_tags_to_snapshot           = true
  auto_minor_version_upgrade      = true
  deletion_protection             = var.deletion_protection
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.data.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  tags = merge(local.tags, { Index = count.index })
}
