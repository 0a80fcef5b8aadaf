resource "aws_cloudwatch_log_group" "service" {
  name              = "/services/${local.full_name}"
  retention_in_days = var.retention
  kms_key_id        = aws_kms_key.data.arn
  tags              = local.tags
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.full_name}-alarms"
  kms_master_key_id = aws_kms_key.data.id
  tags              = local.tags
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  count = local.replicas

  alarm_name          = "${local.full_name}-cpu-${count.index}"
  alarm_description   = "The database of ${local.full_name} is busy"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
  evaluation_periods  = 3
  period              = 300
  alarm_actions       = [aws_sns_topic.alarms.arn]
  dimensions          = { DBInstanceIdentifier = aws_db_instance.main[count.index].identifier }
}
